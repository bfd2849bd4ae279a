//! What proven passwords are remembered by, for a minute, in one process alone.
//!
//! A keyed hash under a key that is made at the start and never written down: whoever reads the
//! process's memory later finds nothing that can be tried against guesses elsewhere.

use ring::hmac;

use super::random::{self, Rng};
use crate::model::{id::UserId, password_policy::Password};

/// The key of this process.
pub struct ProofKey(hmac::Key);

/// What a user, the version of their credentials and their password are remembered by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProofMark([u8; 32]);

impl ProofKey {
    /// A new key.
    #[must_use]
    pub fn make(rng: &dyn Rng) -> Self {
        let secret = zeroize::Zeroizing::new(random::bytes::<32>(rng));
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_slice()))
    }

    /// The mark of a password.
    #[must_use]
    pub fn mark(&self, user: UserId, credential_version: i64, password: &Password) -> ProofMark {
        let mut mac = hmac::Context::with_key(&self.0);
        mac.update(user.as_bytes());
        mac.update(&credential_version.to_be_bytes());
        mac.update(password.expose().as_bytes());
        let mut out = [0; 32];
        out.copy_from_slice(mac.sign().as_ref());
        ProofMark(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SeededRng;
    use crate::model::time::Timestamp;

    #[test]
    fn a_mark_is_of_one_user_one_version_one_password_and_one_process() {
        let (one, other) = (SeededRng::new(1), SeededRng::new(2));
        let (key, elsewhere) = (ProofKey::make(&one), ProofKey::make(&other));
        let user = |seed| UserId::new(Timestamp::from_millis(1), [seed; 10]);
        let password = |text| Password::new(text).unwrap();
        let mark = key.mark(user(1), 1, &password("orbit walnut"));
        assert!(mark == key.mark(user(1), 1, &password("orbit walnut")));
        for different in [
            key.mark(user(2), 1, &password("orbit walnut")),
            key.mark(user(1), 2, &password("orbit walnut")),
            key.mark(user(1), 1, &password("orbit walnus")),
            elsewhere.mark(user(1), 1, &password("orbit walnut")),
        ] {
            assert!(mark != different);
        }
    }
}
