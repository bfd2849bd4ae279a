//! What each cause means for whoever typed the command.

use super::{Failure, Kind, sentence};
use crate::{
    app::MasterKeysError,
    auth::AuthError,
    config::ConfigError,
    store::{
        error::{StoreError, UNAVAILABLE},
        opening::OpenError,
    },
    telemetry::{LoggingError, MetricsError},
};

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::all(Kind::Usage, error.problems)
    }
}

/// Refusals of a verb. What concerns a field says which; passwords are never repeated.
impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Invalid(fields) => {
                let weak = fields.iter().all(|field| field.pointer == "/password");
                let kind = if weak { Kind::Refused } else { Kind::Usage };
                let sentences = fields
                    .iter()
                    .map(|field| {
                        let name = field.pointer.trim_start_matches('/');
                        format!("{name}: {}", field.detail)
                    })
                    .collect();
                Self::all(kind, sentences)
            }
            AuthError::UnknownScope(scope) => Self::new(
                Kind::NotFound,
                format_args!(
                    "There is no scope {:?}; `signet scope add {scope}` registers it, \
                     `signet scope list` names all.",
                    scope.as_str()
                ),
            ),
            AuthError::NotFound => Self::new(Kind::NotFound, "There is no such thing (any more)."),
            AuthError::Unavailable(trouble) => match trouble.cause.strip_prefix(UNAVAILABLE) {
                Some(cause) => Self::database(cause),
                None => Self::new(Kind::Unavailable, sentence(&trouble.cause)),
            },
            AuthError::Internal(_) => Self::new(Kind::Failed, sentence(&error.to_string())),
            AuthError::InvalidCredentials(_)
            | AuthError::Throttled(_)
            | AuthError::RotationThrottled { .. }
            | AuthError::IntrospectionThrottled { .. }
            | AuthError::InvalidClient
            | AuthError::InvalidAccessToken
            | AuthError::InvalidRefreshToken
            | AuthError::ApiKey(_)
            | AuthError::TooManySessions
            | AuthError::SessionEnded(_)
            | AuthError::InsufficientScope(_)
            | AuthError::MissingScopes(_)
            | AuthError::ForeignPage
            | AuthError::WouldEscalate
            | AuthError::ReauthenticationRequired
            | AuthError::Conflict(_)
            | AuthError::TokenTooLarge => Self::new(Kind::Refused, sentence(&error.to_string())),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<&StoreError> for Failure {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => Self::database(cause),
            StoreError::Conflict(conflict) => {
                Self::new(Kind::Refused, sentence(&conflict.to_string()))
            }
            StoreError::Corrupt(_) => Self::new(Kind::Failed, sentence(&error.to_string())),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::from(&error)
    }
}

impl From<&OpenError> for Failure {
    fn from(error: &OpenError) -> Self {
        match error {
            OpenError::Missing(path) => {
                let here = std::env::current_dir().unwrap_or_default();
                let folder = if path.is_absolute() {
                    String::new()
                } else {
                    format!(" (in {})", here.display())
                };
                Self::new(
                    Kind::Usage,
                    format_args!(
                        "There is no database at {}{folder}; `signet serve` makes it, or name \
                         another with --config or SIGNET_STORE__DATABASE.",
                        path.display()
                    ),
                )
            }
            OpenError::Unusable { .. } => Self::new(
                Kind::Usage,
                format_args!("store.database: {error}; name another file."),
            ),
            OpenError::Served(path) => Self::new(
                Kind::Unavailable,
                format_args!(
                    "The database {} is served by another process already; stop that one, or \
                     give this one a database of its own with SIGNET_STORE__DATABASE.",
                    path.display()
                ),
            ),
            OpenError::Outdated(pending) => Self::new(
                Kind::Usage,
                format_args!(
                    "The database is not up to date, it lacks {}; run `signet migrate`, or `signet \
                     serve` with store.migrate set to \"at_start\".",
                    pending.join(", ")
                ),
            ),
            OpenError::Store(cause) => cause.into(),
        }
    }
}

/// What keeps an app from opening.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        for cause in error.chain() {
            if let Some(cause) = cause.downcast_ref::<OpenError>() {
                return cause.into();
            }
            match cause.downcast_ref::<MasterKeysError>() {
                Some(MasterKeysError::Store(cause)) => return cause.into(),
                Some(wrong) => return Self::new(Kind::Usage, sentence(&wrong.to_string())),
                None => {}
            }
            if let Some(cause @ StoreError::Unavailable(_)) = cause.downcast_ref() {
                return cause.into();
            }
        }
        Self::new(Kind::Failed, sentence(&format!("{error:#}")))
    }
}

impl From<LoggingError> for Failure {
    fn from(error: LoggingError) -> Self {
        Self::new(Kind::Failed, sentence(&error.to_string()))
    }
}

impl From<MetricsError> for Failure {
    fn from(error: MetricsError) -> Self {
        Self::new(Kind::Failed, sentence(&error.to_string()))
    }
}
