//! Creating keys.

use super::{ApiKeys, NewApiKey, read};
use crate::{
    crypto::api_key::KeptSecret,
    model::{
        api_key::ApiKey,
        id::{ApiKeyId, UserId},
        time::Timestamp,
    },
    store::{
        error::{Conflict, StoreError},
        job::Step,
        scopes,
        sql::Columns as _,
    },
};

impl ApiKeys {
    /// Creates a key. [`ApiKeyExists`](Conflict::ApiKeyExists) where its owner has one of that
    /// name, [`TooManyApiKeys`](Conflict::TooManyApiKeys) where they have enough of them,
    /// [`NoSuchUser`](Conflict::NoSuchUser) where the owner is not there or is disabled,
    /// [`UnknownScope`](Conflict::UnknownScope) where one names a scope that is not registered.
    pub async fn create(&self, new: NewApiKey) -> Result<ApiKey, StoreError> {
        let work = self.database.write(move |step| Box::pin(create(step, new)));
        work.await
    }
}

async fn create(step: &Step<'_>, new: NewApiKey) -> Result<ApiKey, StoreError> {
    scopes::require(step, new.scopes.iter()).await?;
    if let Some(owner) = new.owner {
        check_owner(step, owner, new.max_per_user).await?;
    }
    let (id, owner, name) = (new.id, new.owner, new.name.clone());
    let secret = new.secret.clone();
    if insert(step, new).await? == 0 {
        return Err(
            match read::by_name(&step.sql, owner, name.as_str()).await? {
                Some(taken) => Conflict::ApiKeyExists(taken.id).into(),
                None => StoreError::corrupt("a key was not inserted, and nothing is in its way"),
            },
        );
    }
    insert_secret(step, id, &secret).await?;
    written(step, id).await
}

/// A key as a step leaves it.
pub(super) async fn written(step: &Step<'_>, key: ApiKeyId) -> Result<ApiKey, StoreError> {
    let row = step.sql.the(BY_ID, [key.to_string().into()]).await?;
    read::key(&row)
}

/// The owner's row stays locked: of two that are created at once, one is the last that fits.
async fn check_owner(step: &Step<'_>, owner: UserId, most: u32) -> Result<(), StoreError> {
    let id = || owner.to_string().into();
    if step.sql.one(LOCK_OWNER, [id()]).await?.is_none() {
        return Err(Conflict::NoSuchUser.into());
    }
    let counted = step
        .sql
        .the(COUNT_LIVING, [id(), step.now.millis().into()])
        .await?;
    if counted.number::<u32>("total")? >= most {
        return Err(Conflict::TooManyApiKeys(most).into());
    }
    Ok(())
}

async fn insert(step: &Step<'_>, new: NewApiKey) -> Result<u64, StoreError> {
    let list = serde_json::Value::from(new.audiences).to_string();
    let addresses = serde_json::to_string(&new.addresses).map_err(StoreError::corrupt)?;
    let values = [
        new.id.to_string().into(),
        new.name.as_str().into(),
        new.owner.map(|owner| owner.to_string()).into(),
        new.secret.display_prefix.into(),
        new.scopes.to_string().into(),
        list.into(),
        new.read_only.into(),
        addresses.into(),
        new.metadata.to_text().into(),
        new.expires_at.map(Timestamp::millis).into(),
        step.now.millis().into(),
        new.created_by.map(|user| user.to_string()).into(),
    ];
    step.sql.execute(INSERT, values).await
}

/// Keeps a secret as the newest of its key.
pub(super) async fn insert_secret(
    step: &Step<'_>,
    key: ApiKeyId,
    secret: &KeptSecret,
) -> Result<(), StoreError> {
    let values = [
        secret.lookup.as_str().into(),
        key.to_string().into(),
        secret.digest.to_text().into(),
        i64::from(secret.pepper_id).into(),
    ];
    step.sql.execute(INSERT_SECRET, values).await.map(drop)
}

const LOCK_OWNER: &str = "
SELECT 1 FROM users WHERE id = $1 AND disabled_at IS NULL AND erased_at IS NULL
FOR UPDATE";

const COUNT_LIVING: &str = "
SELECT COUNT(*) AS total FROM api_keys
WHERE owner_id = $1 AND (ends_at IS NULL OR ends_at > $2)";

const INSERT: &str = "
INSERT INTO api_keys (
    id, name, owner_id, display_prefix, scopes, audiences, read_only, addresses, metadata, version,
    expires_at, ends_at, created_at, created_by
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $10, $11, $12)
ON CONFLICT DO NOTHING";

const BY_ID: &str = "SELECT * FROM api_keys WHERE id = $1";

const INSERT_SECRET: &str = "
INSERT INTO api_key_secrets (lookup, key_id, digest, pepper_id) VALUES ($1, $2, $3, $4)";
