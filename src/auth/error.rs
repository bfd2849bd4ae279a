//! What a verb can answer instead of success. What the caller is told and what the log is told are
//! separate: causes never reach an answer.

use std::time::Duration;

use crate::model::{
    own_scope::OwnScope,
    password_policy::PasswordRefusal,
    scope::{Scope, Scopes},
    session::EndReason,
};

use super::{api_keys::KeyRefusal, throttle::RateLimit};
pub use crate::store::error::Conflict;

/// Why a verb did not do what it was asked for. The words are for the log and the command line.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Name, password or both are wrong, or the user is disabled: never told apart.
    #[error("name or password is wrong, or the user is disabled")]
    InvalidCredentials(RateLimit),
    /// Too many attempts.
    #[error("too many attempts: wait {} s", .0.reset.as_secs().max(1))]
    Throttled(RateLimit),
    /// Too many credentials that are none were asked about.
    #[error("too many credentials that are not active were asked about")]
    IntrospectionThrottled {
        /// When the next answer of that kind is earned.
        retry_after: Duration,
    },
    /// The session rotates too fast.
    #[error("the session refreshes too often")]
    RotationThrottled {
        /// When the next rotation is earned.
        retry_after: Duration,
    },
    /// The client is not there, or did not prove that it is the one it says: never told apart.
    #[error("the client is unknown, or not proven")]
    InvalidClient,
    /// The access token is not ours, not valid any more, or not for us.
    #[error("the access token is not valid")]
    InvalidAccessToken,
    /// The API key does not count, or not for this.
    #[error(transparent)]
    ApiKey(KeyRefusal),
    /// The refresh token is not ours, or another client's.
    #[error("the refresh token is not valid")]
    InvalidRefreshToken,
    /// The credentials are right, and the user has as many sessions as they may have.
    #[error("the user has too many sessions")]
    TooManySessions,
    /// The session is over.
    #[error("the session is over: {0}")]
    SessionEnded(EndReason),
    /// The credential is good, and does not include this scope.
    #[error("the scope {} is needed", .0.as_str())]
    InsufficientScope(OwnScope),
    /// The credential is good, and lacks one of these scopes.
    #[error("the scopes {0} are needed")]
    MissingScopes(Scopes),
    /// A request by cookie was sent by a page that has no business there.
    #[error("the request did not come from a page of the application")]
    ForeignPage,
    /// The one acted upon holds more than the actor's credential includes.
    #[error("the user is granted more than the caller's credential includes")]
    WouldEscalate,
    /// The current password is wrong, or it is needed and was not given.
    #[error("the current password is wrong or missing")]
    ReauthenticationRequired,
    /// Fields of the request mean nothing acceptable.
    #[error("{}", sentence(.0))]
    Invalid(Vec<FieldError>),
    /// A grant names a scope that is not registered.
    #[error("there is no scope {0}")]
    UnknownScope(Scope),
    /// No such thing, or not the caller's.
    #[error("there is no such thing")]
    NotFound,
    /// The state of things forbids it.
    #[error("{0}")]
    Conflict(Conflict),
    /// The access token would be larger than 4 KiB.
    #[error("the access token would be larger than 4 KiB")]
    TokenTooLarge,
    /// Our own fault: what is stored makes no sense.
    #[error("internal error: {0}")]
    Internal(String),
    /// Trouble behind us: nobody's credential is called invalid for it.
    #[error("unavailable: {}", .0.cause)]
    Unavailable(Unavailable),
}

/// Trouble behind us.
#[derive(Debug)]
pub struct Unavailable {
    /// When to come back.
    pub retry_after: Duration,
    /// What happened, for the log alone.
    pub cause: String,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where it stands in the body (RFC 6901).
    pub pointer: &'static str,
    /// What is wrong, for programs.
    pub code: &'static str,
    /// What to do about it, for people.
    pub detail: String,
}

impl AuthError {
    /// The refusal of a single field.
    #[must_use]
    pub fn field(pointer: &'static str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError {
            pointer,
            code,
            detail: detail.into(),
        }])
    }

    /// Trouble behind us, of which only the log hears the cause.
    pub fn unavailable(cause: impl std::fmt::Display) -> Self {
        let retry_after = Duration::from_secs(1);
        Self::Unavailable(Unavailable {
            retry_after,
            cause: cause.to_string(),
        })
    }

    /// The refusal of a new password that stands at `pointer`.
    #[must_use]
    pub fn password(pointer: &'static str, refusal: PasswordRefusal) -> Self {
        Self::field(pointer, refusal.code(), refusal.to_string())
    }
}

/// The fields' errors in one line.
fn sentence(errors: &[FieldError]) -> String {
    let line = |error: &FieldError| {
        format!(
            "{}: {}",
            error.pointer.trim_start_matches('/'),
            error.detail
        )
    };
    errors.iter().map(line).collect::<Vec<_>>().join(" ")
}
