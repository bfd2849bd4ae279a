//! The source of random bytes, passed in as an argument so that a test can hold it still.

use std::sync::atomic::{AtomicU64, Ordering};

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::model::base62::ALPHABET;

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

/// `N` random base62 digits, each as likely as any other: bytes that would favour some are thrown
/// away.
pub fn digits<const N: usize>(rng: &dyn Rng) -> [u8; N] {
    const FAIR: u8 = 62 * 4;
    let mut digits = [0; N];
    let mut filled = 0;
    while filled < N {
        let mut block = Zeroizing::new([0; 64]);
        rng.fill(&mut *block);
        for byte in block.iter().filter(|byte| **byte < FAIR) {
            if let Some(digit) = digits.get_mut(filled) {
                *digit = ALPHABET[usize::from(byte % 62)];
                filled += 1;
            }
        }
    }
    digits
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
    fn every_digit_is_as_likely_as_any_other() {
        const PER_DIGIT: usize = 1000;
        let rng = SeededRng::new(3);
        let mut counts = [0_usize; 62];
        for _ in 0..PER_DIGIT {
            for digit in digits::<62>(&rng) {
                counts[ALPHABET.iter().position(|one| *one == digit).unwrap()] += 1;
            }
        }
        // Five standard deviations; `byte % 62` alone would be 21 % off for the first eight.
        let off = counts.iter().map(|count| count.abs_diff(PER_DIGIT)).max();
        assert!(off < Some(160), "{counts:?}");
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
