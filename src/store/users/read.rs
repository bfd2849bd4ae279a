//! Finding and listing users.

use sea_orm::QueryResult;

use super::{Credentials, PasswordHash, UserFilter, Users};
use crate::{
    model::{
        id::UserId,
        scope::Grants,
        time::Timestamp,
        user::{LoginName, User},
    },
    store::{
        error::StoreError,
        paging::{Page, Paging},
        sql::Columns as _,
    },
};

impl Users {
    /// Whoever logs in with `name`: one read.
    pub async fn by_login_name(&self, name: &LoginName) -> Result<Option<Credentials>, StoreError> {
        self.one(BY_LOGIN_NAME, name.as_str().to_owned()).await
    }

    /// The user of this identifier, with their password's hash.
    pub async fn credentials(&self, id: UserId) -> Result<Option<Credentials>, StoreError> {
        self.one(BY_ID, id.to_string()).await
    }

    /// The user of this identifier.
    pub async fn by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.credentials(id).await?.map(|found| found.user))
    }

    /// The users, the oldest first.
    pub async fn list(
        &self,
        filter: &UserFilter,
        paging: Paging<UserId>,
    ) -> Result<Page<User>, StoreError> {
        let sql = self.database.read();
        let prefix = || filter.name_prefix.clone().into();
        let disabled = || filter.disabled.into();
        // The empty text stands before every id.
        let after = paging
            .after
            .map_or_else(String::new, |user| user.to_string());
        let limit = i64::from(paging.limit) + 1;
        let values = [prefix(), disabled(), after.into(), limit.into()];
        let rows = sql.all(LIST, values).await?;
        let items: Result<_, _> = rows.iter().map(user).collect();
        let counted = sql.the(COUNT, [prefix(), disabled()]).await?;
        Ok(Page::cut(items?, paging.limit, counted.number("total")?))
    }

    async fn one(&self, sql: &str, key: String) -> Result<Option<Credentials>, StoreError> {
        let row = self.database.read().one(sql, [key.into()]).await?;
        row.as_ref().map(credentials).transpose()
    }
}

fn credentials(row: &QueryResult) -> Result<Credentials, StoreError> {
    let hash: Option<String> = row.get("password_hash")?;
    Ok(Credentials {
        user: user(row)?,
        password_hash: hash.map(PasswordHash::new),
    })
}

fn user(row: &QueryResult) -> Result<User, StoreError> {
    let disabled_at: Option<i64> = row.get("disabled_at")?;
    Ok(User {
        id: row.parse("id")?,
        username: row.parse("username")?,
        email: row.parse_nullable("email")?,
        grants: grants(row)?,
        disabled_at: disabled_at.map(Timestamp::from_millis),
        not_before: Timestamp::from_millis(row.get("not_before")?),
        credential_version: row.get("credential_version")?,
        created_at: Timestamp::from_millis(row.get("created_at")?),
    })
}

fn grants(row: &QueryResult) -> Result<Grants, StoreError> {
    let joined: Option<String> = row.get("grants")?;
    let patterns = joined
        .as_deref()
        .unwrap_or_default()
        .split_ascii_whitespace();
    let grants: Result<Grants, _> = patterns.map(str::parse).collect::<Result<_, _>>();
    grants.map_err(StoreError::corrupt)
}

macro_rules! select_users {
    ($condition:literal) => {
        concat!(
            "SELECT users.*,
                (SELECT name FROM login_names
                    WHERE user_id = users.id AND kind = 'username') AS username,
                (SELECT name FROM login_names
                    WHERE user_id = users.id AND kind = 'email') AS email,
                (SELECT string_agg(pattern, ' ') FROM user_grants
                    WHERE user_id = users.id) AS grants
            FROM users
            WHERE users.erased_at IS NULL AND ",
            $condition
        )
    };
}

macro_rules! matching {
    () => {
        "($1 IS NULL OR EXISTS (
            SELECT 1 FROM login_names
            WHERE user_id = users.id AND substr(name, 1, length($1)) = $1
        ))
        AND ($2 IS NULL OR (users.disabled_at IS NOT NULL) = $2)"
    };
}

const BY_LOGIN_NAME: &str =
    select_users!("users.id = (SELECT user_id FROM login_names WHERE name = $1)");

const BY_ID: &str = select_users!("users.id = $1");

const LIST: &str = concat!(
    select_users!("users.id > $3 AND "),
    matching!(),
    " ORDER BY users.id LIMIT $4"
);

const COUNT: &str = concat!(
    "SELECT COUNT(*) AS total FROM users WHERE users.erased_at IS NULL AND ",
    matching!()
);
