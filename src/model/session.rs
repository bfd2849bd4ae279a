//! A session: one login, and the family of refresh tokens that grows from it.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    id::{ClientId, SessionId, UserId},
    refresh_token::Generation,
    scope::Scopes,
    time::Timestamp,
};

/// What a session is stored under: SHA-256 over the handle that only its tokens carry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionDigest(pub [u8; 32]);

impl fmt::Debug for SessionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionDigest(…)")
    }
}

/// The record of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Its public identifier (`sid`), independent of the handle.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The client that logged the user in, the only one that may refresh it.
    pub client: ClientId,
    /// What was asked for at login, and so what its access tokens may carry at most; everything
    /// that its user is granted where nothing was asked for.
    pub scopes: Option<Scopes>,
    /// Whom its access tokens are for; the default ones where empty.
    pub audiences: Vec<String>,
    /// When and how the user proved who they are.
    pub authentication: Authentication,
    /// What `advance` moves.
    pub family: Family,
    /// When the session began.
    pub created_at: Timestamp,
    /// When it ends whatever happens.
    pub absolute_expires_at: Timestamp,
    /// Why it ended, if it did.
    pub revoked: Option<EndReason>,
    /// Where the login came from.
    pub origin: Origin,
}

/// When and how the user proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authentication {
    /// When (`auth_time`, OpenID Connect Core §2).
    pub time: Timestamp,
    /// By which methods (`amr`, RFC 8176).
    pub methods: Vec<String>,
}

/// Where a login came from, as its owner will see it in a list of sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The device, in the words of its User-Agent, at most 200 characters.
    pub label: Option<String>,
    /// The address.
    pub address: Option<std::net::IpAddr>,
}

/// The part of a session that each rotation moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// The newest generation issued.
    pub generation: Generation,
    /// Which refresh key made its tag, so that a recomputed token is the same string.
    pub key_id: u8,
    /// When it was issued.
    pub rotated_at: Timestamp,
    /// When the rotation budget is whole again (GCRA's theoretical arrival time).
    pub budget_at: Timestamp,
    /// The oldest generation of the newest burst.
    pub burst_from: Generation,
    /// When that burst began.
    pub burst_at: Timestamp,
    /// When a late retry was last granted.
    pub late_at: Timestamp,
    /// When the session ends if it is not refreshed.
    pub idle_expires_at: Timestamp,
}

/// The rules that a step is judged by: those of the client and of this moment's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long a spent token is answered with its successor; zero is strict mode.
    pub reuse_interval: Duration,
    /// How often a session may be granted a late retry; zero is never.
    pub late_retry_every: Duration,
    /// How long a session lives without a refresh.
    pub idle_lifetime: Duration,
    /// The refresh key that signs what is issued now.
    pub active_key: u8,
    /// Whether a token beyond the newest generation may heal a store that lost writes: not where
    /// its key is distrusted.
    pub heal_allowed: bool,
}

/// How many living sessions a user may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimit {
    /// That many; at least one.
    pub most: u32,
    /// What happens to one more.
    pub when_full: WhenFull,
}

/// What happens to a login of somebody who has as many sessions as they may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenFull {
    /// The oldest session ends.
    EndOldest,
    /// The login is refused.
    Refuse,
}

macro_rules! end_reasons {
    ($($reason:ident = $name:literal, $doc:literal;)*) => {
        /// Why a session ended, as `session_ended` answers tell it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum EndReason {
            $(#[doc = $doc] $reason,)*
        }

        impl EndReason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$reason),*];

            /// Its name in answers and in the store.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$reason => $name,)* }
            }
        }
    };
}

end_reasons! {
    Logout = "logout", "Somebody logged out of it.";
    Idle = "idle", "It was not refreshed for its idle lifetime.";
    Absolute = "absolute", "It reached its absolute lifetime.";
    Reuse = "reuse", "A spent refresh token came back.";
    Admin = "admin", "An administrator ended it.";
    PasswordChanged = "password_changed", "The user's password was changed.";
    UserDisabled = "user_disabled", "The user was disabled or deleted.";
    ClientDisabled = "client_disabled", "Its client was disabled or deleted.";
    Replaced = "replaced", "A new login in the same browser took its place.";
    SessionLimit = "session_limit", "The user had too many sessions.";
    Unknown = "unknown", "Nothing is known of it (any more).";
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no [`EndReason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown end reason")]
pub struct EndReasonError;

impl FromStr for EndReason {
    type Err = EndReasonError;

    fn from_str(text: &str) -> Result<Self, EndReasonError> {
        Self::ALL
            .iter()
            .copied()
            .find(|reason| reason.as_str() == text)
            .ok_or(EndReasonError)
    }
}
