//! Follows the change log: what it says is out of date is forgotten or read anew.

use std::sync::{
    Arc, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use super::{Auth, AuthError, change_log::News};

/// What is out of date and not read anew yet. Whoever holds it is the one who reads. The others wait;
/// one of them reads next, for all who wait by then: a reading that began after somebody came knows
/// of what they have done.
pub(super) struct Outdated {
    state: tokio::sync::Mutex<State>,
    /// How many readings have begun.
    begun: AtomicU64,
    /// How many could not be done.
    failures: AtomicU64,
}

struct State {
    news: News,
    /// The newest reading that was done, by its number.
    done: u64,
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
            state: tokio::sync::Mutex::new(State { news, done: 0 }),
            begun: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    /// Reads, unless somebody did who began after this was called. Who has waited through a reading
    /// that failed does not wait for another one.
    async fn read_once(
        &self,
        read: impl AsyncFnOnce(&mut News) -> Result<(), AuthError>,
    ) -> Result<(), AuthError> {
        let (begun, failures) = (&self.begun, &self.failures);
        let before = begun.load(Ordering::SeqCst);
        let failed_before = failures.load(Ordering::SeqCst);
        let mut state = self.state.lock().await;
        if failures.load(Ordering::SeqCst) != failed_before {
            return Err(AuthError::unavailable("the change log could not be read"));
        }
        if state.done > before {
            return Ok(());
        }
        let number = begun.fetch_add(1, Ordering::SeqCst) + 1;
        let done = read(&mut state.news).await;
        match &done {
            Ok(()) => state.done = number,
            Err(_) => {
                failures.fetch_add(1, Ordering::SeqCst);
            }
        }
        done
    }
}

impl Auth {
    /// Knows of all that was in the change log when this was called, and forgets what that says is
    /// out of date. What cannot be read anew now stays out of date until the next time.
    pub async fn catch_up(&self) -> Result<(), AuthError> {
        let read = async |news: &mut News| self.bring_up_to_date(news).await;
        self.outdated.read_once(read).await
    }

    /// Reads the change log after a change whose answer shows something that is shown once: it is
    /// not withheld because the news could not be read here yet.
    pub(super) async fn hear_of_change(&self) {
        if let Err(error) = self.catch_up().await {
            tracing::warn!(?error, "the change log could not be read after a change");
        }
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use futures_util::{FutureExt as _, future::join_all};
    use tokio::sync::Semaphore;

    use super::*;

    /// One reading that has begun, twenty who come then, and how that reading and the next one end.
    /// How many there were, and what the twenty heard.
    async fn twenty_beside_one(works: bool) -> (usize, Vec<bool>) {
        let (outdated, gate) = (Outdated::everything(), Semaphore::new(0));
        let readings = AtomicUsize::new(0);
        let catch_up = || {
            outdated.read_once(async |_| {
                readings.fetch_add(1, Ordering::SeqCst);
                gate.acquire().await.unwrap().forget();
                if works {
                    Ok(())
                } else {
                    Err(AuthError::unavailable("down"))
                }
            })
        };
        let open = async {
            // All the others have come by now: they were asked before.
            assert_eq!(readings.load(Ordering::SeqCst), 1);
            gate.add_permits(100);
        };
        let all = join_all((0..21).map(|_| catch_up()));
        let (heard, ()) = tokio::join!(biased; all, open);
        let heard = heard[1..].iter().map(Result::is_ok).collect();
        (readings.into_inner(), heard)
    }

    #[tokio::test]
    async fn those_who_wait_share_one_reading_that_began_after_they_came() {
        assert_eq!(twenty_beside_one(true).await, (2, vec![true; 20]));
    }

    #[tokio::test]
    async fn those_who_wait_through_a_failure_hear_of_it_and_wait_no_more() {
        assert_eq!(twenty_beside_one(false).await, (1, vec![false; 20]));
    }

    #[tokio::test]
    async fn a_reading_that_nobody_waits_for_any_more_counts_for_none() {
        let outdated = Outdated::everything();
        let mut given_up = Box::pin(outdated.read_once(async |_| std::future::pending().await));
        assert!((&mut given_up).now_or_never().is_none());
        let mut waits = Box::pin(outdated.read_once(async |_| Ok(())));
        assert!((&mut waits).now_or_never().is_none());
        drop(given_up);
        waits.await.ok().unwrap();
        assert_eq!(outdated.begun.into_inner(), 2);
    }
}
