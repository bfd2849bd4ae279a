//! Gives a key another secret.

use std::time::Duration;

use crate::{
    auth::{Auth, AuthError, Conflict},
    model::authority::Authority,
    store::api_keys::Rotation,
};

use super::{Expiry, IssuedKey, KeyRef, create::log_key};

/// The longest that an older secret counts beside a new one.
pub const MAX_OVERLAP: Duration = Duration::from_hours(30 * 24);

/// How to rotate.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyRotation {
    /// How long the secrets before the new one count still.
    pub overlap: Duration,
    /// How long the key lives from now on. Where absent, until it would have ended, or as long as a
    /// new key where it has.
    pub expiry: Option<Expiry>,
}

impl Auth {
    /// Gives a key another secret; the older one ends with the overlap.
    pub async fn rotate_api_key(
        &self,
        by: &Authority,
        key: &KeyRef,
        rotation: KeyRotation,
    ) -> Result<IssuedKey, AuthError> {
        if rotation.overlap > MAX_OVERLAP {
            let detail = "Let the older secret count for 30 days at most.";
            return Err(AuthError::field("/overlap", "too_long", detail));
        }
        let (seen, owner) = self.key_to_change(by, key).await?;
        if seen.revoked_at.is_some() {
            return Err(AuthError::Conflict(Conflict::ApiKeyMoved));
        }
        // Whoever rotates holds the key afterwards, and all that it may do.
        let reaches = by.includes_all(&self.scopes_of(&seen, owner.as_ref()));
        if !by.makes_credentials() || !reaches {
            return Err(AuthError::WouldEscalate);
        }
        let now = self.now();
        let expires_at = match rotation.expiry {
            Some(expiry) => self.check_expiry(expiry)?,
            None if seen.expires_at.is_some_and(|end| end <= now) => Some(self.usual_end()),
            None => seen.expires_at,
        };
        let made = self.parts.api_key_reader.make(&*self.parts.rng);
        let step = Rotation {
            secret: made.kept,
            overlap_until: (!rotation.overlap.is_zero()).then(|| now.plus(rotation.overlap)),
            expires_at,
        };
        let key = self.parts.api_keys.rotate(&seen, step).await?;
        log_key("api_key.rotated", by, &key);
        self.hear_of_change().await;
        Ok(IssuedKey {
            key: self.with_usage(key),
            text: made.text,
        })
    }
}
