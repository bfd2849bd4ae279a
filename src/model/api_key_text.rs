//! The text of an API key: how its fields become 73 characters and back.
//!
//! `signet_ak_<pepper id: 1><lookup: 16><secret: 32><front tag: 8><crc: 6>`, all in base62. This
//! module knows the spelling only; the tag and the digest are made and checked in
//! [`crypto::api_key`](crate::crypto::api_key).

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{base62, checksum, refresh_token::TokenPrefix};

/// Digits of a secret: 190 random bits.
pub const SECRET_DIGITS: usize = 32;
/// Digits of a lookup.
pub const LOOKUP_DIGITS: usize = 16;
/// Digits of a front tag.
pub const FRONT_TAG_DIGITS: usize = 8;

const KIND: &str = "_ak_";
const BODY_DIGITS: usize = 1 + LOOKUP_DIGITS + SECRET_DIGITS + FRONT_TAG_DIGITS;
/// How much of a lookup is shown to people, so that they know their keys apart.
const SHOWN_DIGITS: usize = 8;

/// What a key is found by: random digits, unique, no secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lookup([u8; LOOKUP_DIGITS]);

/// What its holder knows and we do not: random digits, which nobody stores.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ApiKeySecret([u8; SECRET_DIGITS]);

/// The fields of an API key, its front tag not yet checked.
#[derive(Clone)]
pub struct ApiKeyFields {
    /// Which pepper made the tag and the digest: 1 to 61.
    pub pepper_id: u8,
    /// What it is found by.
    pub lookup: Lookup,
    /// What proves it.
    pub secret: ApiKeySecret,
    /// What tells it from a made-up one.
    pub front_tag: [u8; FRONT_TAG_DIGITS],
}

/// Whether `text` calls itself an API key, by its prefix alone.
#[must_use]
pub fn is_named_api_key(text: &str, accepted: &[TokenPrefix]) -> bool {
    digits_of(text, accepted).is_some()
}

impl ApiKeyFields {
    /// Writes the key with `prefix`; whoever takes the text wipes it.
    #[must_use]
    pub fn encode(&self, prefix: &TokenPrefix) -> String {
        let mut text = String::with_capacity(
            prefix.as_str().len() + KIND.len() + BODY_DIGITS + checksum::DIGITS,
        );
        text.push_str(prefix.as_str());
        text.push_str(KIND);
        text.push(pepper_digit(self.pepper_id));
        text.push_str(self.lookup.as_str());
        text.push_str(self.secret.expose());
        text.extend(self.front_tag.map(char::from));
        checksum::append(&mut text);
        text
    }

    /// Reads a key whose prefix is one of `accepted`. Length, digits and checksum are checked, so
    /// each key has one spelling; the tag is not.
    #[must_use]
    pub fn decode(text: &str, accepted: &[TokenPrefix]) -> Option<Self> {
        let digits = digits_of(text, accepted)?.as_bytes();
        let well_formed = digits.len() == BODY_DIGITS + checksum::DIGITS
            && digits.iter().all(|digit| base62::value(*digit).is_some());
        if !well_formed {
            return None;
        }
        checksum::checked(text)?;
        let (pepper, rest) = digits.split_first()?;
        let (lookup, rest) = rest.split_first_chunk()?;
        let (secret, rest) = rest.split_first_chunk()?;
        Some(Self {
            pepper_id: base62::value(*pepper).filter(|id| *id > 0)?,
            lookup: Lookup(*lookup),
            secret: ApiKeySecret(*secret),
            front_tag: *rest.first_chunk()?,
        })
    }
}

impl Lookup {
    /// The lookup of these digits, if they are digits.
    #[must_use]
    pub fn new(digits: [u8; LOOKUP_DIGITS]) -> Option<Self> {
        all_digits(&digits).then_some(Self(digits))
    }

    /// The same, from text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::new(text.as_bytes().try_into().ok()?)
    }

    /// Its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }
}

/// In part: it is no secret, but half of it is enough to know a key by.
impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", &self.as_str()[..SHOWN_DIGITS])
    }
}

impl ApiKeySecret {
    /// The secret of these digits, if they are digits.
    #[must_use]
    pub fn new(digits: [u8; SECRET_DIGITS]) -> Option<Self> {
        all_digits(&digits).then_some(Self(digits))
    }

    /// Its digits, for the computation that proves it.
    #[must_use]
    pub fn expose(&self) -> &str {
        ascii(&self.0)
    }
}

/// What people know a key by once it is no longer shown: its first characters.
#[must_use]
pub fn display_prefix(prefix: &TokenPrefix, pepper_id: u8, lookup: &Lookup) -> String {
    let shown = &lookup.as_str()[..SHOWN_DIGITS];
    format!("{prefix}{KIND}{}{shown}", pepper_digit(pepper_id))
}

/// A pepper's id as it is written in a key.
#[must_use]
pub fn pepper_digit(id: u8) -> char {
    char::from(base62::ALPHABET[usize::from(id % 62)])
}

/// What follows the prefix and the kind.
fn digits_of<'t>(text: &'t str, accepted: &[TokenPrefix]) -> Option<&'t str> {
    accepted
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix.as_str())?.strip_prefix(KIND))
}

fn all_digits(digits: &[u8]) -> bool {
    digits.iter().all(|digit| base62::value(*digit).is_some())
}

/// Digits are ASCII, always.
fn ascii(digits: &[u8]) -> &str {
    str::from_utf8(digits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VECTOR: &str =
        "signet_ak_10123456789ABCDEFABCDEFGHIJKLMNOPQRSTUVWXYZabcdefOEfEqr5t4YJ9hE";

    fn ours() -> [TokenPrefix; 1] {
        [TokenPrefix::default()]
    }

    #[test]
    fn a_key_has_73_characters_and_reads_back() {
        assert_eq!(VECTOR.len(), 73);
        let read = ApiKeyFields::decode(VECTOR, &ours()).unwrap();
        assert_eq!(
            (read.pepper_id, read.lookup.as_str()),
            (1, "0123456789ABCDEF")
        );
        assert_eq!(read.secret.expose(), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef");
        assert_eq!(read.front_tag, *b"OEfEqr5t");
        assert_eq!(read.encode(&TokenPrefix::default()), VECTOR);
    }

    #[test]
    fn every_other_spelling_is_refused() {
        for (at, _) in VECTOR.char_indices() {
            for other in ["7", "8", "-", " "] {
                let mut changed = VECTOR.to_owned();
                changed.replace_range(at..=at, other);
                let same = changed == VECTOR;
                assert_eq!(
                    ApiKeyFields::decode(&changed, &ours()).is_some(),
                    same,
                    "{at}"
                );
            }
        }
        for wrong in [
            &VECTOR[1..],
            &VECTOR[..72],
            &format!("{VECTOR}0"),
            &format!("{VECTOR} "),
            &VECTOR.replace("_ak_", "_rt_"),
            &VECTOR.to_uppercase(),
            "signet_ak_",
            "",
        ] {
            assert!(ApiKeyFields::decode(wrong, &ours()).is_none(), "{wrong}");
        }
        assert!(ApiKeyFields::decode(VECTOR, &["acme".parse().unwrap()]).is_none());
    }

    #[test]
    fn there_is_no_pepper_zero() {
        let mut fields = ApiKeyFields::decode(VECTOR, &ours()).unwrap();
        fields.pepper_id = 0;
        let text = fields.encode(&TokenPrefix::default());
        assert!(ApiKeyFields::decode(&text, &ours()).is_none());
    }

    #[test]
    fn people_see_half_of_the_lookup_and_nothing_of_the_secret() {
        let fields = ApiKeyFields::decode(VECTOR, &ours()).unwrap();
        let shown = display_prefix(&TokenPrefix::default(), fields.pepper_id, &fields.lookup);
        assert_eq!(shown, "signet_ak_101234567");
        assert!(VECTOR.starts_with(&shown));
        assert_eq!(format!("{:?}", fields.lookup), "01234567…");
    }

    proptest! {
        #[test]
        fn every_key_reads_back(
            pepper_id in 1_u8..=61,
            lookup in "[0-9A-Za-z]{16}",
            secret in "[0-9A-Za-z]{32}",
            tag in "[0-9A-Za-z]{8}",
        ) {
            let fields = ApiKeyFields {
                pepper_id,
                lookup: Lookup::parse(&lookup).unwrap(),
                secret: ApiKeySecret::new(secret.as_bytes().try_into().unwrap()).unwrap(),
                front_tag: tag.as_bytes().try_into().unwrap(),
            };
            let text = fields.encode(&TokenPrefix::default());
            let read = ApiKeyFields::decode(&text, &ours()).unwrap();
            prop_assert_eq!(read.encode(&TokenPrefix::default()), text);
            prop_assert_eq!(read.pepper_id, pepper_id);
        }

        #[test]
        fn no_other_text_is_a_key(text in "\\PC{0,90}") {
            prop_assert!(ApiKeyFields::decode(&text, &ours()).is_none());
        }
    }
}
