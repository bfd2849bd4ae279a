//! The journal: what Redis did, on its way to the database; and what waits for either of them.
//!
//! Steps are kept in memory for the quarter of a second until they are written, or for as long as
//! the database does not answer. They may be lost with the node: the next step of the same session
//! heals the record (`Heal`). What they mean is decided by
//! [`model::journal`](crate::model::journal), where the database is.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::RedisFamilies;
use crate::{
    model::{
        journal::Entry,
        session::{EndReason, SessionDigest},
    },
    store::{
        error::StoreError,
        families::{FamilyStore as _, Merged, Opening, SessionKey, Target, Tomb},
    },
};

/// How many sessions wait at most. Those beyond are healed by their next step.
const SESSIONS: usize = 262_144;
/// How many steps of one session wait at most; of more, the newest alone stands for the last ones.
const STEPS: usize = 8;

/// How many sessions are brought back to Redis at once, so that steps do not wait for them.
const AT_ONCE: usize = 256;

/// What waits to be written.
#[derive(Default)]
pub(super) struct Journal(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// Steps that the database has not heard of.
    steps: HashMap<SessionDigest, Vec<Entry>>,
    /// Sessions that moved in the database while Redis could not be used.
    moved: HashSet<SessionDigest>,
    /// Revocations that the database did not take.
    held: Vec<Tomb>,
}

impl Journal {
    /// Notes a step that Redis took.
    pub(super) fn push(&self, entry: Entry) {
        let mut waiting = self.lock();
        let room = waiting.steps.len() < SESSIONS;
        match waiting.steps.get_mut(&entry.digest) {
            Some(steps) => add(steps, entry),
            None if room => {
                waiting.steps.insert(entry.digest, vec![entry]);
            }
            None => metrics::counter!("signet_journal_dropped_total").increment(1),
        }
    }

    /// Notes a step that the database took because Redis could not be used.
    pub(super) fn raise_later(&self, digest: SessionDigest) {
        let mut waiting = self.lock();
        if waiting.moved.len() < SESSIONS {
            waiting.moved.insert(digest);
        }
    }

    /// Keeps a revocation until the database takes it.
    pub(super) fn hold(&self, tomb: Tomb) {
        let mut waiting = self.lock();
        let is_there = waiting.held.iter().any(|held| held.digest == tomb.digest);
        if waiting.held.len() < SESSIONS && !is_there {
            waiting.held.push(tomb);
        }
    }

    /// The revocations that the database did not take.
    pub(super) fn held(&self) -> Vec<Tomb> {
        self.lock().held.clone()
    }

    /// Some of the sessions that moved in the database alone.
    fn take_moved(&self) -> Vec<SessionDigest> {
        let mut waiting = self.lock();
        let some: Vec<_> = waiting.moved.iter().copied().take(AT_ONCE).collect();
        for digest in &some {
            waiting.moved.remove(digest);
        }
        some
    }

    fn take_steps(&self) -> Vec<Vec<Entry>> {
        let steps = std::mem::take(&mut self.lock().steps);
        steps.into_values().collect()
    }

    /// Puts back what could not be written, before what has come since.
    fn put_back(&self, steps: Vec<Vec<Entry>>) {
        let mut waiting = self.lock();
        for mut earlier in steps {
            let Some(first) = earlier.first() else {
                continue;
            };
            let since = waiting.steps.remove(&first.digest).unwrap_or_default();
            let digest = first.digest;
            for entry in since {
                add(&mut earlier, entry);
            }
            waiting.steps.insert(digest, earlier);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(steps: &mut Vec<Entry>, entry: Entry) {
    if steps.len() >= STEPS {
        steps.pop();
    }
    steps.push(entry);
}

impl RedisFamilies {
    /// Writes what waits: steps to the database, and back to Redis what the database has beyond.
    pub async fn write_journal(&self) {
        self.raise_redis().await;
        let done = async {
            self.write_held().await?;
            self.write_steps().await?;
            self.raise_moved().await
        };
        if let Err(error) = done.await {
            tracing::warn!(%error, "the journal waits for the database");
        }
        let waiting = self.0.journal.lock();
        metrics::gauge!("signet_journal_sessions").set(count(waiting.steps.len()));
        metrics::gauge!("signet_journal_revocations").set(count(waiting.held.len()));
    }

    /// Tells Redis what it lacks of the change log and this node has heard: it may be that nobody
    /// else comes to tell it.
    async fn raise_redis(&self) {
        if let Some(line) = self.0.link.line()
            && self.0.watermark.is_behind()
        {
            self.0.watermark.raise(&self.0.scripts, &line).await;
        }
    }

    async fn write_held(&self) -> Result<(), StoreError> {
        for written in self.0.journal.held() {
            let target = Target::Family(written.digest);
            self.0.sessions.revoke(target, written.reason).await?;
            self.0.journal.lock().held.retain(|waits| *waits != written);
        }
        Ok(())
    }

    async fn write_steps(&self) -> Result<(), StoreError> {
        let steps = self.0.journal.take_steps();
        if steps.is_empty() {
            return Ok(());
        }
        let merged = match self.0.sessions.merge(steps.clone()).await {
            Ok(merged) => merged,
            Err(error) => {
                self.0.journal.put_back(steps);
                return Err(error);
            }
        };
        let mut missing = Vec::new();
        for (digest, merged) in merged {
            match merged {
                Merged::Settled | Merged::Refused => {}
                Merged::Ahead => self.0.journal.raise_later(digest),
                Merged::Missing => missing.push(digest),
            }
        }
        while let Some(digest) = missing.last() {
            if let Err(error) = unless_at_fault(self.adopt(*digest).await) {
                let left = |steps: &Vec<Entry>| {
                    let first = steps.first();
                    first.is_some_and(|first| missing.contains(&first.digest))
                };
                let left = steps.into_iter().filter(left).collect();
                self.0.journal.put_back(left);
                return Err(error);
            }
            missing.pop();
        }
        Ok(())
    }

    /// Writes down a session that the database has lost.
    async fn adopt(&self, digest: SessionDigest) -> Result<(), StoreError> {
        let Some(line) = self.0.link.line() else {
            return Ok(());
        };
        let Ok(Some(session)) = self.look(&line, &digest).await else {
            return Ok(());
        };
        let key = SessionKey::Digest(digest);
        let opening = Opening {
            digest,
            session,
            credential_version: 0,
            limit: None,
            replaces: None,
            cookie: None,
        };
        if self.0.sessions.adopt(&opening).await? {
            let session = opening.session.id;
            tracing::warn!(
                target: "signet::event", event = "session.adopted", %session,
                "the database did not know a session any more"
            );
        } else if self.0.sessions.find(&key).await?.is_none() {
            // Its user is gone, or it was ended with others. Where it is not barred now, it is when
            // it moves again.
            self.bar(digest, EndReason::Unknown).await.ok();
        }
        Ok(())
    }

    /// Brings sessions that moved in the database alone to Redis. One that is not brought there
    /// heals or is read back when it is used.
    async fn raise_moved(&self) -> Result<(), StoreError> {
        let Some(line) = self.0.link.line() else {
            return Ok(());
        };
        let Ok(Some(rev)) = self.0.scripts.rev(&line).await else {
            return Ok(());
        };
        let mut moved = self.0.journal.take_moved().into_iter();
        while let Some(digest) = moved.next() {
            let found = self.0.sessions.find(&SessionKey::Digest(digest)).await;
            let found = unless_at_fault(found).inspect_err(|_| {
                for left in std::iter::once(digest).chain(moved.by_ref()) {
                    self.0.journal.raise_later(left);
                }
            });
            let Some(session) = found?.flatten() else {
                continue;
            };
            if session.revoked.is_none() {
                // Where it is not done, it is not needed: see above.
                self.put(&line, &digest, &session, &rev).await.ok();
            }
        }
        Ok(())
    }
}

/// What was answered of one session; nothing where its row is at fault, which is logged: the others
/// go on. The error where the database cannot be used now.
fn unless_at_fault<T>(answer: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error @ StoreError::Unavailable(_)) => Err(error),
        Err(error) => {
            tracing::error!(%error, "a session in the database is passed over");
            Ok(None)
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge of a size")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{
        id::{ClientId, SessionId},
        refresh_token::Generation,
        session::{Family, Policy},
        time::Timestamp,
    };

    fn step(presented: u32) -> Entry {
        let generation = |number| Generation::new(number).unwrap();
        let at = Timestamp::from_millis(i64::from(presented));
        Entry {
            digest: SessionDigest([1; 32]),
            session: SessionId::new(at, [1; 10]),
            client: ClientId::new(at, [1; 10]),
            presented: generation(presented),
            policy: Policy {
                reuse_interval: Duration::ZERO,
                late_retry_every: Duration::ZERO,
                idle_lifetime: Duration::ZERO,
                active_key: 1,
                heal_allowed: true,
            },
            family: Family {
                generation: generation(presented + 1),
                key_id: 1,
                rotated_at: at,
                budget_at: at,
                burst_from: generation(presented),
                burst_at: at,
                late_at: at,
                idle_expires_at: at,
            },
            at,
        }
    }

    fn presented(journal: &Journal) -> Vec<u32> {
        let steps = journal.take_steps();
        let steps = steps.iter().flatten();
        steps.map(|step| step.presented.number()).collect()
    }

    #[test]
    fn what_could_not_be_written_stands_before_what_has_come_since() {
        let journal = Journal::default();
        journal.push(step(1));
        journal.push(step(2));
        let taken = journal.take_steps();
        journal.push(step(3));
        journal.put_back(taken);
        assert_eq!(presented(&journal), [1, 2, 3]);
    }

    #[test]
    fn of_many_steps_the_first_ones_and_the_newest_are_kept() {
        let journal = Journal::default();
        for number in 1..=100 {
            journal.push(step(number));
        }
        assert_eq!(presented(&journal), [1, 2, 3, 4, 5, 6, 7, 100]);
    }
}
