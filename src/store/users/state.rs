//! Disabling, enabling and deleting users.

use super::{Users, exists, not_the_last_administrator, one_at_a_time};
use crate::{
    model::{change::Change, id::UserId, session::EndReason},
    store::{
        api_keys, changes,
        error::{Conflict, StoreError},
        families::end_all,
        job::Step,
    },
};

impl Users {
    /// Disables a user and ends their sessions. Whether they were enabled.
    /// [`LastAdministrator`](Conflict::LastAdministrator) where nobody else enabled holds `*`.
    pub async fn disable(&self, user: UserId) -> Result<bool, StoreError> {
        let work = self
            .database
            .write(move |step| Box::pin(disable(step, user)));
        work.await
    }

    /// Enables a user again; their sessions stay over. Whether they were disabled.
    pub async fn enable(&self, user: UserId) -> Result<bool, StoreError> {
        let work = self
            .database
            .write(move |step| Box::pin(enable(step, user)));
        work.await
    }

    /// Erases the person: names, password, grants, where they logged in from; ends their
    /// sessions; keeps the id, which is never used again. Whether there was one.
    /// [`LastAdministrator`](Conflict::LastAdministrator) where nobody else enabled holds `*`.
    pub async fn delete(&self, user: UserId) -> Result<bool, StoreError> {
        let work = self.database.write(move |step| Box::pin(erase(step, user)));
        work.await
    }
}

async fn disable(step: &Step<'_>, user: UserId) -> Result<bool, StoreError> {
    one_at_a_time(step).await?;
    let values = || [user.to_string().into(), step.now.millis().into()];
    if step.sql.execute(DISABLE, values()).await? > 0 {
        end_all(step, user, None, EndReason::UserDisabled).await?;
        return Ok(true);
    }
    if !exists(step, user).await? {
        return Err(Conflict::NoSuchUser.into());
    }
    match step.sql.one(IS_DISABLED, [user.to_string().into()]).await? {
        Some(_) => Ok(false),
        None => Err(Conflict::LastAdministrator.into()),
    }
}

async fn enable(step: &Step<'_>, user: UserId) -> Result<bool, StoreError> {
    if step.sql.execute(ENABLE, [user.to_string().into()]).await? > 0 {
        changes::append(step, &Change::UserChanged { user }).await?;
        return Ok(true);
    }
    if exists(step, user).await? {
        Ok(false)
    } else {
        Err(Conflict::NoSuchUser.into())
    }
}

async fn erase(step: &Step<'_>, user: UserId) -> Result<bool, StoreError> {
    one_at_a_time(step).await?;
    let id = || user.to_string().into();
    if step
        .sql
        .execute(ERASE, [id(), step.now.millis().into()])
        .await?
        == 0
    {
        return if exists(step, user).await? {
            Err(Conflict::LastAdministrator.into())
        } else {
            Ok(false)
        };
    }
    for forget in [FORGET_NAMES, FORGET_GRANTS, FORGET_ORIGINS] {
        step.sql.execute(forget, [id()]).await?;
    }
    api_keys::erase_of(step, user).await?;
    end_all(step, user, None, EndReason::UserDisabled).await?;
    Ok(true)
}

const DISABLE: &str = concat!(
    "UPDATE users SET
        disabled_at = $2,
        not_before = CASE WHEN not_before < $2 THEN $2 ELSE not_before END
    WHERE id = $1 AND disabled_at IS NULL AND erased_at IS NULL AND ",
    not_the_last_administrator!()
);

const IS_DISABLED: &str = "SELECT 1 FROM users WHERE id = $1 AND disabled_at IS NOT NULL";

const ENABLE: &str = "
UPDATE users SET disabled_at = NULL
WHERE id = $1 AND disabled_at IS NOT NULL AND erased_at IS NULL";

const ERASE: &str = concat!(
    "UPDATE users SET
        erased_at = $2,
        disabled_at = CASE WHEN disabled_at IS NULL THEN $2 ELSE disabled_at END,
        password_hash = NULL,
        credential_version = credential_version + 1,
        not_before = CASE WHEN not_before < $2 THEN $2 ELSE not_before END
    WHERE id = $1 AND erased_at IS NULL AND (disabled_at IS NOT NULL OR ",
    not_the_last_administrator!(),
    ")"
);

const FORGET_NAMES: &str = "DELETE FROM login_names WHERE user_id = $1";

const FORGET_GRANTS: &str = "DELETE FROM user_grants WHERE user_id = $1";

const FORGET_ORIGINS: &str = "UPDATE sessions SET label = NULL, address = NULL WHERE user_id = $1";
