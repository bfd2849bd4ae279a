//! What can go wrong in the store.

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};
use sqlx::migrate::MigrateError;

use super::dialect;
use crate::model::id::ApiKeyId;

/// All connections were in use for too long.
const BUSY: &str = "it has no connection free: it is too busy";

/// What the words of [`StoreError::Unavailable`] begin with; the cause follows.
pub const UNAVAILABLE: &str = "the database is unavailable: ";

/// Why the store did not do as it was told. In each case it changed nothing, except that after
/// [`Unavailable`](Self::Unavailable) a write may have been done all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or written now: try again (503).
    #[error("{UNAVAILABLE}{0}")]
    Unavailable(String),
    /// The state of things forbids it.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// What is stored, or what the database answered, makes no sense: somebody must look (500).
    #[error("the database holds or says something unexpected: {0}")]
    Corrupt(String),
}

/// Which state of things forbids it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Somebody has this username.
    #[error("the username is taken")]
    UsernameTaken,
    /// Somebody has this e-mail address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// There is no such user (any more).
    #[error("there is no such user")]
    NoSuchUser,
    /// The user's credentials changed since they were read.
    #[error("the user's credentials have changed meanwhile")]
    CredentialsChanged,
    /// Nobody else who is enabled holds `*`.
    #[error("this is the last enabled user who holds `*`")]
    LastAdministrator,
    /// The owner has a key of this name, which is not revoked.
    #[error("there is a key of this name already: {0}")]
    ApiKeyExists(ApiKeyId),
    /// The user has as many keys as anybody may have.
    #[error("the user has {0} keys that count still, and may have no more")]
    TooManyApiKeys(u32),
    /// A key is not in the version in which it was believed to be, or is revoked.
    #[error("the key was changed or revoked meanwhile")]
    ApiKeyMoved,
    /// A client is not in the version in which it was believed to be, or was deleted.
    #[error("the client was changed or deleted meanwhile")]
    ClientMoved,
    /// There are as many clients as there may be.
    #[error("there are 10000 clients, and no more may be")]
    TooManyClients,
    /// What holds for the default client is configured.
    #[error("the default client is configured: see [default_client] in signet.toml")]
    DefaultClient,
    /// It has no secret, and needs none.
    #[error("a public client has no secret")]
    PublicClient,
    /// Its keys prove it.
    #[error("the client authenticates with its keys, and no secret of it counts")]
    KeyedClient,
    /// A scope of this name is registered.
    #[error("the scope is registered already")]
    ScopeExists,
    /// It is Signet's own.
    #[error("what begins with `signet.` is built in")]
    BuiltIn,
    /// A scope is granted that is not registered (any more).
    #[error("the scope is not registered")]
    UnknownScope,
    /// A signing key is not in the state in which it was believed to be.
    #[error("a signing key has changed its state meanwhile")]
    SigningKeyMoved,
    /// A key of that identifier is there, or was.
    #[error("that signing key is known already, and a key lives once")]
    SigningKeyKnown,
    /// The key that would take over has not been published for long enough.
    #[error("the next signing key has not been published for long enough")]
    SigningKeyNotReady,
}

impl StoreError {
    /// Wraps what was found where something else must be.
    pub(super) fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => Self::Unavailable(BUSY.to_owned()),
            DbErr::Conn(RuntimeErr::SqlxError(cause)) => match from_sqlx(cause) {
                Self::Corrupt(text) => Self::Unavailable(text),
                other => other,
            },
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable(error.to_string()),
            DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause)) => from_sqlx(cause),
            _ => Self::Corrupt(error.to_string()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        from_sqlx(&error)
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(cause) => from_sqlx(&cause),
            MigrateError::VersionMissing(version) => Self::Corrupt(format!(
                "the database has migration {version}, which this version of signet does not \
                 know: run a newer one"
            )),
            other => Self::corrupt(other),
        }
    }
}

/// A refusal by the database for a reason of its own is trouble; one for a reason in the statement
/// or the data is our fault.
fn from_sqlx(error: &sqlx::Error) -> StoreError {
    let text = error.to_string();
    match error {
        sqlx::Error::Database(refusal) => match refusal.code() {
            Some(code) if !dialect::is_trouble(&code) => StoreError::Corrupt(text),
            Some(code) => StoreError::Unavailable(
                dialect::in_words(&code)
                    .map_or_else(|| refusal.message().to_owned(), str::to_owned),
            ),
            None => StoreError::Unavailable(refusal.message().to_owned()),
        },
        sqlx::Error::PoolTimedOut => StoreError::Unavailable(BUSY.to_owned()),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Encode(_) => {
            StoreError::Corrupt(text)
        }
        _ => StoreError::Unavailable(text),
    }
}
