//! The seal of a session's record where others may write: what shows that the record is ours.
//!
//! `HMAC-SHA-256(seal key, "signet session seal v1" ‖ key id ‖ digest ‖ sid ‖ user ‖ client ‖
//! auth_time ‖ absolute expiry ‖ terms)`, the first 16 bytes; ids are their 16 bytes, times 8 bytes
//! of milliseconds, big-endian. The key comes from a master key. So whoever can write the store
//! cannot make a session another user's, nor give it other terms or a longer life, nor put one
//! session's record in the place of another's.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{digest, hmac};
use subtle::ConstantTimeEq as _;

use super::master::{MasterKey, MasterKeys};
use crate::model::{
    id::{ClientId, SessionId, UserId},
    session::SessionDigest,
    time::Timestamp,
};

/// Bytes of a seal.
pub const SEAL_BYTES: usize = 16;

/// The keys that seal, one from each master key.
pub struct SessionSeals {
    keys: Vec<SealKey>,
    active: u8,
}

struct SealKey {
    id: u8,
    key: hmac::Key,
    distrusted: bool,
}

/// What a seal holds together.
#[derive(Debug, Clone, Copy)]
pub struct Sealed<'t> {
    /// What the record is stored under.
    pub digest: &'t SessionDigest,
    /// Which session.
    pub session: SessionId,
    /// Whose.
    pub user: UserId,
    /// The client that may refresh it.
    pub client: ClientId,
    /// When the user proved who they are.
    pub auth_time: Timestamp,
    /// When it ends whatever happens.
    pub absolute_expires_at: Timestamp,
    /// All else that its tokens will say, as text.
    pub terms: &'t str,
}

/// What a seal is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// We made it, of just this.
    Good,
    /// Nobody who has our key made it.
    Forged,
    /// Its key is unknown or distrusted: it shows nothing.
    Worthless,
}

impl SessionSeals {
    /// Derives a key from each master key.
    #[must_use]
    pub fn new(master: &MasterKeys) -> Self {
        let key = |master: &MasterKey| {
            let secret = master.derive("signet session seal v1");
            SealKey {
                id: master.id(),
                key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_slice()),
                distrusted: master.is_distrusted(),
            }
        };
        Self {
            keys: master.keys().map(key).collect(),
            active: master.active(),
        }
    }

    /// The seal, and the id of the key that made it: the active one.
    #[must_use]
    pub fn seal(&self, what: &Sealed<'_>) -> (u8, [u8; SEAL_BYTES]) {
        // The active key is one of the keys.
        let key = self.find(self.active).unwrap_or(&self.keys[0]);
        (key.id, key.seal(what))
    }

    /// Checks a seal, in constant time.
    #[must_use]
    pub fn check(&self, key_id: u8, seal: &[u8; SEAL_BYTES], what: &Sealed<'_>) -> Verdict {
        match self.find(key_id).filter(|key| !key.distrusted) {
            None => Verdict::Worthless,
            Some(key) if bool::from(key.seal(what).ct_eq(seal)) => Verdict::Good,
            Some(_) => Verdict::Forged,
        }
    }

    fn find(&self, id: u8) -> Option<&SealKey> {
        self.keys.iter().find(|key| key.id == id)
    }
}

impl SealKey {
    fn seal(&self, what: &Sealed<'_>) -> [u8; SEAL_BYTES] {
        let mut mac = hmac::Context::with_key(&self.key);
        mac.update(b"signet session seal v1");
        mac.update(&[self.id]);
        mac.update(&what.digest.0);
        mac.update(what.session.as_bytes());
        mac.update(what.user.as_bytes());
        mac.update(what.client.as_bytes());
        mac.update(&what.auth_time.millis().to_be_bytes());
        mac.update(&what.absolute_expires_at.millis().to_be_bytes());
        mac.update(what.terms.as_bytes());
        let mut seal = [0; SEAL_BYTES];
        seal.copy_from_slice(&mac.sign().as_ref()[..SEAL_BYTES]);
        seal
    }
}

/// SHA-256 of terms, in base64url: a short name for a text that may be long.
#[must_use]
pub fn name_of_terms(terms: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, terms.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const TWO: &str = "2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

    fn seals(master: &str) -> SessionSeals {
        SessionSeals::new(&MasterKeys::parse(master, None).unwrap())
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn what(digest: &SessionDigest) -> Sealed<'_> {
        Sealed {
            digest,
            session: SessionId::new(at(1), [1; 10]),
            user: UserId::new(at(2), [2; 10]),
            client: ClientId::new(at(3), [3; 10]),
            auth_time: at(4),
            absolute_expires_at: at(5),
            terms: "terms",
        }
    }

    #[test]
    fn a_seal_holds_each_part() {
        let (seals, digest, other) = (seals(ONE), SessionDigest([9; 32]), SessionDigest([8; 32]));
        let ours = what(&digest);
        let (key, seal) = seals.seal(&ours);
        assert_eq!(seals.check(key, &seal, &ours), Verdict::Good);
        let changed = [
            Sealed {
                digest: &other,
                ..ours
            },
            Sealed {
                session: SessionId::new(at(1), [0; 10]),
                ..ours
            },
            Sealed {
                user: UserId::new(at(2), [0; 10]),
                ..ours
            },
            Sealed {
                client: ClientId::new(at(3), [0; 10]),
                ..ours
            },
            Sealed {
                auth_time: at(0),
                ..ours
            },
            Sealed {
                absolute_expires_at: at(6),
                ..ours
            },
            Sealed {
                terms: "terms2",
                ..ours
            },
        ];
        for what in changed {
            assert_eq!(seals.check(key, &seal, &what), Verdict::Forged, "{what:?}");
        }
        for bit in 0..SEAL_BYTES * 8 {
            let mut seal = seal;
            seal[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(seals.check(key, &seal, &ours), Verdict::Forged);
        }
    }

    #[test]
    fn a_key_that_is_gone_or_distrusted_shows_nothing() {
        let digest = SessionDigest([9; 32]);
        let ours = what(&digest);
        let (key, seal) = seals(ONE).seal(&ours);
        let check = |master: &str| seals(master).check(key, &seal, &ours);
        assert_eq!(check(&format!("{TWO}\n{ONE}")), Verdict::Good);
        assert_eq!(
            check(&format!("{TWO}\n{ONE}:distrusted")),
            Verdict::Worthless
        );
        assert_eq!(check(TWO), Verdict::Worthless);
        assert_eq!(check(&TWO.replace("2:", "1:")), Verdict::Forged);
    }
}
