//! API keys: made, told from made-up ones, and proven.
//!
//! The front tag is `HMAC-SHA-256(pepper, "signet ak front v1" ‖ pepper id ‖ lookup ‖ secret)` over
//! the key's own characters, its first 8 bytes as a number modulo 62^8: a made-up key dies here,
//! before any look at the store. The digest, which is stored, is
//! `HMAC-SHA-256(pepper, "signet ak v1" ‖ lookup ‖ secret)`: the secret has 190 random bits, so
//! nothing slower is of use.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::pepper::Pepper;
use super::random::{self, Rng};
use super::secret_digest::SecretDigest;
use crate::model::api_key_text::{
    self, ApiKeyFields, ApiKeySecret, FRONT_TAG_DIGITS, Lookup, display_prefix, pepper_digit,
};
use crate::model::base62;
use crate::model::refresh_token::TokenPrefix;

/// Makes API keys and reads those that are presented.
pub struct ApiKeyReader {
    pepper: Pepper,
    /// What new keys begin with, then what older ones may begin with.
    prefixes: Vec<TokenPrefix>,
}

/// A new API key. It has no `Debug`; its text is wiped when dropped.
pub struct FreshApiKey {
    /// The key, for the answer to its owner and for nothing else.
    pub text: Zeroizing<String>,
    /// What is stored of it.
    pub kept: KeptSecret,
}

/// What is stored of a key's secret, and what for.
#[derive(Clone)]
pub struct KeptSecret {
    /// What the key is found by.
    pub lookup: Lookup,
    /// What it is checked against.
    pub digest: ApiKeyDigest,
    /// Which pepper made the digest.
    pub pepper_id: u8,
    /// What people know the key by.
    pub display_prefix: String,
}

/// What is stored of a key's secret.
pub type ApiKeyDigest = SecretDigest<ApiKeySecret>;

/// An API key with a good front tag, as somebody presented it.
#[derive(Clone)]
pub struct PresentedKey {
    /// What it is found by.
    pub lookup: Lookup,
    digest: ApiKeyDigest,
}

/// The text is no API key that we could have made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// Prefix, length, digits or checksum.
    #[error("malformed API key")]
    Malformed,
    /// The front tag is wrong, or of a pepper that is not ours.
    #[error("the API key's front tag is wrong")]
    BadTag,
}

impl ApiKeyReader {
    /// New keys begin with `prefix`; those that begin with one of `accepted` are read too.
    #[must_use]
    pub fn new(pepper: Pepper, prefix: TokenPrefix, accepted: &[TokenPrefix]) -> Self {
        let mut prefixes = vec![prefix];
        prefixes.extend_from_slice(accepted);
        Self { pepper, prefixes }
    }

    /// A new key.
    #[must_use]
    pub fn make(&self, rng: &dyn Rng) -> FreshApiKey {
        loop {
            let lookup = Lookup::new(random::digits(rng));
            let secret = Zeroizing::new(random::digits(rng));
            // Digits they are, always.
            if let (Some(lookup), Some(secret)) = (lookup, ApiKeySecret::new(*secret)) {
                return self.write(lookup, secret);
            }
        }
    }

    /// Whether `text` calls itself an API key, by its prefix alone: what routes it here.
    #[must_use]
    pub fn is_named(&self, text: &str) -> bool {
        api_key_text::is_named_api_key(text, &self.prefixes)
    }

    /// Reads a presented key: spelling and checksum first, then the front tag in constant time.
    pub fn open(&self, text: &str) -> Result<PresentedKey, ApiKeyError> {
        let fields = ApiKeyFields::decode(text, &self.prefixes).ok_or(ApiKeyError::Malformed)?;
        let tag = self.front_tag(&fields.lookup, &fields.secret);
        if fields.pepper_id != self.pepper.id() || !bool::from(tag.ct_eq(&fields.front_tag)) {
            return Err(ApiKeyError::BadTag);
        }
        let digest = self.digest(&fields.lookup, &fields.secret);
        Ok(PresentedKey {
            lookup: fields.lookup,
            digest,
        })
    }

    fn write(&self, lookup: Lookup, secret: ApiKeySecret) -> FreshApiKey {
        let (prefix, pepper_id) = (&self.prefixes[0], self.pepper.id());
        let digest = self.digest(&lookup, &secret);
        let fields = ApiKeyFields {
            pepper_id,
            lookup,
            front_tag: self.front_tag(&lookup, &secret),
            secret,
        };
        FreshApiKey {
            text: Zeroizing::new(fields.encode(prefix)),
            kept: KeptSecret {
                lookup,
                digest,
                pepper_id,
                display_prefix: display_prefix(prefix, pepper_id, &lookup),
            },
        }
    }

    fn front_tag(&self, lookup: &Lookup, secret: &ApiKeySecret) -> [u8; FRONT_TAG_DIGITS] {
        let mut id = [0; 4];
        let id = pepper_digit(self.pepper.id()).encode_utf8(&mut id);
        let parts = ["signet ak front v1", id, lookup.as_str(), secret.expose()];
        let mac = self.pepper.mac(&parts);
        let first = mac[..8]
            .iter()
            .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        base62::last_digits(first)
    }

    fn digest(&self, lookup: &Lookup, secret: &ApiKeySecret) -> ApiKeyDigest {
        let parts = ["signet ak v1", lookup.as_str(), secret.expose()];
        ApiKeyDigest::new(self.pepper.mac(&parts))
    }
}

impl PresentedKey {
    /// Whether it is the key of which this was stored, in constant time.
    #[must_use]
    pub fn is_of(&self, stored: &ApiKeyDigest) -> bool {
        self.digest.ct_eq(stored).into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::crypto::random::SeededRng;

    // Computed with Python's hmac, hashlib and zlib: pepper 00 01 … 1f.
    const KEY: &str = "signet_ak_10123456789ABCDEFABCDEFGHIJKLMNOPQRSTUVWXYZabcdefOEfEqr5t4YJ9hE";
    const DIGEST: &str = "0WFsOrX-i-BJfID2Wff4A7vqEeEj1wAXkmtI_ryx0SA";
    const OTHER: &str = "acme_ak_1zzzzzzzzzzzzzzzzaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaT2JQxnXu1omObr";

    fn reader() -> ApiKeyReader {
        let secret: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let pepper = Pepper::new(1, &secret).unwrap();
        ApiKeyReader::new(pepper, TokenPrefix::default(), &["acme".parse().unwrap()])
    }

    #[test]
    fn reads_the_test_vectors() {
        let stored = ApiKeyDigest::parse(DIGEST).unwrap();
        assert!(reader().open(KEY).unwrap().is_of(&stored));
        assert_eq!(stored.to_text(), DIGEST);
        let other = reader().open(OTHER).unwrap();
        assert_eq!(other.lookup.as_str(), "zzzzzzzzzzzzzzzz");
        assert!(!other.is_of(&stored));
    }

    #[test]
    fn ak_02_what_it_makes_it_reads_and_never_makes_again() {
        let (reader, rng) = (reader(), SeededRng::new(1));
        let mut seen = HashSet::new();
        for _ in 0..200 {
            let made = reader.make(&rng);
            assert!(made.text.starts_with(&made.kept.display_prefix));
            let read = reader.open(&made.text).unwrap();
            assert!(read.lookup == made.kept.lookup && read.is_of(&made.kept.digest));
            assert!(made.text.len() == 73 && seen.insert(read.lookup));
        }
    }

    #[test]
    fn ak_04_a_key_that_differs_in_any_digit_is_refused_by_its_front_tag() {
        let reader = reader();
        // Each digit behind the prefix, under a checksum that is right.
        for at in 10..67 {
            let mut changed = KEY[..67].to_owned();
            let other = if &KEY[at..=at] == "7" { "8" } else { "7" };
            changed.replace_range(at..=at, other);
            let text = respelled(&changed).encode(&reader.prefixes[0]);
            assert_eq!(reader.open(&text).err(), Some(ApiKeyError::BadTag), "{at}");
        }
        assert_eq!(reader.open(&KEY[1..]).err(), Some(ApiKeyError::Malformed));
    }

    fn respelled(text: &str) -> ApiKeyFields {
        let digits = &text.as_bytes()[10..67];
        ApiKeyFields {
            pepper_id: base62::value(digits[0]).unwrap(),
            lookup: Lookup::parse(&text[11..27]).unwrap(),
            secret: ApiKeySecret::new(digits[17..49].try_into().unwrap()).unwrap(),
            front_tag: digits[49..].try_into().unwrap(),
        }
    }

    #[test]
    fn another_deployment_makes_other_keys() {
        let stranger = Pepper::new(1, &[9; 32]).unwrap();
        let stranger = ApiKeyReader::new(stranger, TokenPrefix::default(), &[]);
        assert_eq!(stranger.open(KEY).err(), Some(ApiKeyError::BadTag));
    }
}
