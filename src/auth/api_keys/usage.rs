//! When keys were last used: noted in memory, written in batches.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use crate::{
    auth::{Auth, AuthError},
    model::{
        api_key::ApiKey,
        id::ApiKeyId,
        time::{Timestamp, millis},
    },
};

use super::{CachedKey, KeyHolder};

/// A use is noted this long after the one that was noted before it.
const EVERY: Duration = Duration::from_mins(1);
/// How many notes one step writes.
const BATCH: usize = 256;
/// How many notes wait at most: beyond, nobody knows when a key was used.
const CAPACITY: usize = 65_536;

/// What was noted and not written yet.
#[derive(Default)]
pub(in crate::auth) struct Usage(Mutex<HashMap<ApiKeyId, Timestamp>>);

impl Usage {
    fn lock(&self) -> MutexGuard<'_, HashMap<ApiKeyId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, key: ApiKeyId, at: Timestamp) {
        let mut noted = self.lock();
        if noted.len() < CAPACITY {
            let latest = noted.entry(key).or_insert(at);
            *latest = at.max(*latest);
        }
    }
}

impl Auth {
    /// Writes down when keys were last used. To be called now and then, and before the end.
    pub async fn write_usage(&self) -> Result<(), AuthError> {
        let noted: Vec<_> = std::mem::take(&mut *self.usage.lock())
            .into_iter()
            .collect();
        for (at, batch) in noted.chunks(BATCH).enumerate() {
            if let Err(error) = self.parts.api_keys.note_used(batch.to_vec()).await {
                for (key, used_at) in &noted[at * BATCH..] {
                    self.usage.note(*key, *used_at);
                }
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Notes that a key is used. Whoever uses it all the time is noted once a minute.
    pub(super) fn note_use(&self, known: &CachedKey) {
        let now = self.now();
        let noted_at = known.noted_at.load(Ordering::Relaxed);
        if now.millis() - noted_at >= millis(EVERY) {
            known.noted_at.store(now.millis(), Ordering::Relaxed);
            self.usage.note(known.key.id, now);
        }
    }

    /// Notes that somebody was told that a key counts.
    pub(in crate::auth) fn note_use_of(&self, holder: &KeyHolder) {
        self.note_use(&holder.known);
    }

    /// The key with a use that is noted here and not written yet.
    pub(super) fn with_usage(&self, mut key: ApiKey) -> ApiKey {
        let noted = self.usage.lock().get(&key.id).copied();
        key.last_used_at = key.last_used_at.max(noted);
        key
    }
}
