//! The pepper: a secret of this deployment, mixed into every digest of a secret that we made
//! ourselves (API keys, client secrets).
//!
//! 32 random bytes, made once and kept sealed, and not derived from a master key: changing that one
//! must not kill every API key. Who steals the table of digests alone can try no guess against it.

use ring::hmac;
use zeroize::Zeroizing;

use super::random::{self, Rng};

/// Bytes of the secret.
const BYTES: usize = 32;

/// The pepper, ready for use. It has no `Debug`.
#[derive(Clone)]
pub struct Pepper {
    id: u8,
    key: hmac::Key,
}

/// What was kept is not the 32 bytes of a pepper, or its id is not 1 to 61.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a pepper")]
pub struct PepperError;

/// The bytes of a new pepper, to be sealed and kept.
#[must_use]
pub fn fresh(rng: &dyn Rng) -> Zeroizing<[u8; BYTES]> {
    Zeroizing::new(random::bytes(rng))
}

impl Pepper {
    /// The pepper of that id, 1 to 61, from its bytes.
    pub fn new(id: u8, secret: &[u8]) -> Result<Self, PepperError> {
        if secret.len() != BYTES || !(1..=61).contains(&id) {
            return Err(PepperError);
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        Ok(Self { id, key })
    }

    /// Its id, which stands in every API key.
    #[must_use]
    pub fn id(&self) -> u8 {
        self.id
    }

    /// HMAC-SHA-256 over the parts in a row, the first of which says what the rest is.
    pub(super) fn mac(&self, parts: &[&str]) -> [u8; 32] {
        let mut mac = hmac::Context::with_key(&self.key);
        for part in parts {
            mac.update(part.as_bytes());
        }
        let mut out = [0; 32];
        out.copy_from_slice(mac.sign().as_ref());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_32_bytes_under_an_id_of_one_digit_are_a_pepper() {
        assert!(Pepper::new(1, &[7; 32]).is_ok() && Pepper::new(61, &[7; 32]).is_ok());
        for (id, length) in [(0, 32), (62, 32), (1, 31), (1, 33), (1, 0)] {
            assert!(Pepper::new(id, &vec![7; length]).is_err(), "{id} {length}");
        }
    }
}
