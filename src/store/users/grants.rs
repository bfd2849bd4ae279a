//! What users are granted.

use super::{Users, not_the_last_administrator, one_at_a_time, require};
use crate::{
    model::{change::Change, id::UserId, scope::Grant},
    store::{
        changes,
        error::{Conflict, StoreError},
        job::Step,
        scopes,
    },
};

impl Users {
    /// Grants all of these, or none; whether any is new.
    /// [`UnknownScope`](Conflict::UnknownScope) where one names a scope that is not registered.
    pub async fn grant(&self, user: UserId, grants: &[Grant]) -> Result<bool, StoreError> {
        let grants = grants.to_vec();
        let work = self.database.write(move |step| {
            Box::pin(async move {
                require(step, user).await?;
                let mut new = false;
                for grant in &grants {
                    new |= insert_grant(step, user, grant).await?;
                }
                tell(step, user, new).await
            })
        });
        work.await
    }

    /// Takes all of these grants away, or none; whether any was there.
    /// [`LastAdministrator`](Conflict::LastAdministrator) where nobody else enabled holds `*`.
    pub async fn ungrant(&self, user: UserId, grants: &[Grant]) -> Result<bool, StoreError> {
        let grants = grants.to_vec();
        let work = self.database.write(move |step| {
            Box::pin(async move {
                one_at_a_time(step).await?;
                require(step, user).await?;
                let mut removed = false;
                for grant in &grants {
                    removed |= delete_grant(step, user, grant).await?;
                }
                tell(step, user, removed).await
            })
        });
        work.await
    }
}

/// Inserts a grant as part of a step; whether it is new.
pub(super) async fn insert_grant(
    step: &Step<'_>,
    user: UserId,
    grant: &Grant,
) -> Result<bool, StoreError> {
    scopes::require(step, [grant]).await?;
    let values = [user.to_string().into(), grant.as_str().into()];
    Ok(step.sql.execute(INSERT, values).await? > 0)
}

async fn delete_grant(step: &Step<'_>, user: UserId, grant: &Grant) -> Result<bool, StoreError> {
    let values = || [user.to_string().into(), grant.as_str().into()];
    let removed = step.sql.execute(DELETE, values()).await? > 0;
    if !removed && step.sql.one(HOLDS, values()).await?.is_some() {
        return Err(Conflict::LastAdministrator.into());
    }
    Ok(removed)
}

async fn tell(step: &Step<'_>, user: UserId, changed: bool) -> Result<bool, StoreError> {
    if changed {
        changes::append(step, &Change::UserChanged { user }).await?;
    }
    Ok(changed)
}

const INSERT: &str = "
INSERT INTO user_grants (user_id, pattern) VALUES ($1, $2)
ON CONFLICT (user_id, pattern) DO NOTHING";

const DELETE: &str = concat!(
    "DELETE FROM user_grants WHERE user_id = $1 AND pattern = $2 AND ($2 <> '*' OR ",
    not_the_last_administrator!(),
    ")"
);

const HOLDS: &str = "SELECT 1 FROM user_grants WHERE user_id = $1 AND pattern = $2";
