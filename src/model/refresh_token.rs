//! The text of a refresh token: how its fields become 73 characters and back.
//!
//! `signet_rt_<body: 57 base62 digits><crc: 6 base62 digits>`; the body is 42 bytes: version,
//! key id, handle, generation, tag. This module knows the spelling only; the tag is made and
//! checked in [`crypto::refresh`](crate::crypto::refresh).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{base62, checksum};

/// The only version of the format.
pub const VERSION: u8 = 1;
/// Bytes of a tag: HMAC-SHA-256 cut to 16.
pub const TAG_BYTES: usize = 16;

const BODY_BYTES: usize = 42;
const BODY_DIGITS: usize = 57;
const KIND: &str = "_rt_";

/// The secret of a session: random, made once, carried by each of its refresh tokens and by
/// nothing else. Never logged, never stored.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Handle(pub [u8; 20]);

/// Which refresh token of its session this is: 1 for the first, one more with each rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Generation(u32);

impl Generation {
    /// The generation that a login issues.
    pub const FIRST: Self = Self(1);
    /// The last one that exists; it cannot be rotated.
    pub const LAST: Self = Self(i32::MAX as u32 - 1);

    /// The generation of that number, where there is one.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        if Self::FIRST.0 <= number && number <= Self::LAST.0 {
            Some(Self(number))
        } else {
            None
        }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The one after it, unless it is the last.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        Self::new(self.0 + 1)
    }
}

/// The fields of a refresh token, tag not yet checked.
#[derive(Clone)]
pub struct RefreshTokenFields {
    /// Which refresh key made the tag.
    pub key_id: u8,
    /// The session's secret.
    pub handle: Handle,
    /// Which token of the session.
    pub generation: Generation,
    /// What proves that we made it.
    pub tag: [u8; TAG_BYTES],
}

impl RefreshTokenFields {
    /// Writes the token with `prefix`.
    #[must_use]
    pub fn encode(&self, prefix: &TokenPrefix) -> String {
        let mut body = [0_u8; BODY_BYTES];
        body[0] = VERSION;
        body[1] = self.key_id;
        body[2..22].copy_from_slice(&self.handle.0);
        body[22..26].copy_from_slice(&self.generation.number().to_be_bytes());
        body[26..].copy_from_slice(&self.tag);
        let mut text = format!("{prefix}{KIND}{}", base62::encode(&body, BODY_DIGITS));
        body.zeroize();
        checksum::append(&mut text);
        text
    }

    /// Reads a token whose prefix is one of `accepted`. Length, digits, checksum and the ranges
    /// of all fields are checked, so each token has one spelling; the tag is not.
    #[must_use]
    pub fn decode(text: &str, accepted: &[TokenPrefix]) -> Option<Self> {
        let digits = accepted
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix.as_str())?.strip_prefix(KIND))?;
        if digits.len() != BODY_DIGITS + checksum::DIGITS || !digits.is_ascii() {
            return None;
        }
        checksum::checked(text)?;
        let mut body = base62::decode::<BODY_BYTES>(&digits[..BODY_DIGITS])?;
        let fields = Self::from_body(&body);
        body.zeroize();
        fields
    }

    fn from_body(body: &[u8; BODY_BYTES]) -> Option<Self> {
        if body[0] != VERSION || body[1] == 0 {
            return None;
        }
        Some(Self {
            key_id: body[1],
            handle: Handle(body[2..22].try_into().ok()?),
            generation: Generation::new(u32::from_be_bytes(body[22..26].try_into().ok()?))?,
            tag: body[26..].try_into().ok()?,
        })
    }
}

/// What our token strings begin with: 2 to 16 lower-case letters and digits, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct TokenPrefix(String);

impl TokenPrefix {
    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TokenPrefix {
    fn default() -> Self {
        Self("signet".to_owned())
    }
}

impl fmt::Display for TokenPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text cannot begin a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token prefix is 2 to 16 lower-case letters and digits, a letter first")]
pub struct TokenPrefixError;

impl FromStr for TokenPrefix {
    type Err = TokenPrefixError;

    fn from_str(text: &str) -> Result<Self, TokenPrefixError> {
        let letters = text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let begins = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if letters && begins && (2..=16).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TokenPrefixError)
        }
    }
}

impl<'de> Deserialize<'de> for TokenPrefix {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> RefreshTokenFields {
        RefreshTokenFields {
            key_id: 1,
            handle: Handle(std::array::from_fn(|i| u8::try_from(i).unwrap())),
            generation: Generation::FIRST,
            tag: [0xA5; TAG_BYTES],
        }
    }

    #[test]
    fn a_token_has_73_characters_and_reads_back() {
        let text = fields().encode(&TokenPrefix::default());
        assert_eq!(text.len(), 73);
        let read = RefreshTokenFields::decode(&text, &[TokenPrefix::default()]).unwrap();
        assert_eq!(read.generation, Generation::FIRST);
        assert_eq!(read.handle.0, fields().handle.0);
        assert_eq!(read.tag, fields().tag);
    }

    #[test]
    fn the_format_has_this_test_vector() {
        assert_eq!(fields().encode(&TokenPrefix::default()), VECTOR);
    }

    #[test]
    fn every_other_spelling_is_refused() {
        let accepted = [TokenPrefix::default()];
        for (at, _) in VECTOR.char_indices() {
            let mut changed = VECTOR.to_owned();
            let other = if &VECTOR[at..=at] == "7" { "8" } else { "7" };
            changed.replace_range(at..=at, other);
            assert!(
                RefreshTokenFields::decode(&changed, &accepted).is_none(),
                "{at}"
            );
        }
        for wrong in [
            &VECTOR[1..],
            &VECTOR[..72],
            &format!("{VECTOR}0"),
            &VECTOR.to_uppercase(),
        ] {
            assert!(
                RefreshTokenFields::decode(wrong, &accepted).is_none(),
                "{wrong}"
            );
        }
        assert!(RefreshTokenFields::decode(VECTOR, &["acme".parse().unwrap()]).is_none());
    }

    #[test]
    fn fields_out_of_range_are_refused() {
        let prefix = TokenPrefix::default();
        for (key_id, generation) in [(0, 1), (1, 0), (1, u32::MAX >> 1), (1, u32::MAX)] {
            let wrong = RefreshTokenFields {
                key_id,
                generation: Generation(generation),
                ..fields()
            };
            let text = wrong.encode(&prefix);
            assert!(RefreshTokenFields::decode(&text, std::slice::from_ref(&prefix)).is_none());
        }
    }

    const VECTOR: &str =
        "signet_rt_01RCbAsx2MdwEvU4WmZhiF5t8FfJitkDKPlC7xqwmkaYFcMpMGNimOgIX0rQCvX";
}
