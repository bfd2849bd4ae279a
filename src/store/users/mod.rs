//! Users: the names they log in with, their password's hash, what they are granted.
//!
//! What changes a user's credentials or state ends their sessions where it must and tells the
//! change log, all in one step. Ids are never reused: deleting erases the person and keeps the id.

mod create;
mod everyone;
mod grants;
mod import;
mod password;
mod read;
mod state;
mod update;

use zeroize::Zeroizing;

use super::{
    database::Database,
    error::{Conflict, StoreError},
    job::Step,
};
use crate::model::{
    id::UserId,
    scope::Grants,
    user::{Email, User, Username},
};

pub use import::{Imported, ImportedUser, Names};
pub use password::NewPassword;
pub use update::UserPatch;

/// The users of a database.
#[derive(Clone)]
pub struct Users {
    database: Database,
}

/// A user to create.
#[derive(Clone)]
pub struct NewUser {
    /// The identifier, fresh.
    pub id: UserId,
    /// The name that they log in with.
    pub username: Username,
    /// The e-mail address that they may log in with too.
    pub email: Option<Email>,
    /// The hash of their password; without one they cannot log in yet.
    pub password_hash: Option<PasswordHash>,
    /// What they may be given.
    pub grants: Grants,
}

/// A user, and what their password is checked against.
#[derive(Clone)]
pub struct Credentials {
    /// Whose.
    pub user: User,
    /// The hash; none for a user without a password.
    pub password_hash: Option<PasswordHash>,
}

/// The hash of a password, as a PHC string. Not shown, not logged, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Zeroizing<String>);

impl PasswordHash {
    /// Takes a PHC string.
    #[must_use]
    pub fn new(phc: String) -> Self {
        Self(Zeroizing::new(phc))
    }

    /// The PHC string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which users to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Those with a login name that begins with this folded text.
    pub name_prefix: Option<String>,
    /// Those who are disabled, or are not.
    pub disabled: Option<bool>,
}

impl Users {
    /// The users of this database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

/// Whether there is such a user, as part of a step.
async fn exists(step: &Step<'_>, user: UserId) -> Result<bool, StoreError> {
    const EXISTS: &str = "SELECT 1 FROM users WHERE id = $1 AND erased_at IS NULL";
    let row = step.sql.one(EXISTS, [user.to_string().into()]).await?;
    Ok(row.is_some())
}

/// Refuses where there is no such user; the row of one who is there stays as it is until the end of
/// the step.
async fn require(step: &Step<'_>, user: UserId) -> Result<(), StoreError> {
    const EXISTS: &str = "
SELECT 1 FROM users WHERE id = $1 AND erased_at IS NULL
FOR UPDATE";
    match step.sql.one(EXISTS, [user.to_string().into()]).await? {
        Some(_) => Ok(()),
        None => Err(Conflict::NoSuchUser.into()),
    }
}

/// Has all steps that may take `*` from somebody go one after the other: of two administrators who
/// disable each other one would win, and nobody be left. Before any other lock.
async fn one_at_a_time(step: &Step<'_>) -> Result<(), StoreError> {
    const LOCK: &str = "
SELECT user_id FROM user_grants WHERE pattern = '*' ORDER BY user_id
FOR UPDATE";
    step.sql.all(LOCK, []).await.map(drop)
}

/// The condition that `$1` may lose `*`: they do not hold it, or another enabled user does too.
macro_rules! not_the_last_administrator {
    () => {
        "(
            NOT EXISTS (SELECT 1 FROM user_grants WHERE pattern = '*' AND user_id = $1)
            OR EXISTS (
                SELECT 1 FROM user_grants JOIN users AS other ON other.id = user_grants.user_id
                WHERE user_grants.pattern = '*' AND other.id <> $1
                    AND other.disabled_at IS NULL AND other.erased_at IS NULL
            )
        )"
    };
}
use not_the_last_administrator;
