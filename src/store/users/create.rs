//! Creating users.

use super::{NewUser, Users, grants::insert_grant};
use crate::{
    model::{
        id::UserId,
        time::Timestamp,
        user::{LoginName, User},
    },
    store::{
        error::{Conflict, StoreError},
        job::Step,
    },
};

impl Users {
    /// Creates a user. [`UsernameTaken`](Conflict::UsernameTaken) and
    /// [`EmailTaken`](Conflict::EmailTaken) where somebody logs in with that name already.
    pub async fn create(&self, new: NewUser) -> Result<User, StoreError> {
        let work = self.database.write(move |step| Box::pin(create(step, new)));
        work.await
    }
}

async fn create(step: &Step<'_>, new: NewUser) -> Result<User, StoreError> {
    let hash = new.password_hash.as_ref();
    let values = [
        new.id.to_string().into(),
        hash.map(|hash| hash.as_str().to_owned()).into(),
        step.now.millis().into(),
    ];
    step.sql.execute(INSERT_USER, values).await?;
    let username = LoginName::Username(new.username.clone());
    insert_name(step, new.id, &username).await?;
    if let Some(email) = &new.email {
        insert_name(step, new.id, &LoginName::Email(email.clone())).await?;
    }
    for grant in new.grants.iter() {
        insert_grant(step, new.id, grant).await?;
    }
    Ok(User {
        id: new.id,
        username: new.username,
        email: new.email,
        grants: new.grants,
        disabled_at: None,
        not_before: Timestamp::from_millis(0),
        credential_version: 1,
        created_at: step.now,
    })
}

/// Inserts a name that a user logs in with, as part of a step.
pub(super) async fn insert_name(
    step: &Step<'_>,
    user: UserId,
    name: &LoginName,
) -> Result<(), StoreError> {
    let (kind, taken) = match name {
        LoginName::Username(_) => (USERNAME, Conflict::UsernameTaken),
        LoginName::Email(_) => (EMAIL, Conflict::EmailTaken),
    };
    let values = [name.as_str().into(), user.to_string().into(), kind.into()];
    match step.sql.execute(INSERT_NAME, values).await? {
        0 => Err(taken.into()),
        _ => Ok(()),
    }
}

/// The kind of the name that somebody is called by.
pub(super) const USERNAME: &str = "username";

/// The kind of an e-mail address.
pub(super) const EMAIL: &str = "email";

const INSERT_USER: &str = "
INSERT INTO users (id, password_hash, credential_version, not_before, created_at)
VALUES ($1, $2, 1, 0, $3)";

const INSERT_NAME: &str = "
INSERT INTO login_names (name, user_id, kind) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
