//! Finding and listing users.

use sea_orm::{QueryResult, Value};

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
        let prefix = filter.name_prefix.as_deref();
        let prefix = prefix.filter(|prefix| !prefix.is_empty());
        let named: Vec<Value> = prefix.map_or_else(Vec::new, |prefix| {
            vec![prefix.into(), beyond(prefix).unwrap_or_default().into()]
        });
        let (list, count) = match prefix {
            Some(_) => (LIST_NAMED, COUNT_NAMED),
            None => (LIST, COUNT),
        };
        let with_names = |values: &[Value]| [values, &named].concat();
        let disabled: Value = filter.disabled.into();
        // The empty text stands before every id.
        let after = paging
            .after
            .map_or_else(String::new, |user| user.to_string());
        let limit = i64::from(paging.limit) + 1;
        let values = [disabled.clone(), after.into(), limit.into()];
        let rows = sql.all(list, with_names(&values)).await?;
        let items: Result<_, _> = rows.iter().map(user).collect();
        let counted = sql.the(count, with_names(&[disabled])).await?;
        Ok(Page::cut(items?, paging.limit, counted.number("total")?))
    }

    async fn one(&self, sql: &str, key: String) -> Result<Option<Credentials>, StoreError> {
        let row = self.database.read().one(sql, [key.into()]).await?;
        row.as_ref().map(credentials).transpose()
    }
}

/// The first text, in the order of bytes, before which all stand that begin with this one.
fn beyond(prefix: &str) -> Option<String> {
    let mut begins: Vec<char> = prefix.chars().collect();
    while let Some(last) = begins.pop() {
        let mut later = u32::from(last) + 1..=u32::from(char::MAX);
        if let Some(next) = later.find_map(char::from_u32) {
            return Some(begins.into_iter().chain([next]).collect());
        }
    }
    None
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

macro_rules! of_state {
    () => {
        "($1 IS NULL OR (users.disabled_at IS NOT NULL) = $1)"
    };
}

macro_rules! named {
    ($from:literal, $beyond:literal) => {
        concat!(
            " AND users.id IN (SELECT user_id FROM login_names WHERE name COLLATE \"C\" >= ",
            $from,
            " AND name COLLATE \"C\" < ",
            $beyond,
            ")"
        )
    };
}

const BY_LOGIN_NAME: &str =
    select_users!("users.id = (SELECT user_id FROM login_names WHERE name = $1)");

const BY_ID: &str = select_users!("users.id = $1");

const LIST: &str = concat!(
    select_users!("users.id > $2 AND "),
    of_state!(),
    " ORDER BY users.id LIMIT $3"
);

const LIST_NAMED: &str = concat!(
    select_users!("users.id > $2 AND "),
    of_state!(),
    named!("$4", "$5"),
    " ORDER BY users.id LIMIT $3"
);

const COUNT: &str = concat!(
    "SELECT COUNT(*) AS total FROM users WHERE users.erased_at IS NULL AND ",
    of_state!()
);

const COUNT_NAMED: &str = concat!(
    "SELECT COUNT(*) AS total FROM users WHERE users.erased_at IS NULL AND ",
    of_state!(),
    named!("$2", "$3")
);
