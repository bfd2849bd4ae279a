//! Passwords: setting one ends sessions; hashing the same one anew does not.

use super::{PasswordHash, Users, exists};
use crate::{
    model::{
        id::{SessionId, UserId},
        session::EndReason,
    },
    store::{
        error::{Conflict, StoreError},
        families::end_all,
        job::Step,
    },
};

/// A password to set.
#[derive(Clone)]
pub struct NewPassword {
    /// Its hash.
    pub hash: PasswordHash,
    /// The credential version against which the old password was checked; none where it was not.
    pub expected_version: Option<i64>,
    /// The session that goes on: the one in which users change their own password.
    pub except: Option<SessionId>,
    /// What the others hear.
    pub reason: EndReason,
}

impl Users {
    /// Sets a password and ends all sessions but the excepted one.
    /// [`CredentialsChanged`](Conflict::CredentialsChanged) where another version was expected.
    pub async fn set_password(&self, user: UserId, new: NewPassword) -> Result<(), StoreError> {
        let work = self
            .database
            .write(move |step| Box::pin(set(step, user, new)));
        work.await
    }

    /// Replaces the hash of a password by another hash of the same password, unless it was
    /// changed meanwhile. Whether it did.
    pub async fn rehash(
        &self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let values = [
            user.to_string().into(),
            old.as_str().into(),
            new.as_str().into(),
        ];
        let work = self
            .database
            .write_once(move |sql| Box::pin(async move { sql.execute(REHASH, values).await }));
        Ok(work.await? > 0)
    }
}

async fn set(step: &Step<'_>, user: UserId, new: NewPassword) -> Result<(), StoreError> {
    let values = [
        user.to_string().into(),
        step.now.millis().into(),
        new.hash.as_str().into(),
        new.expected_version.into(),
    ];
    if step.sql.execute(SET, values).await? == 0 {
        let cause = if exists(step, user).await? {
            Conflict::CredentialsChanged
        } else {
            Conflict::NoSuchUser
        };
        return Err(cause.into());
    }
    end_all(step, user, new.except, new.reason).await
}

const SET: &str = "
UPDATE users SET
    password_hash = $3,
    credential_version = credential_version + 1,
    not_before = CASE WHEN not_before < $2 THEN $2 ELSE not_before END
WHERE id = $1 AND erased_at IS NULL AND ($4 IS NULL OR credential_version = $4)";

const REHASH: &str = "
UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
