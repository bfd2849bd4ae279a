//! Replacing a key's secret.

use super::{
    ApiKeys,
    change::require,
    create::{insert_secret, written},
};
use crate::{
    crypto::api_key::KeptSecret,
    model::{api_key::ApiKey, change::Change, id::ApiKeyId, time::Timestamp},
    store::{changes, error::StoreError, job::Step},
};

/// A secret to put in the place of a key's newest.
#[derive(Clone)]
pub struct Rotation {
    /// The new secret.
    pub secret: KeptSecret,
    /// Until when the secrets before it count; not any more where absent.
    pub overlap_until: Option<Timestamp>,
    /// When the key expires from now on.
    pub expires_at: Option<Timestamp>,
}

impl ApiKeys {
    /// Gives a key that is in the version seen another secret; the key as it is then.
    /// [`ApiKeyMoved`](crate::store::error::Conflict::ApiKeyMoved) where it is not, or is revoked.
    pub async fn rotate(&self, seen: &ApiKey, rotation: Rotation) -> Result<ApiKey, StoreError> {
        let (id, version) = (seen.id, seen.version);
        let work = self
            .database
            .write(move |step| Box::pin(rotate(step, id, version, rotation)));
        work.await
    }
}

async fn rotate(
    step: &Step<'_>,
    key: ApiKeyId,
    version: i64,
    rotation: Rotation,
) -> Result<ApiKey, StoreError> {
    let id = || key.to_string().into();
    let values = [
        id(),
        version.into(),
        rotation.secret.display_prefix.as_str().into(),
        rotation.expires_at.map(Timestamp::millis).into(),
        step.now.millis().into(),
    ];
    require(step.sql.execute(ROTATE, values).await?)?;
    // What ceased to count goes; the others get an end.
    let until = rotation.overlap_until.unwrap_or(step.now).millis();
    step.sql.execute(SHORTEN, [id(), until.into()]).await?;
    let now = step.now.millis().into();
    step.sql.execute(FORGET_ENDED, [id(), now]).await?;
    insert_secret(step, key, &rotation.secret).await?;
    changes::append(step, &Change::ApiKeyChanged { key }).await?;
    written(step, key).await
}

const ROTATE: &str = "
UPDATE api_keys SET
    version = version + 1, display_prefix = $3, expires_at = $4, ends_at = $4, rotated_at = $5
WHERE id = $1 AND version = $2 AND revoked_at IS NULL";

const SHORTEN: &str = "
UPDATE api_key_secrets SET valid_until = $2
WHERE key_id = $1 AND (valid_until IS NULL OR valid_until > $2)";

const FORGET_ENDED: &str = "
DELETE FROM api_key_secrets WHERE key_id = $1 AND valid_until <= $2";
