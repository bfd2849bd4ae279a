//! The tag of a session cookie: what proves that we made it.
//!
//! `HMAC-SHA-256(cookie key, "signet session cookie v1" ‖ key id ‖ secret)`, the first 16 bytes. A
//! made-up cookie dies here, without I/O. Stored beside its session is a digest alone.

use ring::{digest, hmac};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::master::{MasterKey, MasterKeys};
use super::random::{self, Rng};
use crate::model::refresh_token::TokenPrefix;
use crate::model::session_cookie::{CookieDigest, CookieSecret, SessionCookieFields, TAG_BYTES};

const PURPOSE: &[u8] = b"signet session cookie v1";

/// The keys that make and check the tags of session cookies, one from each master key.
pub struct SessionCookies {
    keys: Vec<(u8, hmac::Key)>,
    active: u8,
    prefixes: Vec<TokenPrefix>,
}

/// A new session cookie: its value, for the browser alone, and what is stored of it.
pub struct NewSessionCookie {
    /// The value. It is wiped when dropped.
    pub value: Zeroizing<String>,
    /// The digest.
    pub digest: CookieDigest,
}

/// The value is no session cookie of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionCookieError {
    /// Spelling, checksum or tag are wrong.
    #[error("no session cookie of ours")]
    Invalid,
    /// It names a key newer than all we know: a deploy is under way (503).
    #[error("the session cookie names key {0}, which this node does not know yet")]
    UnknownKeyAbove(u8),
}

impl SessionCookies {
    /// Derives a key from each master key. New cookies begin with `prefix`; those that begin with
    /// one of `accepted` are read too.
    #[must_use]
    pub fn new(master: &MasterKeys, prefix: TokenPrefix, accepted: &[TokenPrefix]) -> Self {
        let key = |master: &MasterKey| {
            let secret = master.derive("signet session cookie key v1");
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_slice());
            (master.id(), key)
        };
        let mut prefixes = vec![prefix];
        prefixes.extend_from_slice(accepted);
        Self {
            keys: master.keys().map(key).collect(),
            active: master.active(),
            prefixes,
        }
    }

    /// Makes one; none where the active key is missing, with which nothing starts.
    #[must_use]
    pub fn make(&self, rng: &dyn Rng) -> Option<NewSessionCookie> {
        let secret = CookieSecret(random::bytes(rng));
        let tag = tag(self.find(self.active)?, self.active, &secret);
        let digest = digest(&secret);
        let fields = SessionCookieFields {
            key_id: self.active,
            secret,
            tag,
        };
        let value = Zeroizing::new(fields.encode(&self.prefixes[0]));
        Some(NewSessionCookie { value, digest })
    }

    /// Reads a presented one: spelling and checksum, then the tag in constant time.
    pub fn open(&self, value: &str) -> Result<CookieDigest, SessionCookieError> {
        let fields = SessionCookieFields::decode(value, &self.prefixes)
            .ok_or(SessionCookieError::Invalid)?;
        let Some(key) = self.find(fields.key_id) else {
            let newest = self.keys.iter().map(|(id, _)| *id).max();
            return Err(if newest < Some(fields.key_id) {
                SessionCookieError::UnknownKeyAbove(fields.key_id)
            } else {
                SessionCookieError::Invalid
            });
        };
        let expected = tag(key, fields.key_id, &fields.secret);
        if bool::from(expected.ct_eq(&fields.tag)) {
            Ok(digest(&fields.secret))
        } else {
            Err(SessionCookieError::Invalid)
        }
    }

    fn find(&self, id: u8) -> Option<&hmac::Key> {
        let (_, key) = self.keys.iter().find(|(known, _)| *known == id)?;
        Some(key)
    }
}

fn tag(key: &hmac::Key, id: u8, secret: &CookieSecret) -> [u8; TAG_BYTES] {
    let mut mac = hmac::Context::with_key(key);
    mac.update(PURPOSE);
    mac.update(&[id]);
    mac.update(&secret.0);
    let mut tag = [0; TAG_BYTES];
    tag.copy_from_slice(&mac.sign().as_ref()[..TAG_BYTES]);
    tag
}

fn digest(secret: &CookieSecret) -> CookieDigest {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(PURPOSE);
    hash.update(&secret.0);
    let mut out = [0; 32];
    out.copy_from_slice(hash.finish().as_ref());
    CookieDigest(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SeededRng;

    const ONE: &str = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const TWO: &str = "2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
    const IMPOSTOR: &str = "1:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

    fn cookies(keys: &str, active: Option<u8>) -> SessionCookies {
        let master = MasterKeys::parse(keys, active).unwrap();
        SessionCookies::new(&master, TokenPrefix::default(), &[])
    }

    #[test]
    fn a_cookie_reads_back_and_two_differ() {
        let (cookies, rng) = (cookies(ONE, None), SeededRng::new(1));
        let (one, other) = (cookies.make(&rng).unwrap(), cookies.make(&rng).unwrap());
        assert!(cookies.open(&one.value).unwrap() == one.digest);
        assert!(one.digest != other.digest && *one.value != *other.value);
    }

    #[test]
    fn what_we_did_not_make_is_refused() {
        let ours = cookies(ONE, None).make(&SeededRng::new(1)).unwrap();
        let newer = cookies(TWO, None).make(&SeededRng::new(1)).unwrap();
        let forged = cookies(IMPOSTOR, None).make(&SeededRng::new(1)).unwrap();
        let both = cookies(&format!("{ONE}\n{TWO}"), Some(2));
        assert!(both.open(&ours.value).is_ok());
        let refused = |keys, value: &str| cookies(keys, None).open(value).err();
        assert_eq!(
            refused(ONE, &newer.value),
            Some(SessionCookieError::UnknownKeyAbove(2))
        );
        for (keys, value) in [
            (TWO, ours.value.as_str()),
            (ONE, forged.value.as_str()),
            (ONE, "signet_sc_"),
        ] {
            assert_eq!(
                refused(keys, value),
                Some(SessionCookieError::Invalid),
                "{value}"
            );
        }
    }
}
