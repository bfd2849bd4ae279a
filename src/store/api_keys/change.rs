//! Changing what a key may do, and whether it counts.

use sea_orm::Value;

use super::{ApiKeyPatch, ApiKeys, read};
use crate::{
    model::{
        api_key::{ApiKey, KeyName},
        change::Change,
        id::{ApiKeyId, UserId},
        time::Timestamp,
    },
    store::{
        changes,
        error::{Conflict, StoreError},
        job::Step,
        scopes,
        sql::Sql,
    },
};

impl ApiKeys {
    /// Changes a key that is in the version seen: what the change was judged by holds still.
    /// [`ApiKeyMoved`](Conflict::ApiKeyMoved) where it is not, or is revoked;
    /// [`ApiKeyExists`](Conflict::ApiKeyExists) where another key of the owner has the name;
    /// [`UnknownScope`](Conflict::UnknownScope) where one names a scope that is not registered.
    pub async fn update(&self, seen: &ApiKey, patch: ApiKeyPatch) -> Result<(), StoreError> {
        let (id, owner, version) = (seen.id, seen.owner, seen.version);
        let name = patch.name.clone();
        let work = self.database.write(move |step| {
            Box::pin(async move {
                if let Some(scopes) = &patch.scopes {
                    scopes::require(step, scopes.iter()).await?;
                }
                check_name(&step.sql, id, owner, patch.name.as_ref()).await?;
                let values = patched(id, version, patch)?;
                require(step.sql.execute(UPDATE, values).await?)?;
                changes::append(step, &Change::ApiKeyChanged { key: id }).await
            })
        });
        let done = work.await;
        if matches!(done, Err(StoreError::Corrupt(_))) {
            // Somebody took the name at this very moment, which its index tells in no other way.
            check_name(&self.database.read(), id, owner, name.as_ref()).await?;
        }
        done
    }

    /// Disables a key that is not revoked. Whether it was enabled.
    pub async fn disable(&self, key: ApiKeyId) -> Result<bool, StoreError> {
        self.mark(DISABLE, key).await
    }

    /// Enables a disabled key again. Whether it was disabled.
    pub async fn enable(&self, key: ApiKeyId) -> Result<bool, StoreError> {
        self.mark(ENABLE, key).await
    }

    /// Ends a key for good. Whether it was not ended yet.
    pub async fn revoke(&self, key: ApiKeyId) -> Result<bool, StoreError> {
        self.mark(REVOKE, key).await
    }

    async fn mark(&self, sql: &'static str, key: ApiKeyId) -> Result<bool, StoreError> {
        let work = self.database.write(move |step| {
            Box::pin(async move {
                let marked = step.sql.execute(sql, [key.to_string().into()]).await? > 0;
                if marked {
                    changes::append(step, &Change::ApiKeyChanged { key }).await?;
                }
                Ok(marked)
            })
        });
        work.await
    }
}

/// Forgets the keys of a user who is erased, as part of that step: they speak of a person.
pub(in crate::store) async fn erase_of(step: &Step<'_>, user: UserId) -> Result<(), StoreError> {
    for forget in [ERASE_SECRETS, ERASE] {
        step.sql.execute(forget, [user.to_string().into()]).await?;
    }
    Ok(())
}

/// Refuses what touched no row.
pub(super) fn require(touched: u64) -> Result<(), StoreError> {
    match touched {
        0 => Err(Conflict::ApiKeyMoved.into()),
        _ => Ok(()),
    }
}

async fn check_name(
    sql: &Sql<'_>,
    key: ApiKeyId,
    owner: Option<UserId>,
    name: Option<&KeyName>,
) -> Result<(), StoreError> {
    let Some(name) = name else {
        return Ok(());
    };
    let taken = read::by_name(sql, owner, name.as_str()).await?;
    match taken.filter(|taken| taken.id != key) {
        Some(taken) => Err(Conflict::ApiKeyExists(taken.id).into()),
        None => Ok(()),
    }
}

fn patched(id: ApiKeyId, version: i64, patch: ApiKeyPatch) -> Result<[Value; 10], StoreError> {
    let addresses = patch.addresses.as_ref().map(serde_json::to_string);
    let audiences = patch
        .audiences
        .map(|list| serde_json::Value::from(list).to_string());
    let end = patch.expires_at.flatten();
    Ok([
        id.to_string().into(),
        version.into(),
        patch.name.map(|name| name.to_string()).into(),
        patch.scopes.map(|scopes| scopes.to_string()).into(),
        audiences.into(),
        patch.read_only.into(),
        addresses.transpose().map_err(StoreError::corrupt)?.into(),
        patch.metadata.map(|metadata| metadata.to_text()).into(),
        patch.expires_at.is_some().into(),
        end.map(Timestamp::millis).into(),
    ])
}

/// Takes a grant from all keys that have it.
pub(in crate::store) async fn ungrant(step: &Step<'_>, grant: &str) -> Result<(), StoreError> {
    step.sql.execute(UNGRANT, [grant.into()]).await.map(drop)
}

/// Names are separated by one space, and none has one.
const UNGRANT: &str = "
UPDATE api_keys SET
    version = version + 1,
    scopes = TRIM(REPLACE(' ' || scopes || ' ', ' ' || $1 || ' ', ' '))
WHERE REPLACE(' ' || scopes || ' ', ' ' || $1 || ' ', ' ') <> ' ' || scopes || ' '";

const UPDATE: &str = "
UPDATE api_keys SET
    version = version + 1,
    name = COALESCE($3, name),
    scopes = COALESCE($4, scopes),
    audiences = COALESCE($5, audiences),
    read_only = COALESCE($6, read_only),
    addresses = COALESCE($7, addresses),
    metadata = COALESCE($8, metadata),
    expires_at = CASE WHEN $9 THEN $10 ELSE expires_at END,
    ends_at = CASE WHEN $9 THEN $10 ELSE ends_at END
WHERE id = $1 AND version = $2 AND revoked_at IS NULL";

const DISABLE: &str = "
UPDATE api_keys SET version = version + 1, disabled_at = :now
WHERE id = $1 AND disabled_at IS NULL AND revoked_at IS NULL";

const ENABLE: &str = "
UPDATE api_keys SET version = version + 1, disabled_at = NULL
WHERE id = $1 AND disabled_at IS NOT NULL AND revoked_at IS NULL";

const REVOKE: &str = "
UPDATE api_keys SET
    version = version + 1,
    revoked_at = :now,
    ends_at = CASE WHEN ends_at IS NULL OR ends_at > :now THEN :now ELSE ends_at END
WHERE id = $1 AND revoked_at IS NULL";

pub(super) const PURGE_SECRETS: &str = "
DELETE FROM api_key_secrets WHERE key_id IN (
    SELECT id FROM api_keys WHERE ends_at < $1 ORDER BY ends_at, id LIMIT $2
)";

pub(super) const PURGE: &str = "
DELETE FROM api_keys WHERE id IN (
    SELECT id FROM api_keys WHERE ends_at < $1 ORDER BY ends_at, id LIMIT $2
)";

const ERASE_SECRETS: &str = "
DELETE FROM api_key_secrets WHERE key_id IN (SELECT id FROM api_keys WHERE owner_id = $1)";

const ERASE: &str = "DELETE FROM api_keys WHERE owner_id = $1";
