//! Who asks.

use std::fmt;

use crate::model::{
    id::{ApiKeyId, UserId},
    scope::Scopes,
    time::Timestamp,
    user::{User, Username},
};

/// Who asks, and by what.
#[derive(Debug, Clone)]
pub struct Identity {
    /// How they have proven who they are: one of [`Accept::KINDS`](crate::model::forward::Accept).
    pub kind: &'static str,
    /// Whom the credential speaks of.
    pub subject: Subject,
    /// The user, where it is one's.
    pub user: Option<(UserId, Username)>,
    /// The identifier of the access token, API key or session, where there is one.
    pub token_id: Option<String>,
    /// When the credential expires, if it does.
    pub expires_at: Option<Timestamp>,
    /// What it allows.
    pub scopes: Scopes,
}

/// Whom a credential speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A user.
    User(UserId),
    /// An API key that is nobody's.
    ApiKey(ApiKeyId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => user.fmt(f),
            Self::ApiKey(key) => key.fmt(f),
        }
    }
}

impl Identity {
    /// A user's, by a credential that has no identifier and no end of its own.
    pub(super) fn of_user(kind: &'static str, user: &User, scopes: Scopes) -> Self {
        Self {
            kind,
            subject: Subject::User(user.id),
            user: Some((user.id, user.username.clone())),
            token_id: None,
            expires_at: None,
            scopes,
        }
    }

    /// The same caller, allowed no more and no longer than another credential allows.
    pub(super) fn within(mut self, other: &Self) -> Self {
        self.scopes = self.scopes.intersection(&other.scopes);
        let ends = [self.expires_at, other.expires_at];
        self.expires_at = ends.into_iter().flatten().min();
        self
    }
}
