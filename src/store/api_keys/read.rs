//! Finding and listing keys.

use sea_orm::QueryResult;
use serde::de::DeserializeOwned;

use super::{ApiKeyFilter, ApiKeys, KeyOwner, KeyWithSecrets, StoredSecret};
use crate::{
    crypto::api_key::ApiKeyDigest,
    model::{
        api_key::{ApiKey, ApiKeyState},
        api_key_text::Lookup,
        id::{ApiKeyId, UserId},
        time::Timestamp,
    },
    store::{
        error::StoreError,
        paging::{Page, Paging},
        sql::{Columns as _, Sql},
    },
};

impl ApiKeys {
    /// The key of which one secret is found by `lookup`: one read.
    pub async fn by_lookup(&self, lookup: &Lookup) -> Result<Option<KeyWithSecrets>, StoreError> {
        self.with_secrets(BY_LOOKUP, lookup.as_str().to_owned())
            .await
    }

    /// The key of this identifier, with its secrets.
    pub async fn by_id(&self, id: ApiKeyId) -> Result<Option<KeyWithSecrets>, StoreError> {
        self.with_secrets(BY_ID, id.to_string()).await
    }

    /// The key that has this name among its owner's and is not revoked.
    pub async fn by_name(
        &self,
        owner: Option<UserId>,
        name: &str,
    ) -> Result<Option<ApiKey>, StoreError> {
        by_name(&self.database.read(), owner, name).await
    }

    /// The keys, the newest first.
    pub async fn list(
        &self,
        filter: &ApiKeyFilter,
        paging: Paging<ApiKeyId>,
    ) -> Result<Page<ApiKey>, StoreError> {
        let sql = self.database.read();
        let (owner, service) = match filter.owner {
            None => (None, None),
            Some(KeyOwner::User(user)) => (Some(user.to_string()), None),
            Some(KeyOwner::Service) => (None, Some(true)),
        };
        let state = filter.state.map(ApiKeyState::as_str);
        let now = self.database.now().millis();
        let before = paging
            .after
            .map_or(AFTER_ALL.to_owned(), |key| key.to_string());
        let values = [
            owner.clone().into(),
            service.into(),
            state.into(),
            now.into(),
            before.into(),
            (i64::from(paging.limit) + 1).into(),
        ];
        let rows = sql.all(LIST, values).await?;
        let items: Result<_, _> = rows.iter().map(key).collect();
        let values = [owner.into(), service.into(), state.into(), now.into()];
        let counted = sql.the(COUNT, values).await?;
        Ok(Page::cut(items?, paging.limit, counted.number("total")?))
    }

    async fn with_secrets(
        &self,
        sql: &str,
        value: String,
    ) -> Result<Option<KeyWithSecrets>, StoreError> {
        let rows = self.database.read().all(sql, [value.into()]).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(KeyWithSecrets {
            key: key(first)?,
            secrets: rows.iter().map(secret).collect::<Result<_, _>>()?,
        }))
    }
}

/// The key that has this name, as a connection sees it.
pub(super) async fn by_name(
    sql: &Sql<'_>,
    owner: Option<UserId>,
    name: &str,
) -> Result<Option<ApiKey>, StoreError> {
    let row = match owner {
        Some(owner) => {
            let values = [name.into(), owner.to_string().into()];
            sql.one(BY_NAME_OF_USER, values).await?
        }
        None => sql.one(BY_NAME_OF_SERVICE, [name.into()]).await?,
    };
    row.as_ref().map(key).transpose()
}

/// Reads a row that has every column of a key.
pub(super) fn key(row: &QueryResult) -> Result<ApiKey, StoreError> {
    let grants: String = row.get("scopes")?;
    let grants = grants.split_ascii_whitespace().map(str::parse);
    Ok(ApiKey {
        id: row.parse("id")?,
        name: row.parse("name")?,
        owner: row.parse_nullable("owner_id")?,
        display_prefix: row.get("display_prefix")?,
        scopes: grants
            .collect::<Result<_, _>>()
            .map_err(StoreError::corrupt)?,
        audiences: json(row, "audiences")?,
        read_only: row.get("read_only")?,
        addresses: json(row, "addresses")?,
        metadata: json(row, "metadata")?,
        expires_at: moment(row, "expires_at")?,
        last_used_at: moment(row, "last_used_at")?,
        disabled_at: moment(row, "disabled_at")?,
        revoked_at: moment(row, "revoked_at")?,
        rotated_at: moment(row, "rotated_at")?,
        created_at: Timestamp::from_millis(row.get("created_at")?),
        created_by: row.parse_nullable("created_by")?,
        version: row.get("version")?,
    })
}

fn secret(row: &QueryResult) -> Result<StoredSecret, StoreError> {
    let text = |column| row.get::<String>(column);
    let wrong = |column| StoreError::corrupt(format_args!("{column}: no such digits"));
    Ok(StoredSecret {
        lookup: Lookup::parse(&text("lookup")?).ok_or_else(|| wrong("lookup"))?,
        digest: ApiKeyDigest::parse(&text("digest")?).ok_or_else(|| wrong("digest"))?,
        valid_until: moment(row, "valid_until")?,
    })
}

fn moment(row: &QueryResult, column: &str) -> Result<Option<Timestamp>, StoreError> {
    let millis: Option<i64> = row.get(column)?;
    Ok(millis.map(Timestamp::from_millis))
}

fn json<T: DeserializeOwned>(row: &QueryResult, column: &str) -> Result<T, StoreError> {
    serde_json::from_str(&row.get::<String>(column)?)
        .map_err(|cause| StoreError::corrupt(format_args!("{column}: {cause}")))
}

const BY_LOOKUP: &str = "
SELECT api_keys.*, secrets.lookup, secrets.digest, secrets.valid_until
FROM api_key_secrets AS named
JOIN api_keys ON api_keys.id = named.key_id
JOIN api_key_secrets AS secrets ON secrets.key_id = named.key_id
WHERE named.lookup = $1";

const BY_ID: &str = "
SELECT api_keys.*, secrets.lookup, secrets.digest, secrets.valid_until
FROM api_keys JOIN api_key_secrets AS secrets ON secrets.key_id = api_keys.id
WHERE api_keys.id = $1";

const BY_NAME_OF_USER: &str = "
SELECT * FROM api_keys WHERE name = $1 AND owner_id = $2 AND revoked_at IS NULL";

const BY_NAME_OF_SERVICE: &str = "
SELECT * FROM api_keys WHERE name = $1 AND owner_id IS NULL AND revoked_at IS NULL";

/// A text that stands after every id, whatever the collation.
const AFTER_ALL: &str = "key_ffffffff-ffff-ffff-ffff-ffffffffffff";

macro_rules! matching {
    () => {
        "($1 IS NULL OR owner_id = $1)
        AND ($2 IS NULL OR (owner_id IS NULL) = $2)
        AND ($3 IS NULL OR $3 = CASE
            WHEN revoked_at IS NOT NULL THEN 'revoked'
            WHEN expires_at <= $4 THEN 'expired'
            WHEN disabled_at IS NOT NULL THEN 'disabled'
            ELSE 'active' END)"
    };
}

const LIST: &str = concat!(
    "SELECT * FROM api_keys WHERE id < $5 AND ",
    matching!(),
    " ORDER BY id DESC LIMIT $6"
);

const COUNT: &str = concat!("SELECT COUNT(*) AS total FROM api_keys WHERE ", matching!());
