//! Keys as they were a moment ago, so that a request with one needs no I/O.
//!
//! Two caches: which key a lookup belongs to, which never changes, and what the key is. A change
//! row names the key, whichever of its secrets are in use. Made-up keys never come here: they have
//! no front tag. One that is known no more is remembered as such, in the same bounded room.

use std::sync::{Arc, atomic::AtomicI64};

use crate::{
    auth::{Auth, AuthError, recent::Recent},
    model::{api_key::ApiKey, api_key_text::Lookup, id::ApiKeyId, time::Timestamp},
    store::api_keys::{KeyWithSecrets, StoredSecret},
};

const CAPACITY: usize = 65_536;

/// Recently read keys.
pub(in crate::auth) struct ApiKeyCache {
    ids: Recent<Lookup, Option<ApiKeyId>>,
    keys: Recent<ApiKeyId, Arc<CachedKey>>,
}

/// A key as it was read.
pub(super) struct CachedKey {
    pub(super) key: ApiKey,
    pub(super) secrets: Vec<StoredSecret>,
    /// When its use was last noted, in unix milliseconds.
    pub(super) noted_at: AtomicI64,
}

impl Default for ApiKeyCache {
    fn default() -> Self {
        Self {
            ids: Recent::new(CAPACITY),
            keys: Recent::new(CAPACITY),
        }
    }
}

impl ApiKeyCache {
    pub(in crate::auth) fn forget(&self, key: ApiKeyId) {
        self.keys.forget(&key);
    }

    pub(in crate::auth) fn clear(&self) {
        self.ids.clear();
        self.keys.clear();
    }
}

impl Auth {
    /// The key of which a secret is found by `lookup`, at most a minute old.
    pub(super) async fn key_of(
        &self,
        lookup: &Lookup,
    ) -> Result<Option<Arc<CachedKey>>, AuthError> {
        let (cache, now) = (&self.api_key_cache, self.now());
        match cache.ids.get(lookup, now) {
            Some(None) => return Ok(None),
            Some(Some(id)) => {
                if let Some(known) = cache.keys.get(&id, now) {
                    return Ok(Some(known));
                }
            }
            None => {}
        }
        let (named, read) = (cache.ids.reading(now), cache.keys.reading(now));
        let found = self.parts.api_keys.by_lookup(lookup).await?;
        let known = found.map(|found| Arc::new(CachedKey::from(found)));
        let id = known.as_ref().map(|known| known.key.id);
        cache.ids.keep(named, lookup, id);
        if let Some(known) = &known {
            cache.keys.keep(read, &known.key.id, known.clone());
        }
        Ok(known)
    }
}

impl Auth {
    /// The key of this identifier, at most a minute old.
    pub(super) async fn key_by_id(
        &self,
        id: ApiKeyId,
    ) -> Result<Option<Arc<CachedKey>>, AuthError> {
        let (keys, now) = (&self.api_key_cache.keys, self.now());
        if let Some(known) = keys.get(&id, now) {
            return Ok(Some(known));
        }
        let read = keys.reading(now);
        let found = self.parts.api_keys.by_id(id).await?;
        let known = found.map(|found| Arc::new(CachedKey::from(found)));
        if let Some(known) = &known {
            keys.keep(read, &id, known.clone());
        }
        Ok(known)
    }
}

impl From<KeyWithSecrets> for CachedKey {
    fn from(found: KeyWithSecrets) -> Self {
        let noted_at = found.key.last_used_at.map_or(0, Timestamp::millis);
        Self {
            key: found.key,
            secrets: found.secrets,
            noted_at: AtomicI64::new(noted_at),
        }
    }
}
