//! The store of sessions that steps in Redis and keeps them in SQL.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;

use super::{
    RedisFamilies,
    front::{Stepped, Trouble},
    link::{Away, Line},
    record::{self, Record},
    scripts::{Refilled, Stamped},
};
use crate::{
    model::{
        id::{SessionId, UserId},
        journal::Entry,
        rule::{over, rotated},
        session::{EndReason, Session, SessionDigest},
    },
    store::{
        changes::Log,
        error::StoreError,
        families::{
            Advance, Advanced, FamilyStore, LateStamp, Opened, Opening, Revocation, SessionKey,
            Step, Target, Tomb,
        },
        paging::{Page, Paging},
    },
};

/// How often a step is tried that finds no record, or none of ours, before SQL takes it.
const TRIES: usize = 3;
/// How long a login waits for its session to be in Redis, which it need not be.
const SEEDING: Duration = Duration::from_millis(100);
/// How long a late retry waits to be known in SQL at once, and not only by the journal.
const STAMPING: Duration = Duration::from_millis(300);
/// How many sessions are ended in one step.
const AT_ONCE: usize = 1_000;
/// For how long a session is barred of which nobody can tell how long it would live.
const BARRED_FOR: Duration = Duration::from_hours(400 * 24);

#[async_trait]
impl FamilyStore for RedisFamilies {
    async fn open(&self, opening: &Opening) -> Result<Opened, StoreError> {
        let opened = self.0.sessions.open(opening).await?;
        if let Opened::Begun(ended) = &opened {
            self.seed(opening).await;
            if !ended.is_empty() {
                self.hear_of_ended().await;
            }
        }
        Ok(opened)
    }

    async fn advance(&self, wanted: &Advance) -> Result<Advanced, StoreError> {
        if let Some(line) = self.0.link.line() {
            match self.advance_there(&line, wanted).await {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) | Err(Trouble::Away(_)) => {}
                Err(Trouble::Store(error)) => return Err(error),
            }
        }
        metrics::counter!("signet_redis_bypassed_total").increment(1);
        self.0.journal.raise_later(wanted.digest);
        self.0.sessions.advance(wanted).await
    }

    async fn stamp_late(&self, stamp: &LateStamp) -> Result<bool, StoreError> {
        if let Some(line) = self.0.link.line() {
            match self.0.scripts.stamp_late(&line, stamp).await {
                Ok(Stamped::Done(after)) => {
                    self.note_late(stamp, &after);
                    self.stamp_both(stamp).await;
                    return Ok(true);
                }
                Ok(Stamped::Moved | Stamped::Missing) => return Ok(false),
                Err(_) => {}
            }
        }
        self.0.journal.raise_later(stamp.digest);
        self.0.sessions.stamp_late(stamp).await
    }

    async fn find(&self, key: &SessionKey) -> Result<Option<Session>, StoreError> {
        let found = self.0.sessions.find_stored(key).await;
        if let (Err(StoreError::Unavailable(_)), SessionKey::Digest(digest)) = (&found, key)
            && let Some(line) = self.0.link.line()
        {
            match self.look(&line, digest).await {
                Ok(Some(session)) => return Ok(Some(session)),
                // No more is left of it, and whoever comes with its tokens is to be refused.
                Ok(None) if self.is_barred(&line, digest).await => return Ok(None),
                Ok(None) | Err(_) => {}
            }
        }
        match found? {
            Some((digest, session)) => Ok(Some(self.unless_refreshed(&digest, session).await)),
            None => Ok(None),
        }
    }

    async fn of_user(
        &self,
        user: UserId,
        paging: Paging<SessionId>,
    ) -> Result<Page<Session>, StoreError> {
        self.0.sessions.of_user(user, paging).await
    }

    async fn revoke(&self, target: Target, reason: EndReason) -> Result<Revocation, StoreError> {
        let revoked = self.0.sessions.revoke(target, reason).await;
        match (&revoked, target) {
            (Ok(_), _) => self.hear_of_ended().await,
            (Err(StoreError::Unavailable(_)), Target::Family(digest)) => {
                if let Ok(tomb) = self.bar(digest, reason).await {
                    self.0.journal.hold(tomb);
                    return Ok(Revocation::Held);
                }
            }
            (Err(_), _) => {}
        }
        revoked
    }

    async fn follow(&self, log: &Log) -> Result<(), StoreError> {
        self.0.watermark.hear(log).await?;
        if let Some(line) = self.0.link.line() {
            self.0.watermark.follow(&self.0.scripts, &line, log).await;
        }
        Ok(())
    }
}

impl RedisFamilies {
    /// A session as SQL has it; where it would be over by having been idle, as Redis has it: SQL
    /// hears later of its refreshes.
    async fn unless_refreshed(&self, digest: &SessionDigest, session: Session) -> Session {
        let is_idle = over(&session, self.0.database.now()) == Some(EndReason::Idle);
        if let Some(line) = self.0.link.line().filter(|_| is_idle)
            && let Ok(Some(newer)) = self.look(&line, digest).await
        {
            return newer;
        }
        session
    }

    /// Has Redis hear of what SQL has just written to the change log.
    async fn hear_of_ended(&self) {
        if let Some(line) = self.0.link.line() {
            self.0.watermark.nudge(&self.0.scripts, &line).await;
        }
    }

    /// Takes a step in Redis; nothing where SQL has to.
    async fn advance_there(
        &self,
        line: &Line,
        wanted: &Advance,
    ) -> Result<Option<Advanced>, Trouble> {
        for _ in 0..TRIES {
            match self.step(line, wanted).await? {
                Stepped::Stale => {
                    if !self.0.watermark.raise(&self.0.scripts, line).await {
                        return Ok(None);
                    }
                }
                Stepped::Forged => {}
                Stepped::Missing(rev) => {
                    if let Some(answer) = self.fetch(line, &rev, wanted).await? {
                        return Ok(Some(answer));
                    }
                }
                Stepped::Ended(reason) => return Ok(Some(Advanced::Ended(reason))),
                Stepped::Step(step) => {
                    self.note(wanted, &step);
                    return Ok(Some(Advanced::Step(step)));
                }
            }
        }
        Ok(None)
    }

    /// Brings a session from SQL to Redis; answers where there is none that lives.
    async fn fetch(
        &self,
        line: &Line,
        rev: &str,
        wanted: &Advance,
    ) -> Result<Option<Advanced>, Trouble> {
        let key = SessionKey::Digest(wanted.digest);
        let Some(session) = self.0.sessions.find(&key).await? else {
            return Ok(Some(Advanced::Missing));
        };
        if let Some(reason) = session.revoked {
            return Ok(Some(Advanced::Ended(reason)));
        }
        if session.absolute_expires_at <= self.0.database.now() {
            return Ok(Some(Advanced::Ended(EndReason::Absolute)));
        }
        self.put(line, &wanted.digest, &session, rev).await?;
        Ok(None)
    }

    /// Puts a step that moved something into the journal.
    fn note(&self, wanted: &Advance, step: &Step) {
        let after = rotated(&step.before, wanted.presented, &wanted.policy, step.now);
        if let Some(family) = after.filter(|_| step.moved) {
            self.0.journal.push(Entry {
                digest: wanted.digest,
                session: step.before.id,
                client: step.before.client,
                presented: wanted.presented,
                policy: wanted.policy,
                family,
                at: step.now,
            });
        }
    }

    /// The same for a late retry, with the record after it.
    fn note_late(&self, stamp: &LateStamp, after: &[u8]) {
        if let Some(record) = Record::unpack(after) {
            self.0.journal.push(Entry {
                digest: stamp.digest,
                session: record.session,
                client: record.client,
                presented: stamp.presented,
                policy: stamp.policy,
                family: record.family,
                at: record.family.late_at,
            });
        }
    }

    /// Stamps a late retry in SQL too, if that is done at once: until the journal comes there, a node
    /// that steps in SQL would know nothing of its burst.
    async fn stamp_both(&self, stamp: &LateStamp) {
        let stamping = self.0.sessions.stamp_late(stamp);
        let _: Result<Result<bool, StoreError>, _> = timeout(STAMPING, stamping).await;
    }

    /// Puts a session that has just begun into Redis, if that is done at once.
    async fn seed(&self, opening: &Opening) {
        if let (Some(line), Some(rev)) = (self.0.link.line(), self.0.watermark.known()) {
            let seeding = self.put(&line, &opening.digest, &opening.session, &rev);
            // Whatever comes of it: who refreshes and does not find it brings it there.
            let _: Result<Result<Refilled, Trouble>, _> = timeout(SEEDING, seeding).await;
        }
    }

    /// Ends a session in Redis whose end SQL cannot take now.
    pub(super) async fn bar(&self, digest: SessionDigest, reason: EndReason) -> Result<Tomb, Away> {
        let line = self.0.link.line().ok_or_else(Away::now)?;
        let found = line.get(&record::key(&digest)).await?;
        let record = found.and_then(|bytes| Record::unpack(&bytes));
        let tomb = Tomb {
            digest,
            reason,
            absolute_expires_at: record.map_or_else(
                || self.0.database.now().plus(BARRED_FOR),
                |record| record.absolute_expires_at,
            ),
        };
        self.0.scripts.bury(&line, &[tomb]).await?;
        Ok(tomb)
    }

    /// Ends again what SQL could not take yet: Redis may have forgotten it.
    pub(super) async fn bar_held(&self, line: &Line) -> Result<(), Away> {
        for tombs in self.0.journal.held().chunks(AT_ONCE) {
            self.0.scripts.bury(line, tombs).await?;
        }
        Ok(())
    }
}
