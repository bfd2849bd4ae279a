//! Making clients: the default one at the first start, others as they are asked for.

use sea_orm::QueryResult;

use super::{Clients, MOST_CLIENTS, NewSecret};
use crate::{
    model::{change::Change, client::ClientRecord, id::ClientId},
    store::{
        changes,
        error::{Conflict, StoreError},
        job::Step,
        scopes,
        sql::Columns as _,
    },
};

impl Clients {
    /// The default client, created as `candidate` where there is none yet.
    pub async fn default_client(
        &self,
        candidate: ClientId,
        name: &str,
    ) -> Result<ClientId, StoreError> {
        if let Some(row) = self.database.read().one(DEFAULT, []).await? {
            return row.parse("id");
        }
        let name = name.to_owned();
        let work = self
            .database
            .write(move |step| Box::pin(ensure(step, candidate, name)));
        work.await?.parse("id")
    }

    /// Creates a client, with a secret where it has one.
    /// [`TooManyClients`](Conflict::TooManyClients) where there are enough of them,
    /// [`UnknownScope`](Conflict::UnknownScope) where one names a scope that is not registered.
    pub async fn create(
        &self,
        new: &ClientRecord,
        secret: Option<NewSecret>,
    ) -> Result<(), StoreError> {
        let (client, settings) = (new.id, super::read::settings_text(&new.settings)?);
        let values = [
            client.to_string().into(),
            new.settings.name.to_string().into(),
            new.kind.as_str().into(),
            settings.into(),
            new.created_at.millis().into(),
        ];
        let scopes = new.settings.scopes.clone();
        let work = self.database.write(move |step| {
            Box::pin(async move {
                scopes::require(step, scopes.iter()).await?;
                let counted = step.sql.the(COUNT, []).await?;
                if counted.number::<u32>("total")? >= MOST_CLIENTS {
                    return Err(Conflict::TooManyClients.into());
                }
                step.sql.execute(INSERT, values).await?;
                if let Some(secret) = secret {
                    insert_secret(step, client, secret).await?;
                }
                changes::append(step, &Change::ClientChanged { client }).await
            })
        });
        work.await
    }
}

async fn ensure(
    step: &Step<'_>,
    candidate: ClientId,
    name: String,
) -> Result<QueryResult, StoreError> {
    let values = [
        candidate.to_string().into(),
        name.into(),
        step.now.millis().into(),
    ];
    step.sql.execute(INSERT_DEFAULT, values).await?;
    step.sql.the(DEFAULT, []).await
}

/// Keeps a secret as the newest of its client.
pub(super) async fn insert_secret(
    step: &Step<'_>,
    client: ClientId,
    secret: NewSecret,
) -> Result<(), StoreError> {
    let values = [
        client.to_string().into(),
        secret.digest.to_text().into(),
        i64::from(secret.pepper_id).into(),
    ];
    step.sql.execute(INSERT_SECRET, values).await.map(drop)
}

const DEFAULT: &str = "SELECT id FROM clients WHERE is_default";

const INSERT_DEFAULT: &str = "
INSERT INTO clients (id, name, is_default, created_at) VALUES ($1, $2, TRUE, $3)
ON CONFLICT DO NOTHING";

const COUNT: &str = "
SELECT COUNT(*) AS total FROM clients WHERE deleted_at IS NULL AND settings IS NOT NULL";

const INSERT: &str = "
INSERT INTO clients (id, name, is_default, kind, settings, created_at)
VALUES ($1, $2, FALSE, $3, $4, $5)";

const INSERT_SECRET: &str = "
INSERT INTO client_secrets (client_id, digest, pepper_id) VALUES ($1, $2, $3)";
