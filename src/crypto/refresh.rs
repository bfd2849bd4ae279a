//! The tag of a refresh token: what proves that we made it (docs/tokens.md).
//!
//! `HMAC-SHA-256(refresh key, "signet refresh v1" ‖ version ‖ key id ‖ handle ‖ generation)`, the
//! first 16 bytes. Nothing is stored to check it and nothing is asked: a made-up token dies here.
//! The text around the tag is [`model::refresh_token`](crate::model::refresh_token)'s, what a
//! genuine token is worth is [`model::rule`](crate::model::rule)'s.

use ring::{digest, hmac};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::master::{MasterKey, MasterKeys};
use crate::model::refresh_token::{
    Generation, Handle, RefreshTokenFields, TAG_BYTES, TokenPrefix, VERSION,
};
use crate::model::session::SessionDigest;

/// The keys that make and check the tags of refresh tokens, one from each master key.
pub struct RefreshKeys {
    keys: Vec<RefreshKey>,
    active: u8,
    /// What new tokens begin with, then what older ones may begin with.
    prefixes: Vec<TokenPrefix>,
}

struct RefreshKey {
    id: u8,
    key: hmac::Key,
    distrusted: bool,
}

/// A refresh token ready to be handed out. It has no `Debug` and is wiped when dropped.
pub struct RefreshTokenText(Zeroizing<String>);

impl RefreshTokenText {
    /// The token, for the answer to its owner and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The same, moved out; whoever takes it wipes it.
    #[must_use]
    pub fn into_exposed(mut self) -> String {
        std::mem::take(&mut *self.0)
    }
}

/// A refresh token with a good tag, as somebody presented it.
#[derive(Clone)]
pub struct Presented {
    /// The session's secret; [`digest`](fn@digest) says what its record is stored under.
    pub handle: Handle,
    /// Which token of the session.
    pub generation: Generation,
    /// Which refresh key made the tag.
    pub key_id: u8,
    /// That key may be known to others: no healing.
    pub distrusted: bool,
}

/// Why a refresh token was refused before any look at the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefreshTokenError {
    /// Not a refresh token of ours: prefix, length, digits, checksum or ranges.
    #[error("malformed refresh token")]
    Malformed,
    /// We did not make it, or with a key that is gone.
    #[error("the refresh token's tag is wrong")]
    BadTag,
    /// It names a key newer than all we know: a deploy is under way, and the caller should come
    /// again (503), because another node may well accept it.
    #[error("the refresh token names key {0}, which this node does not know yet")]
    UnknownKeyAbove(u8),
}

/// The refresh key of that id is not among the keys (any more).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no refresh key {0}")]
pub struct NoSuchKey(pub u8);

impl RefreshKeys {
    /// Derives a refresh key from each master key. New tokens begin with `prefix`; those that
    /// begin with one of `accepted` are read too.
    #[must_use]
    pub fn new(master: &MasterKeys, prefix: TokenPrefix, accepted: &[TokenPrefix]) -> Self {
        let key = |master: &MasterKey| {
            let secret = master.derive("signet refresh key v1");
            RefreshKey {
                id: master.id(),
                key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_slice()),
                distrusted: master.is_distrusted(),
            }
        };
        let mut prefixes = vec![prefix];
        prefixes.extend_from_slice(accepted);
        Self {
            keys: master.keys().map(key).collect(),
            active: master.active(),
            prefixes,
        }
    }

    /// The id of the key for new tokens.
    #[must_use]
    pub fn active(&self) -> u8 {
        self.active
    }

    /// Writes the token of that generation. The same arguments give the same string, always.
    pub fn mint(
        &self,
        session: &Handle,
        generation: Generation,
        key_id: u8,
    ) -> Result<RefreshTokenText, NoSuchKey> {
        let key = self.find(key_id).ok_or(NoSuchKey(key_id))?;
        let tag = key.tag(session, generation);
        let fields = RefreshTokenFields {
            key_id,
            handle: session.clone(),
            generation,
            tag,
        };
        Ok(RefreshTokenText(Zeroizing::new(
            fields.encode(&self.prefixes[0]),
        )))
    }

    /// Reads a presented token: spelling and checksum first, then the tag in constant time.
    pub fn open(&self, text: &str) -> Result<Presented, RefreshTokenError> {
        let RefreshTokenFields {
            key_id,
            handle,
            generation,
            tag,
        } = RefreshTokenFields::decode(text, &self.prefixes).ok_or(RefreshTokenError::Malformed)?;
        let Some(key) = self.find(key_id) else {
            let newest = self.keys.iter().map(|key| key.id).max();
            return Err(if newest < Some(key_id) {
                RefreshTokenError::UnknownKeyAbove(key_id)
            } else {
                RefreshTokenError::BadTag
            });
        };
        if bool::from(key.tag(&handle, generation).ct_eq(&tag)) {
            Ok(Presented {
                handle,
                generation,
                key_id,
                distrusted: key.distrusted,
            })
        } else {
            Err(RefreshTokenError::BadTag)
        }
    }

    fn find(&self, id: u8) -> Option<&RefreshKey> {
        self.keys.iter().find(|key| key.id == id)
    }
}

impl RefreshKey {
    fn tag(&self, handle: &Handle, generation: Generation) -> [u8; TAG_BYTES] {
        let mut mac = hmac::Context::with_key(&self.key);
        mac.update(b"signet refresh v1");
        mac.update(&[VERSION, self.id]);
        mac.update(&handle.0);
        mac.update(&generation.number().to_be_bytes());
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&mac.sign().as_ref()[..TAG_BYTES]);
        tag
    }
}

/// What the session's record is stored under: `SHA-256("signet handle v1" ‖ handle)`.
#[must_use]
pub fn digest(handle: &Handle) -> SessionDigest {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(b"signet handle v1");
    hash.update(&handle.0);
    let mut out = [0; 32];
    out.copy_from_slice(hash.finish().as_ref());
    SessionDigest(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Computed with Python's hmac, hashlib and zlib: key 00 01 … 1f, handle 40 41 … 53.
    const ONE: &str = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const TWO: &str = "2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
    const FIRST: &str = "signet_rt_01RI02YMlZ3zbzghbeeznnXQB0cStP1ZVx2d7IORwmRRhLpcq20oQ5ITh1nifAR";
    const LAST: &str = "signet_rt_01RI02YMlZ3zbzghbeeznnXQB0cStPJpr4EtUNTYEIbEHDlK1qwUJ5aWQ0Oq7p6";
    const DIGEST: [u8; 32] = [
        0x53, 0x8a, 0x13, 0xc8, 0x19, 0x06, 0xfd, 0xde, 0x4e, 0xfe, 0xaa, 0x16, 0x21, 0x3f, 0xfb,
        0x8f, 0x6a, 0x6d, 0xb0, 0xbc, 0x5a, 0x89, 0xcb, 0xcd, 0x56, 0x98, 0x14, 0x8a, 0x31, 0xa8,
        0xb5, 0x0d,
    ];

    fn keys(master: &str) -> RefreshKeys {
        let master = MasterKeys::parse(master, None).unwrap();
        RefreshKeys::new(&master, TokenPrefix::default(), &[])
    }

    fn handle() -> Handle {
        Handle(std::array::from_fn(|i| 0x40 + u8::try_from(i).unwrap()))
    }

    #[test]
    fn writes_and_reads_the_test_vectors() {
        let keys = keys(ONE);
        for (generation, text) in [(Generation::FIRST, FIRST), (Generation::LAST, LAST)] {
            assert_eq!(keys.mint(&handle(), generation, 1).unwrap().expose(), text);
            let read = keys.open(text).unwrap();
            assert_eq!((read.handle.0, read.generation), (handle().0, generation));
            assert_eq!((read.key_id, read.distrusted), (1, false));
        }
        assert!(digest(&handle()).0 == DIGEST);
    }

    #[test]
    fn refuses_a_tag_that_is_not_ours_in_every_bit() {
        let keys = keys(ONE);
        let ours = RefreshTokenFields::decode(FIRST, &[TokenPrefix::default()]).unwrap();
        for bit in 0..TAG_BYTES * 8 {
            let mut forged = ours.clone();
            forged.tag[bit / 8] ^= 1 << (bit % 8);
            let text = forged.encode(&TokenPrefix::default());
            assert_eq!(keys.open(&text).err(), Some(RefreshTokenError::BadTag));
        }
        let moved = RefreshTokenFields {
            generation: Generation::LAST,
            ..ours
        };
        let text = moved.encode(&TokenPrefix::default());
        assert_eq!(keys.open(&text).err(), Some(RefreshTokenError::BadTag));
        assert_eq!(
            keys.open(&FIRST[1..]).err(),
            Some(RefreshTokenError::Malformed)
        );
    }

    #[test]
    fn tells_a_key_to_come_from_a_key_that_is_gone() {
        let both = keys(&format!("{TWO}\n{ONE}"));
        assert_eq!(both.active(), 2);
        let newer = both.mint(&handle(), Generation::FIRST, 2).unwrap();
        assert!(both.open(FIRST).is_ok() && both.open(newer.expose()).is_ok());
        assert_eq!(
            keys(ONE).open(newer.expose()).err(),
            Some(RefreshTokenError::UnknownKeyAbove(2))
        );
        assert_eq!(keys(TWO).open(FIRST).err(), Some(RefreshTokenError::BadTag));
        assert_eq!(
            keys(TWO).mint(&handle(), Generation::FIRST, 1).err(),
            Some(NoSuchKey(1))
        );
    }

    #[test]
    fn marks_what_a_distrusted_key_signed_and_reads_older_prefixes() {
        let master = MasterKeys::parse(&format!("{TWO}\n{ONE}:distrusted"), None).unwrap();
        let renamed = RefreshKeys::new(&master, "acme".parse().unwrap(), &[TokenPrefix::default()]);
        assert!(renamed.open(FIRST).unwrap().distrusted);
        let new = renamed.mint(&handle(), Generation::FIRST, 2).unwrap();
        assert!(new.expose().starts_with("acme_rt_") && renamed.open(new.expose()).is_ok());
    }
}
