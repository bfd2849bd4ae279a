//! The text of a session cookie: how its fields become characters and back.
//!
//! `signet_sc_<body: 56 base62 digits><checksum: 6>`; the body is 41 bytes: key id, secret, tag.
//! This module knows the spelling only; the tag is made and checked in
//! [`crypto::session_cookie`](crate::crypto::session_cookie).

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{base62, checksum, refresh_token::TokenPrefix};

/// Bytes of a secret.
pub const SECRET_BYTES: usize = 24;
/// Bytes of a tag: HMAC-SHA-256 cut to 16.
pub const TAG_BYTES: usize = 16;

const KIND: &str = "_sc_";
const BODY_BYTES: usize = 1 + SECRET_BYTES + TAG_BYTES;
const BODY_DIGITS: usize = 56;

/// What the browser holds and we do not: random bytes, which nobody stores.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct CookieSecret(pub [u8; SECRET_BYTES]);

/// What is stored of a session cookie: SHA-256 over its secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CookieDigest(pub [u8; 32]);

impl fmt::Debug for CookieDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieDigest(…)")
    }
}

/// The fields of a session cookie, its tag not yet checked.
#[derive(Clone)]
pub struct SessionCookieFields {
    /// Which key made the tag.
    pub key_id: u8,
    /// The secret.
    pub secret: CookieSecret,
    /// What proves that we made it.
    pub tag: [u8; TAG_BYTES],
}

impl SessionCookieFields {
    /// Writes the value with `prefix`; whoever takes the text wipes it.
    #[must_use]
    pub fn encode(&self, prefix: &TokenPrefix) -> String {
        let mut body = [0_u8; BODY_BYTES];
        body[0] = self.key_id;
        body[1..=SECRET_BYTES].copy_from_slice(&self.secret.0);
        body[1 + SECRET_BYTES..].copy_from_slice(&self.tag);
        let mut digits = base62::encode(&body, BODY_DIGITS);
        body.zeroize();
        let room = prefix.as_str().len() + KIND.len() + BODY_DIGITS + checksum::DIGITS;
        let mut text = String::with_capacity(room);
        for part in [prefix.as_str(), KIND, &digits] {
            text.push_str(part);
        }
        digits.zeroize();
        checksum::append(&mut text);
        text
    }

    /// Reads a value whose prefix is one of `accepted`. Length, digits and checksum are checked, so
    /// each cookie has one spelling; the tag is not.
    #[must_use]
    pub fn decode(text: &str, accepted: &[TokenPrefix]) -> Option<Self> {
        let checked = checksum::checked(text)?;
        let digits = accepted
            .iter()
            .find_map(|prefix| checked.strip_prefix(prefix.as_str())?.strip_prefix(KIND))?;
        if digits.len() != BODY_DIGITS {
            return None;
        }
        let mut body = base62::decode::<BODY_BYTES>(digits)?;
        let (key_id, rest) = body.split_first()?;
        let (secret, tag) = rest.split_first_chunk()?;
        let fields = Self {
            key_id: *key_id,
            secret: CookieSecret(*secret),
            tag: tag.try_into().ok()?,
        };
        body.zeroize();
        Some(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> String {
        let fields = SessionCookieFields {
            key_id: 7,
            secret: CookieSecret(std::array::from_fn(|i| u8::try_from(i).unwrap())),
            tag: [0xA5; TAG_BYTES],
        };
        fields.encode(&TokenPrefix::default())
    }

    #[test]
    fn a_cookie_has_72_characters_and_reads_back() {
        let text = text();
        assert_eq!(text.len(), 72);
        let read = SessionCookieFields::decode(&text, &[TokenPrefix::default()]).unwrap();
        assert_eq!((read.key_id, read.secret.0[23]), (7, 23));
        assert_eq!(read.tag, [0xA5; TAG_BYTES]);
    }

    #[test]
    fn another_spelling_is_no_cookie() {
        let text = text();
        let read = |text: &str| SessionCookieFields::decode(text, &[TokenPrefix::default()]);
        let other_kind = text.replace("_sc_", "_rt_");
        let longer = format!("{text}0");
        for wrong in ["", "signet_sc_", &text[..71], &longer, &other_kind] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
        assert!(SessionCookieFields::decode(&text, &["acme".parse().unwrap()]).is_none());
    }
}
