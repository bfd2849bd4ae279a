//! The one table from what a verb refuses to what the caller is told.

use std::time::Duration;

use crate::{
    auth::{AuthError, Conflict, api_keys::KeyRefusal, throttle::RateLimit},
    http::problem::{Code, FieldError, Quota, Refusal},
};

impl From<AuthError> for Refusal {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::InvalidCredentials(limit) => with_quota(Code::InvalidCredentials, limit),
            AuthError::Throttled(limit) => Self::throttled(&quota(limit)),
            AuthError::RotationThrottled { retry_after }
            | AuthError::IntrospectionThrottled { retry_after } => {
                Self::new(Code::Throttled).retry_after(seconds(retry_after))
            }
            AuthError::InvalidClient => Self::new(Code::InvalidClient),
            AuthError::InvalidAccessToken => Self::new(Code::InvalidAccessToken),
            AuthError::ApiKey(refusal) => Self::new(of_key(refusal)),
            AuthError::InvalidRefreshToken => Self::new(Code::InvalidRefreshToken),
            AuthError::TooManySessions => Self::new(Code::TooManySessions),
            AuthError::SessionEnded(reason) => Self::session_ended(reason.as_str()),
            AuthError::InsufficientScope(needed) => {
                Self::insufficient_scope(vec![needed.as_str().to_owned()])
            }
            AuthError::MissingScopes(needed) => {
                Self::insufficient_scope(needed.iter().map(ToString::to_string).collect())
            }
            AuthError::ForeignPage => Self::new(Code::CsrfRefused),
            AuthError::WouldEscalate => Self::new(Code::WouldEscalate),
            AuthError::ReauthenticationRequired => Self::new(Code::ReauthenticationRequired),
            AuthError::Invalid(errors) => {
                Self::fields(errors.into_iter().map(FieldError::from).collect())
            }
            AuthError::UnknownScope(_) => Self::field(
                "/grants",
                "unknown_scope",
                "Grant scopes that are registered, or patterns; register a scope before.",
            ),
            AuthError::NotFound => Self::new(Code::NotFound),
            AuthError::Conflict(Conflict::ApiKeyExists(id)) => Self::api_key_exists(id.to_string()),
            AuthError::Conflict(Conflict::UsernameTaken) => Self::new(Code::UsernameTaken),
            AuthError::Conflict(Conflict::EmailTaken) => Self::new(Code::EmailTaken),
            AuthError::Conflict(conflict) => Self::new(Code::Conflict).because(words(conflict)),
            AuthError::TokenTooLarge => Self::new(Code::TokenTooLarge),
            AuthError::Internal(cause) => Self::new(Code::InternalError).caused_by(cause),
            AuthError::Unavailable(trouble) => {
                Self::unavailable(seconds(trouble.retry_after)).caused_by(trouble.cause)
            }
        }
    }
}

impl From<crate::auth::FieldError> for FieldError {
    fn from(error: crate::auth::FieldError) -> Self {
        Self {
            pointer: error.pointer.to_owned(),
            code: error.code.to_owned(),
            detail: error.detail,
        }
    }
}

const fn of_key(refusal: KeyRefusal) -> Code {
    match refusal {
        KeyRefusal::Invalid => Code::InvalidApiKey,
        KeyRefusal::Expired => Code::ApiKeyExpired,
        KeyRefusal::Revoked => Code::ApiKeyRevoked,
        KeyRefusal::Disabled => Code::ApiKeyDisabled,
        KeyRefusal::OwnerDisabled => Code::OwnerDisabled,
        KeyRefusal::ReadOnly => Code::ApiKeyReadOnly,
        KeyRefusal::AddressNotAllowed => Code::AddressNotAllowed,
    }
}

/// What stands in the way, and what to do about it.
fn words(conflict: Conflict) -> &'static str {
    match conflict {
        Conflict::UsernameTaken => "The username is taken: choose another.",
        Conflict::EmailTaken => "The e-mail address is taken: choose another.",
        Conflict::NoSuchUser => "The user does not exist any more.",
        Conflict::CredentialsChanged => "The password was changed meanwhile: log in again.",
        Conflict::ApiKeyExists(_) => "There is a key of this name: rotate it, or choose another.",
        Conflict::TooManyApiKeys(_) => "There are as many keys as one may have: revoke one first.",
        Conflict::ApiKeyMoved => "The key was changed or revoked meanwhile: look again.",
        Conflict::SigningKeyMoved => "The signing key is in another state by now: look again.",
        Conflict::SigningKeyKnown => "That signing key is known already, and a key lives once.",
        Conflict::ClientMoved => "The client was changed or deleted meanwhile: look again.",
        Conflict::TooManyClients => "There are as many clients as may be: delete one first.",
        Conflict::DefaultClient => "What holds for the default client is configured: change that.",
        Conflict::PublicClient => "A public client has no secret.",
        Conflict::KeyedClient => "The client authenticates with its keys: take these out first.",
        Conflict::SigningKeyNotReady => {
            "Some verifiers do not know the next key yet: wait until its `ready_at`, or revoke the active key."
        }
        Conflict::ScopeExists => "The scope is registered already.",
        Conflict::UnknownScope => "A scope was taken out meanwhile: look which there are.",
        Conflict::BuiltIn => "Scopes that begin with `signet.` are built in and stay.",
        Conflict::LastAdministrator => "The last user who holds `*` must stay: grant it first.",
    }
}

fn with_quota(code: Code, limit: RateLimit) -> Refusal {
    let headers = quota(limit).headers();
    headers
        .into_iter()
        .fold(Refusal::new(code), |refusal, (name, value)| {
            refusal.header(name, value)
        })
}

fn quota(limit: RateLimit) -> Quota {
    Quota {
        policy: "login",
        limit: u64::from(limit.quota),
        window: seconds(limit.window),
        remaining: u64::from(limit.remaining),
        reset: seconds(limit.reset),
    }
}

/// Whole seconds, rounded up: whoever waits that long has waited long enough.
pub(super) fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
