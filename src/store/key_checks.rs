//! Check values: by them a start notices that it was given other keys than those in use.

use super::{database::Database, error::StoreError, job::Step, sql::Columns as _};
use crate::model::time::Timestamp;

/// The purpose of the check values of master keys.
pub const MASTER_KEY: &str = "master key";

/// The check values in a database.
#[derive(Clone)]
pub struct KeyChecks {
    database: Database,
}

impl KeyChecks {
    /// Those of this database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    /// Every key id with a check value for `purpose`, and the value.
    pub async fn of(&self, purpose: &str) -> Result<Vec<(u8, String)>, StoreError> {
        let rows = self.database.read().all(OF, [purpose.into()]).await?;
        rows.iter()
            .map(|row| Ok((row.number("id")?, row.get("value")?)))
            .collect()
    }

    /// The keys with which the refresh tokens of living sessions were made, and when the last of those
    /// tokens ends. The token before the newest counts, too: it may come back late.
    pub async fn tokens(&self) -> Result<Vec<(u8, Timestamp)>, StoreError> {
        let rows = self.database.read().all(TOKENS, []).await?;
        rows.iter()
            .map(|row| {
                let end = Timestamp::from_millis(row.get("ends_at")?);
                Ok((row.number("key_id")?, end))
            })
            .collect()
    }

    /// Keeps `value` for a key id that has none. The value that is kept, now or from before.
    pub async fn ensure(&self, purpose: &str, id: u8, value: &str) -> Result<String, StoreError> {
        let (purpose, value) = (purpose.to_owned(), value.to_owned());
        let work = self
            .database
            .write(move |step| Box::pin(ensure(step, purpose, id, value)));
        work.await
    }
}

async fn ensure(
    step: &Step<'_>,
    purpose: String,
    id: u8,
    value: String,
) -> Result<String, StoreError> {
    let key = || [purpose.as_str().into(), i64::from(id).into()];
    let [purpose_value, id_value] = key();
    let values = [purpose_value, id_value, value.into()];
    step.sql.execute(INSERT, values).await?;
    step.sql.the(ONE, key()).await?.get("value")
}

const OF: &str = "SELECT id, value FROM key_checks WHERE purpose = $1 ORDER BY id";

const TOKENS: &str = "
SELECT CASE WHEN tokens.back = 0 THEN key_id ELSE prev_key_id END AS key_id,
    MAX(CASE WHEN idle_expires_at < absolute_expires_at THEN idle_expires_at
        ELSE absolute_expires_at END) AS ends_at
FROM sessions CROSS JOIN (SELECT 0 AS back UNION ALL SELECT 1 AS back) AS tokens
WHERE revoked_at IS NULL AND idle_expires_at > :now AND absolute_expires_at > :now
GROUP BY 1 ORDER BY 1";

const ONE: &str = "SELECT value FROM key_checks WHERE purpose = $1 AND id = $2";

const INSERT: &str = "
INSERT INTO key_checks (purpose, id, value) VALUES ($1, $2, $3)
ON CONFLICT (purpose, id) DO NOTHING";
