//! The change log's rows: what every node must hear of.

use std::time::Duration;

use super::{
    id::{ApiKeyId, ClientId, SessionId, UserId},
    session::EndReason,
    time::Timestamp,
};

/// How long a row matters: the longest life of an access token, the leeway of its verification and
/// some more.
pub const RETENTION: Duration = Duration::from_mins(60 + 1 + 2);

/// One row of the change log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// Its number: without gaps, in the order of commits.
    pub number: i64,
    /// A random mark, by which a node notices that the database is not the one it knew.
    pub mark: String,
    /// What happened.
    pub change: Change,
}

/// What happened to whom. Rows are idempotent: the same one twice changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A session ended.
    SessionRevoked {
        /// Which.
        session: SessionId,
        /// Whose, where the node that wrote the row said so.
        user: Option<UserId>,
        /// Why.
        reason: EndReason,
    },
    /// All of a user's sessions begun at or before a moment ended, but for one.
    UserNotBefore {
        /// Whose.
        user: UserId,
        /// The moment.
        not_before: Timestamp,
        /// The session that goes on: the one in which the user changed their own password.
        except: Option<SessionId>,
        /// Why.
        reason: EndReason,
    },
    /// All sessions begun at or before a moment ended, whoever's.
    EveryoneNotBefore {
        /// The moment.
        not_before: Timestamp,
        /// Why.
        reason: EndReason,
    },
    /// Something that caches hold of a user changed: grants, names, enabled again.
    UserChanged {
        /// Whose.
        user: UserId,
    },
    /// Something about an API key changed: what it may do, its secret, whether it still counts.
    ApiKeyChanged {
        /// Which.
        key: ApiKeyId,
    },
    /// Something about a client changed: what holds for it, its secret, whether it still counts.
    ClientChanged {
        /// Which.
        client: ClientId,
    },
    /// The set of signing keys changed.
    SigningKeysChanged,
    /// The registry of scopes changed, and with it what grants come to.
    ScopesChanged,
}
