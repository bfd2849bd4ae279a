//! Changing what is chosen for a client, its secret, and whether it counts.

use super::{
    Clients, NewSecret,
    create::insert_secret,
    read::{record, settings_text, written},
};
use crate::{
    model::{
        change::Change,
        client::{ClientRecord, ClientSettings},
        id::ClientId,
        scope::Grant,
        time::Timestamp,
    },
    store::{
        changes,
        error::{Conflict, StoreError},
        job::Step,
        scopes,
    },
};

/// A secret to put in the place of a client's newest.
#[derive(Clone, Copy)]
pub struct SecretRotation {
    /// The new secret.
    pub secret: NewSecret,
    /// Until when the secrets before it count; not any more where absent.
    pub overlap_until: Option<Timestamp>,
}

impl Clients {
    /// Chooses anew for a client that is in the version seen. One that has keys now has no secret any
    /// more.
    /// [`ClientMoved`](Conflict::ClientMoved) where it is not, or was deleted;
    /// [`UnknownScope`](Conflict::UnknownScope) where one names a scope that is not registered.
    pub async fn update(
        &self,
        seen: &ClientRecord,
        settings: &ClientSettings,
    ) -> Result<(), StoreError> {
        let (client, has_keys) = (seen.id, !settings.jwks.is_empty());
        let values = [
            client.to_string().into(),
            seen.version.into(),
            settings.name.to_string().into(),
            settings_text(settings)?.into(),
        ];
        let scopes = settings.scopes.clone();
        let work = self.database.write(move |step| {
            Box::pin(async move {
                scopes::require(step, scopes.iter()).await?;
                require(step.sql.execute(UPDATE, values).await?)?;
                if has_keys {
                    let id = client.to_string().into();
                    step.sql.execute(FORGET_SECRETS, [id]).await?;
                }
                changes::append(step, &Change::ClientChanged { client }).await
            })
        });
        work.await
    }

    /// Disables a client: what it was given counts no more. Whether it was enabled.
    pub async fn disable(&self, client: ClientId) -> Result<bool, StoreError> {
        self.mark(DISABLE, client).await
    }

    /// Enables a disabled client again. Whether it was disabled.
    pub async fn enable(&self, client: ClientId) -> Result<bool, StoreError> {
        self.mark(ENABLE, client).await
    }

    /// Forgets all but the identifier, which is never given again. Whether there was one.
    pub async fn delete(&self, client: ClientId) -> Result<bool, StoreError> {
        self.mark(DELETE, client).await
    }

    /// Gives a client that is in the version seen another secret; the client as it is then.
    /// [`ClientMoved`](Conflict::ClientMoved) where it is not, or was deleted.
    pub async fn rotate(
        &self,
        seen: &ClientRecord,
        rotation: SecretRotation,
    ) -> Result<ClientRecord, StoreError> {
        let (client, version) = (seen.id, seen.version);
        let work = self.database.write(move |step| {
            Box::pin(async move {
                let (id, now) = (|| client.to_string().into(), step.now.millis());
                let values = [id(), version.into(), now.into()];
                require(step.sql.execute(ROTATE, values).await?)?;
                // What ceased to count goes; the others get an end.
                let until = rotation.overlap_until.unwrap_or(step.now).millis();
                step.sql.execute(SHORTEN, [id(), until.into()]).await?;
                step.sql.execute(FORGET_ENDED, [id(), now.into()]).await?;
                insert_secret(step, client, rotation.secret).await?;
                changes::append(step, &Change::ClientChanged { client }).await?;
                written(step, client).await
            })
        });
        work.await
    }

    async fn mark(&self, sql: &'static str, client: ClientId) -> Result<bool, StoreError> {
        let work = self.database.write(move |step| {
            Box::pin(async move {
                let id = || client.to_string().into();
                let marked = step.sql.execute(sql, [id()]).await? > 0;
                if marked && sql == DELETE {
                    step.sql.execute(FORGET_SECRETS, [id()]).await?;
                }
                if marked {
                    changes::append(step, &Change::ClientChanged { client }).await?;
                }
                Ok(marked)
            })
        });
        work.await
    }
}

/// Takes a grant from all clients that have it.
pub(in crate::store) async fn ungrant(step: &Step<'_>, grant: &str) -> Result<(), StoreError> {
    let grant: Grant = grant.parse().map_err(StoreError::corrupt)?;
    for row in step.sql.all(HOLD_ALL, []).await? {
        let mut client = record(&row)?;
        if client.settings.scopes.remove(&grant) {
            let settings = settings_text(&client.settings)?;
            let values = [client.id.to_string().into(), settings.into()];
            step.sql.execute(UNGRANT, values).await?;
        }
    }
    Ok(())
}

/// Refuses what touched no row.
fn require(touched: u64) -> Result<(), StoreError> {
    match touched {
        0 => Err(Conflict::ClientMoved.into()),
        _ => Ok(()),
    }
}

const HOLD_ALL: &str = "
SELECT * FROM clients WHERE deleted_at IS NULL AND settings IS NOT NULL
FOR UPDATE";

const UNGRANT: &str = "UPDATE clients SET version = version + 1, settings = $2 WHERE id = $1";

const UPDATE: &str = "
UPDATE clients SET version = version + 1, name = $3, settings = $4
WHERE id = $1 AND version = $2 AND deleted_at IS NULL AND settings IS NOT NULL";

const DISABLE: &str = "
UPDATE clients SET version = version + 1, disabled_at = :now, not_before = :now
WHERE id = $1 AND disabled_at IS NULL AND deleted_at IS NULL AND settings IS NOT NULL";

/// A login that was under way while the client was disabled is not honoured either.
const ENABLE: &str = "
UPDATE clients SET version = version + 1, disabled_at = NULL, not_before = :now
WHERE id = $1 AND disabled_at IS NOT NULL AND deleted_at IS NULL AND settings IS NOT NULL";

const DELETE: &str = "
UPDATE clients SET
    version = version + 1, name = '', settings = '', deleted_at = :now, not_before = :now,
    disabled_at = COALESCE(disabled_at, :now)
WHERE id = $1 AND deleted_at IS NULL AND settings IS NOT NULL";

const FORGET_SECRETS: &str = "DELETE FROM client_secrets WHERE client_id = $1";

const ROTATE: &str = "
UPDATE clients SET version = version + 1, rotated_at = $3
WHERE id = $1 AND version = $2 AND deleted_at IS NULL AND settings IS NOT NULL";

const SHORTEN: &str = "
UPDATE client_secrets SET valid_until = $2
WHERE client_id = $1 AND (valid_until IS NULL OR valid_until > $2)";

const FORGET_ENDED: &str = "DELETE FROM client_secrets WHERE client_id = $1 AND valid_until <= $2";
