//! The source of random bytes, passed in as an argument so that a test can hold it still.

use std::sync::atomic::{AtomicU64, Ordering};

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

/// A source of random bytes fit for keys and tokens.
pub trait Rng: Send + Sync {
    /// Fills `out`. There is no failure to handle: a process whose system has no randomness
    /// cannot serve at all, and stops.
    fn fill(&self, out: &mut [u8]);
}

/// `N` random bytes.
pub fn bytes<const N: usize>(rng: &dyn Rng) -> [u8; N] {
    let mut out = [0; N];
    rng.fill(&mut out);
    out
}

/// The operating system's CSPRNG (`getrandom`), through ring.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, out: &mut [u8]) {
        // The kernel's source cannot fail once it is seeded, and `getrandom` waits until it is.
        system()
            .fill(out)
            .expect("the system's random source works");
    }
}

/// ring's own handle on the same source, for those of its functions that accept no other.
#[expect(
    clippy::disallowed_methods,
    reason = "the one home of the system's random source"
)]
pub(super) fn system() -> SystemRandom {
    SystemRandom::new()
}

/// A reproducible stream for tests. **Never for production**: whoever knows the seed knows all.
#[doc(hidden)]
pub struct SeededRng {
    key: hmac::Key,
    block: AtomicU64,
}

impl SeededRng {
    /// The stream of this seed, from its beginning.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &seed.to_be_bytes());
        Self {
            key,
            block: AtomicU64::new(0),
        }
    }
}

impl Rng for SeededRng {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            let block = self.block.fetch_add(1, Ordering::Relaxed);
            let stream = hmac::sign(&self.key, &block.to_be_bytes());
            chunk.copy_from_slice(&stream.as_ref()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_bytes_differ() {
        assert_ne!(bytes::<32>(&SystemRng), bytes::<32>(&SystemRng));
    }

    #[test]
    fn a_seed_repeats_its_stream_and_no_other() {
        let (one, same, other) = (SeededRng::new(1), SeededRng::new(1), SeededRng::new(2));
        let first: [u8; 70] = bytes(&one);
        assert_eq!(first, bytes::<70>(&same));
        assert_ne!(first, bytes::<70>(&one));
        assert_ne!(first, bytes::<70>(&other));
    }
}
