//! Changing the names that a user logs in with.

use super::{
    Users,
    create::{EMAIL, USERNAME, insert_name},
    require,
};
use crate::{
    model::{
        change::Change,
        id::UserId,
        user::{Email, LoginName, Username},
    },
    store::{changes, error::StoreError, job::Step},
};

/// What to change of a user; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserPatch {
    /// The name that they log in with.
    pub username: Option<Username>,
    /// The e-mail address, or that there is none from now on.
    pub email: Option<Option<Email>>,
}

impl Users {
    /// Changes all of this, or nothing; whether anything is other than before.
    /// [`UsernameTaken`](crate::store::error::Conflict::UsernameTaken) and
    /// [`EmailTaken`](crate::store::error::Conflict::EmailTaken) where somebody else logs in with
    /// that name. Sessions go on.
    pub async fn update(&self, user: UserId, patch: UserPatch) -> Result<bool, StoreError> {
        let work = self
            .database
            .write(move |step| Box::pin(update(step, user, patch)));
        work.await
    }
}

async fn update(step: &Step<'_>, user: UserId, patch: UserPatch) -> Result<bool, StoreError> {
    require(step, user).await?;
    let mut changed = false;
    if let Some(name) = patch.username.map(LoginName::Username) {
        changed |= replace(step, user, USERNAME, Some(name)).await?;
    }
    if let Some(email) = patch.email {
        changed |= replace(step, user, EMAIL, email.map(LoginName::Email)).await?;
    }
    if changed {
        changes::append(step, &Change::UserChanged { user }).await?;
    }
    Ok(changed)
}

/// Replaces the name of one kind; whether it is another one.
async fn replace(
    step: &Step<'_>,
    user: UserId,
    kind: &str,
    name: Option<LoginName>,
) -> Result<bool, StoreError> {
    let kept = name.as_ref().map(|name| name.as_str().to_owned());
    let values = [user.to_string().into(), kind.into(), kept.clone().into()];
    if kept.is_some() && step.sql.one(HAS, values.clone()).await?.is_some() {
        return Ok(false);
    }
    let [user_id, kind, _] = values;
    let forgotten = step.sql.execute(FORGET, [user_id, kind]).await? > 0;
    match &name {
        Some(name) => insert_name(step, user, name).await.map(|()| true),
        None => Ok(forgotten),
    }
}

const HAS: &str = "SELECT 1 FROM login_names WHERE user_id = $1 AND kind = $2 AND name = $3";

const FORGET: &str = "DELETE FROM login_names WHERE user_id = $1 AND kind = $2";
