//! Follows the change log: what it says is out of date is forgotten or read anew.

use std::sync::{
    Arc, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use super::{Auth, AuthError, change_log::News};

/// What is out of date and not read anew yet. Whoever holds it is the one who reads: the others
/// wait, and then find the work done, theirs included; or undone, and do not wait once more.
pub(super) struct Outdated {
    news: tokio::sync::Mutex<News>,
    /// How often it could not be done.
    failures: AtomicU64,
}

impl Outdated {
    /// Of a node that has read nothing yet.
    pub(super) fn everything() -> Self {
        let everything = true;
        let news = News {
            everything,
            ..News::default()
        };
        Self {
            news: tokio::sync::Mutex::new(news),
            failures: AtomicU64::new(0),
        }
    }
}

impl Auth {
    /// Reads the change log, and forgets what it says is out of date. What cannot be read anew now
    /// stays out of date until the next time.
    pub async fn catch_up(&self) -> Result<(), AuthError> {
        let failures = &self.outdated.failures;
        let before = failures.load(Ordering::SeqCst);
        let mut outdated = self.outdated.news.lock().await;
        if failures.load(Ordering::SeqCst) != before {
            return Err(AuthError::unavailable("the change log could not be read"));
        }
        let done = self.bring_up_to_date(&mut outdated).await;
        if done.is_err() {
            failures.fetch_add(1, Ordering::SeqCst);
        }
        done
    }

    async fn bring_up_to_date(&self, outdated: &mut News) -> Result<(), AuthError> {
        self.parts.changes.catch_up(outdated).await?;
        if outdated.everything {
            self.user_cache.clear();
            self.api_key_cache.clear();
            self.cookie_sessions.clear();
            self.basic_proofs.clear();
            outdated.signing_keys = true;
            (outdated.scopes, outdated.clients) = (true, true);
            outdated.everything = false;
        }
        for user in outdated.users.drain(..) {
            self.user_cache.forget(&user);
            self.basic_proofs.forget(user);
        }
        for key in outdated.api_keys.drain(..) {
            self.api_key_cache.forget(key);
        }
        if outdated.scopes {
            let registry = Arc::new(self.parts.scopes.read().await?);
            *self
                .registry
                .write()
                .unwrap_or_else(PoisonError::into_inner) = registry;
            // What somebody was given by the name of a scope goes with it.
            self.user_cache.clear();
            self.api_key_cache.clear();
            outdated.clients = true;
            outdated.scopes = false;
        }
        if outdated.clients {
            self.read_clients().await?;
            outdated.clients = false;
        }
        if outdated.signing_keys {
            let keys = self.parts.vault.open().await;
            let keys = keys.map_err(AuthError::unavailable)?;
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
            outdated.signing_keys = false;
        }
        Ok(())
    }
}
