//! The master keys: what rests on each of them, and moving it to the one in use.

use super::{Auth, AuthError, keys::KeysError};
use crate::{
    model::time::Timestamp,
    store::key_checks::{KeyChecks, MASTER_KEY},
};

/// What rests on a master key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKeyUse {
    /// Its number.
    pub id: u8,
    /// Whether what is new is sealed under it.
    pub is_active: bool,
    /// How many signing keys and peppers are sealed under it.
    pub sealed: usize,
    /// Until when refresh tokens may come that were made with it; none where no living session has
    /// one.
    pub tokens_until: Option<Timestamp>,
}

impl MasterKeyUse {
    /// Whether nothing rests on it.
    #[must_use]
    pub const fn is_removable(&self) -> bool {
        !self.is_active && self.sealed == 0 && self.tokens_until.is_none()
    }
}

impl Auth {
    /// What rests on each master key that is here, the one in use first.
    pub async fn master_keys(&self) -> Result<Vec<MasterKeyUse>, AuthError> {
        let vault = &self.parts.vault;
        let sealed = vault.sealed_under().await?;
        let tokens = KeyChecks::new(self.parts.database.clone()).tokens().await?;
        let ids = vault.master_key_ids();
        let uses = ids.enumerate().map(|(place, id)| MasterKeyUse {
            id,
            is_active: place == 0,
            sealed: sealed.iter().filter(|under| **under == Some(id)).count(),
            tokens_until: tokens
                .iter()
                .find(|(key, _)| *key == id)
                .map(|(_, end)| *end),
        });
        Ok(uses.collect())
    }

    /// The master keys that are not here though refresh tokens may come that were made with them, and
    /// until when: their holders would be told to log in again. Sessions are many, and are looked at
    /// only where a master key was known that is not here.
    pub async fn missing_master_keys(&self) -> Result<Vec<(u8, Timestamp)>, AuthError> {
        let checks = KeyChecks::new(self.parts.database.clone());
        let here: Vec<u8> = self.parts.vault.master_key_ids().collect();
        let known = checks.of(MASTER_KEY).await?;
        if known.iter().all(|(id, _)| here.contains(id)) {
            return Ok(Vec::new());
        }
        let mut tokens = checks.tokens().await?;
        tokens.retain(|(id, _)| !here.contains(id));
        Ok(tokens)
    }

    /// Seals under the master key in use what is sealed under another. How many secrets that were:
    /// each by itself, so that what is given up half-way is done the next time.
    pub async fn reseal(&self) -> Result<usize, AuthError> {
        let done = self.parts.vault.reseal(&*self.parts.rng).await;
        let count = done.map_err(|error| match error {
            KeysError::Store(error) => AuthError::from(error),
            other => AuthError::unavailable(other),
        })?;
        tracing::info!(target: "signet::event", event = "master_key.resealed", count);
        Ok(count)
    }
}
