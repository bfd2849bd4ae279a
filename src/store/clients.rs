//! Clients: which there are. What holds for the default one stands in the configuration.

use sea_orm::QueryResult;

use super::{database::Database, error::StoreError, job::Step, sql::Columns as _};
use crate::model::{id::ClientId, time::Timestamp};

/// The clients of a database.
#[derive(Clone)]
pub struct Clients {
    database: Database,
}

/// A client as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredClient {
    /// Its identifier.
    pub id: ClientId,
    /// Its name, for people.
    pub name: String,
    /// Whether it is the one meant where none is named.
    pub is_default: bool,
    /// Since when it is disabled, if it is.
    pub disabled_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Clients {
    /// The clients of this database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    /// The default client, created as `candidate` where there is none yet.
    pub async fn default_client(
        &self,
        candidate: ClientId,
        name: &str,
    ) -> Result<StoredClient, StoreError> {
        if let Some(row) = self.database.read().one(DEFAULT, []).await? {
            return client(&row);
        }
        let name = name.to_owned();
        let work = self
            .database
            .write(move |step| Box::pin(ensure(step, candidate, name)));
        client(&work.await?)
    }

    /// The client of this identifier.
    pub async fn by_id(&self, id: ClientId) -> Result<Option<StoredClient>, StoreError> {
        let row = self
            .database
            .read()
            .one(BY_ID, [id.to_string().into()])
            .await?;
        row.as_ref().map(client).transpose()
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

fn client(row: &QueryResult) -> Result<StoredClient, StoreError> {
    let disabled_at: Option<i64> = row.get("disabled_at")?;
    Ok(StoredClient {
        id: row.parse("id")?,
        name: row.get("name")?,
        is_default: row.get("is_default")?,
        disabled_at: disabled_at.map(Timestamp::from_millis),
        created_at: Timestamp::from_millis(row.get("created_at")?),
    })
}

const DEFAULT: &str = "SELECT * FROM clients WHERE is_default";

const BY_ID: &str = "SELECT * FROM clients WHERE id = $1";

const INSERT_DEFAULT: &str = "
INSERT INTO clients (id, name, is_default, created_at) VALUES ($1, $2, TRUE, $3)
ON CONFLICT DO NOTHING";
