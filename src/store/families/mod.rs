//! Sessions and the families of refresh tokens that grow from them.
//!
//! [`FamilyStore`] is what any store of them must do; [`SqlFamilies`] does it in SQL, where every
//! session is kept. What a token is worth is not decided here but by
//! [`model::rule`](crate::model::rule): a store moves a family where that rule says Rotate or Heal,
//! and touches nothing otherwise.

mod advance;
mod end;
mod merge;
mod open;
mod record;
mod sql;
mod tombs;

use std::time::Duration;

use async_trait::async_trait;

pub(super) use self::end::end_all;
pub use self::{merge::Merged, sql::SqlFamilies, tombs::Tomb};
use super::{
    changes::Log,
    error::StoreError,
    housekeeping::Purged,
    paging::{Page, Paging},
};
use crate::model::{
    id::{ClientId, SessionId, UserId},
    refresh_token::Generation,
    session::{EndReason, Policy, Session, SessionDigest, SessionLimit},
    session_cookie::CookieDigest,
    time::Timestamp,
};

/// A store of sessions. Every method is one atomic step by the store's own clock, durable when it
/// answers, and says [`Unavailable`](StoreError::Unavailable) rather than guess.
#[async_trait]
pub trait FamilyStore: Send + Sync {
    /// Begins a session, if its user is enabled and has the credentials that were checked: a login
    /// in flight must not survive a change of password. Where there is a limit, the user has no
    /// more sessions than that afterwards, however many logins race.
    async fn open(&self, opening: &Opening) -> Result<Opened, StoreError>;

    /// Moves the family on where the rule says Rotate or Heal of what was presented, and touches
    /// nothing otherwise. Either way it answers with the record as it was before and the moment of
    /// the step, from which the caller computes the verdict.
    async fn advance(&self, advance: &Advance) -> Result<Advanced, StoreError>;

    /// Stamps a late retry, unless something moved since it was judged. Whether it did: the loser
    /// of a race judges again.
    async fn stamp_late(&self, stamp: &LateStamp) -> Result<bool, StoreError>;

    /// The record of a session, over or not; nothing where there is none, or no more is left of it
    /// than that it is over.
    async fn find(&self, key: &SessionKey) -> Result<Option<Session>, StoreError>;

    /// The living sessions of a user, the newest first.
    async fn of_user(
        &self,
        user: UserId,
        paging: Paging<SessionId>,
    ) -> Result<Page<Session>, StoreError>;

    /// Ends sessions and writes it to the change log in the same step. Those that had ended already
    /// keep their reason and are not logged again.
    async fn revoke(&self, target: Target, reason: EndReason) -> Result<Revocation, StoreError>;

    /// Takes note of the change log as it was just read, its newest row last. A store that is not
    /// the one with the log brings itself up to date; until it is, it does not answer. Where this
    /// fails the log counts as not read.
    async fn follow(&self, log: &Log) -> Result<(), StoreError>;
}

/// Sessions go when they could not be refreshed any more whatever happens.
pub(super) const PURGED: Purged = Purged {
    table: "sessions",
    keep: Duration::ZERO,
    statements: &[sql::PURGE],
};

/// A session to begin.
#[derive(Debug, Clone)]
pub struct Opening {
    /// What it is stored under.
    pub digest: SessionDigest,
    /// The record. It must have begun after the user's not-before.
    pub session: Session,
    /// The user's credential version when the credentials were checked.
    pub credential_version: i64,
    /// How many sessions the user may have, if that is limited.
    pub limit: Option<SessionLimit>,
    /// The session of the same client that this one is about to take the place of: it does not
    /// count.
    pub replaces: Option<SessionDigest>,
    /// What is kept of its session cookie, where it has one.
    pub cookie: Option<CookieDigest>,
}

/// What became of a session to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// It has begun, and these have ended to make room for it.
    Begun(Vec<SessionId>),
    /// The user is disabled, or has other credentials than those that were checked.
    Outdated,
    /// The user has as many sessions as they may have.
    Full,
}

/// A step to take: somebody presented a token with a valid tag.
#[derive(Debug, Clone, Copy)]
pub struct Advance {
    /// Of which session.
    pub digest: SessionDigest,
    /// Which of its tokens.
    pub presented: Generation,
    /// Who presented it.
    pub client: ClientId,
    /// The rules that the step is judged by.
    pub policy: Policy,
    /// The last number of the change log that this node has applied. A store that is not the one
    /// with the change log refuses to step where it has applied less; SQL knows it all.
    pub seen: i64,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every answer is the large one, and a box would cost each an allocation"
)]
pub enum Advanced {
    /// There is no such session.
    Missing,
    /// The session is over, and no more is left of it here.
    Ended(EndReason),
    /// There is a record.
    Step(Step),
}

impl Advanced {
    /// The step, where there is a record.
    #[must_use]
    pub fn step(self) -> Option<Step> {
        match self {
            Self::Step(step) => Some(step),
            Self::Missing | Self::Ended(_) => None,
        }
    }
}

/// What a step did.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The record as it was before.
    pub before: Session,
    /// Whether the family moved on, to [`rotated`](crate::model::rule::rotated) of the record.
    pub moved: bool,
    /// The moment of the step.
    pub now: Timestamp,
}

/// A late retry to stamp.
#[derive(Debug, Clone, Copy)]
pub struct LateStamp {
    /// Of which session.
    pub digest: SessionDigest,
    /// Which token was presented: the one before the newest.
    pub presented: Generation,
    /// The record's `late_at` when it was judged.
    pub late_at: Timestamp,
    /// The rules that it was judged by.
    pub policy: Policy,
}

/// How a session is found.
#[derive(Debug, Clone, Copy)]
pub enum SessionKey {
    /// By what it is stored under: whoever asks holds one of its refresh tokens.
    Digest(SessionDigest),
    /// By its public identifier.
    Id(SessionId),
    /// By its session cookie, which the database alone knows.
    Cookie(CookieDigest),
}

/// Which sessions to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// One, by its public identifier.
    Session(SessionId),
    /// One, by what it is stored under.
    Family(SessionDigest),
    /// All of a user's, those in the making included, but for one.
    User {
        /// Whose.
        user: UserId,
        /// The one that goes on.
        except: Option<SessionId>,
    },
}

/// What became of a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// It is in the change log, and ended so many sessions.
    Recorded(u64),
    /// The database does not answer. The session is refused from now on where families live, and
    /// the row is written as soon as the database takes it.
    Held,
}
