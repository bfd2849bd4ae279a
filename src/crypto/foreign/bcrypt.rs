//! bcrypt: `$2b$12$…` with `2a`, `2b` or `2y`, and Django's two forms: `bcrypt$` in front, or
//! `bcrypt_sha256$` where what is hashed is the SHA-256 of the password in hexadecimal.

use std::str::FromStr as _;

use bcrypt::HashParts;
use ring::digest;
use zeroize::Zeroizing;

use super::Price;
use crate::crypto::password::UnreadableHash;

pub(super) const BOUNDS: &str = "bcrypt has a cost of 10 to 14";

/// OWASP's least.
const MIN_COST: u32 = 10;
/// About a second.
const MAX_COST: u32 = 14;

pub(super) struct BcryptHash {
    crypt: Zeroizing<String>,
    cost: u32,
    prehashed: bool,
}

impl BcryptHash {
    pub(super) fn read(text: &str) -> Option<Self> {
        let sha256 = text.strip_prefix("bcrypt_sha256$");
        let crypt = sha256
            .or_else(|| text.strip_prefix("bcrypt$"))
            .unwrap_or(text);
        // `2x` marks hashes of a version that was broken.
        if !["$2a$", "$2b$", "$2y$"]
            .iter()
            .any(|known| crypt.starts_with(known))
        {
            return None;
        }
        Some(Self {
            cost: HashParts::from_str(crypt).ok()?.get_cost(),
            crypt: Zeroizing::new(crypt.to_owned()),
            prehashed: sha256.is_some(),
        })
    }

    pub(super) fn price(&self) -> Price {
        Price::of(self.cost < MIN_COST, self.cost > MAX_COST)
    }

    /// In constant time. Of a long password 72 bytes count, as they did where it was set.
    pub(super) fn matches(&self, typed: &str) -> Result<bool, UnreadableHash> {
        let prehashed = self.prehashed.then(|| sha256_hex(typed));
        let text = prehashed.as_ref().map_or(typed, |hex| hex.as_str());
        bcrypt::verify(text, &self.crypt).map_err(|_| UnreadableHash)
    }
}

fn sha256_hex(text: &str) -> Zeroizing<String> {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    let digits = b"0123456789abcdef";
    let nibbles = digest
        .as_ref()
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15]);
    let hex = nibbles.map(|nibble| char::from(digits[usize::from(nibble)]));
    Zeroizing::new(hex.collect())
}
