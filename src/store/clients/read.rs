//! Finding and listing clients. The default one is not among them.

use std::collections::HashMap;

use sea_orm::QueryResult;

use super::{ClientWithSecrets, Clients, StoredClientSecret};
use crate::{
    crypto::client_secret::ClientSecretDigest,
    model::{
        client::{ClientKind, ClientRecord, ClientSettings},
        id::ClientId,
        time::Timestamp,
    },
    store::{
        error::StoreError,
        job::Step,
        paging::{Page, Paging},
        sql::Columns as _,
    },
};

impl Clients {
    /// All of them, with their secrets.
    pub async fn all(&self) -> Result<Vec<ClientWithSecrets>, StoreError> {
        let read = self.database.read();
        // Clients first: of one that is made in between, nothing is known yet.
        let rows = read.all(ALL, []).await?;
        let mut secrets: HashMap<ClientId, Vec<StoredClientSecret>> = HashMap::new();
        for row in read.all(SECRETS, []).await? {
            let client = row.parse("client_id")?;
            secrets.entry(client).or_default().push(secret(&row)?);
        }
        rows.iter()
            .map(|row| {
                let record = record(row)?;
                let secrets = secrets.remove(&record.id).unwrap_or_default();
                Ok(ClientWithSecrets { record, secrets })
            })
            .collect()
    }

    /// The client of this identifier, unless it was deleted.
    pub async fn by_id(&self, id: ClientId) -> Result<Option<ClientRecord>, StoreError> {
        let values = [id.to_string().into()];
        let row = self.database.read().one(BY_ID, values).await?;
        row.as_ref().map(record).transpose()
    }

    /// Some of them, the oldest first.
    pub async fn list(&self, paging: Paging<ClientId>) -> Result<Page<ClientRecord>, StoreError> {
        let read = self.database.read();
        let after = paging.after.map_or_else(String::new, |id| id.to_string());
        let values = [after.into(), (i64::from(paging.limit) + 1).into()];
        let rows = read.all(LIST, values).await?;
        let items: Result<Vec<_>, _> = rows.iter().map(record).collect();
        let total = read.the(COUNT, []).await?.number("total")?;
        Ok(Page::cut(items?, paging.limit, total))
    }
}

/// What is chosen for a client, as it is stored.
pub(super) fn settings_text(settings: &ClientSettings) -> Result<String, StoreError> {
    serde_json::to_string(settings).map_err(StoreError::corrupt)
}

/// A client as a step leaves it.
pub(super) async fn written(step: &Step<'_>, client: ClientId) -> Result<ClientRecord, StoreError> {
    let row = step.sql.the(BY_ID, [client.to_string().into()]).await?;
    record(&row)
}

pub(super) fn record(row: &QueryResult) -> Result<ClientRecord, StoreError> {
    let settings: String = row.get("settings")?;
    let kind: String = row.get("kind")?;
    let kind = ClientKind::named(&kind);
    Ok(ClientRecord {
        id: row.parse("id")?,
        kind: kind.ok_or_else(|| StoreError::corrupt("a client of an unknown kind"))?,
        settings: serde_json::from_str(&settings).map_err(StoreError::corrupt)?,
        version: row.get("version")?,
        disabled_at: moment(row, "disabled_at")?,
        not_before: Timestamp::from_millis(row.get("not_before")?),
        rotated_at: moment(row, "rotated_at")?,
        created_at: Timestamp::from_millis(row.get("created_at")?),
    })
}

fn secret(row: &QueryResult) -> Result<StoredClientSecret, StoreError> {
    let digest: String = row.get("digest")?;
    let digest = ClientSecretDigest::parse(&digest);
    Ok(StoredClientSecret {
        digest: digest.ok_or_else(|| StoreError::corrupt("a malformed digest"))?,
        valid_until: moment(row, "valid_until")?,
    })
}

fn moment(row: &QueryResult, column: &str) -> Result<Option<Timestamp>, StoreError> {
    let millis: Option<i64> = row.get(column)?;
    Ok(millis.map(Timestamp::from_millis))
}

const ALL: &str = "SELECT * FROM clients WHERE deleted_at IS NULL AND settings IS NOT NULL";

const SECRETS: &str = "SELECT client_id, digest, valid_until FROM client_secrets";

const BY_ID: &str = "
SELECT * FROM clients WHERE id = $1 AND deleted_at IS NULL AND settings IS NOT NULL";

const LIST: &str = "
SELECT * FROM clients
WHERE id > $1 AND deleted_at IS NULL AND settings IS NOT NULL
ORDER BY id
LIMIT $2";

const COUNT: &str = "
SELECT COUNT(*) AS total FROM clients WHERE deleted_at IS NULL AND settings IS NOT NULL";
