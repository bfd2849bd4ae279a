//! Creating users.

use super::{NewUser, Users, grants::insert_grant};
use crate::{
    model::{
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
    insert_name(step, &new, &username, Conflict::UsernameTaken).await?;
    if let Some(email) = &new.email {
        let email = LoginName::Email(email.clone());
        insert_name(step, &new, &email, Conflict::EmailTaken).await?;
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

async fn insert_name(
    step: &Step<'_>,
    new: &NewUser,
    name: &LoginName,
    taken: Conflict,
) -> Result<(), StoreError> {
    let kind = match name {
        LoginName::Username(_) => "username",
        LoginName::Email(_) => "email",
    };
    let values = [name.as_str().into(), new.id.to_string().into(), kind.into()];
    match step.sql.execute(INSERT_NAME, values).await? {
        0 => Err(taken.into()),
        _ => Ok(()),
    }
}

const INSERT_USER: &str = "
INSERT INTO users (id, password_hash, credential_version, not_before, created_at)
VALUES ($1, $2, 1, 0, $3)";

const INSERT_NAME: &str = "
INSERT INTO login_names (name, user_id, kind) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
