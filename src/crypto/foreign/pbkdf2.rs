//! PBKDF2 with HMAC-SHA256 as Django writes it: `pbkdf2_sha256$<iterations>$<salt>$<base64>`. The
//! salt is the text itself.

use std::num::NonZeroU32;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::pbkdf2;

use super::Price;

pub(super) const BOUNDS: &str = "PBKDF2-SHA256 has 100,000 to 2,000,000 iterations";

/// Django's default of 2017 (2.0): a sixth of what OWASP asks of new hashes.
const MIN_ITERATIONS: u32 = 100_000;
/// More than any framework's default yet.
const MAX_ITERATIONS: u32 = 2_000_000;

pub(super) struct Pbkdf2Hash {
    iterations: NonZeroU32,
    salt: String,
    output: [u8; 32],
}

impl Pbkdf2Hash {
    pub(super) fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('$').collect();
        let [_, iterations, salt, output] = parts[..] else {
            return None;
        };
        Some(Self {
            iterations: iterations.parse().ok()?,
            salt: Some(salt).filter(|salt| !salt.is_empty())?.to_owned(),
            output: STANDARD.decode(output).ok()?.try_into().ok()?,
        })
    }

    pub(super) fn price(&self) -> Price {
        let iterations = self.iterations.get();
        Price::of(iterations < MIN_ITERATIONS, iterations > MAX_ITERATIONS)
    }

    /// In constant time.
    pub(super) fn matches(&self, typed: &str) -> bool {
        let (salt, typed) = (self.salt.as_bytes(), typed.as_bytes());
        let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::verify(algorithm, self.iterations, salt, typed, &self.output).is_ok()
    }
}
