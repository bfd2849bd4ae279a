//! How many tokens each signing key has signed: counted in memory, written down now and then. So no
//! token costs a write, and a node that dies takes its last seconds with it.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

use super::{Auth, AuthError};
use crate::{
    crypto::{
        access::{self, SignError},
        signing::SigningKey,
    },
    model::{client::Client, key_lifecycle::KeyLife},
};

/// What was counted and not written yet, by `kid`.
#[derive(Default)]
pub(super) struct TokensSigned(Mutex<BTreeMap<String, u64>>);

impl TokensSigned {
    /// Counts tokens that a key has signed.
    pub(super) fn add(&self, kid: &str, count: u64) {
        let mut counted = self.lock();
        match counted.get_mut(kid) {
            Some(known) => *known += count,
            None => drop(counted.insert(kid.to_owned(), count)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Auth {
    /// Signs an access token of a client, and counts it.
    pub(super) fn sign<T: Serialize>(
        &self,
        key: &SigningKey,
        client: &Client,
        claims: &T,
    ) -> Result<String, SignError> {
        let token = access::sign_for(client, key, claims)?;
        self.tokens_signed.add(key.kid(), 1);
        Ok(token)
    }

    /// Writes down how many tokens were signed. To be called now and then, and before the end.
    pub async fn write_tokens_signed(&self) -> Result<(), AuthError> {
        let counted = mem::take(&mut *self.tokens_signed.lock());
        if counted.is_empty() {
            return Ok(());
        }
        let written = self.parts.vault.count(counted.clone()).await;
        if written.is_err() {
            for (kid, count) in counted {
                self.tokens_signed.add(&kid, count);
            }
        }
        Ok(written?)
    }

    /// The key with what was counted here and not written yet.
    pub(super) fn with_tokens_signed(&self, mut key: KeyLife) -> KeyLife {
        let counted = self.tokens_signed.lock();
        key.tokens_signed += counted.get(&key.kid).copied().unwrap_or(0);
        key
    }
}
