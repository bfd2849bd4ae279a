//! Which assertions clients have used (RFC 7523 §3): each counts once, on whichever node.

use std::time::Duration;

use super::Clients;
use crate::{
    model::{id::ClientId, time::Timestamp},
    store::{error::StoreError, housekeeping::Purged},
};

/// Assertions that have ended go: they would be refused for that, also by a node whose clock is a
/// little behind.
pub(in crate::store) const PURGED: Purged = Purged {
    table: "client_assertions",
    keep: Duration::from_mins(1),
    statements: &[PURGE],
};

impl Clients {
    /// Notes that a client has used an assertion, which is remembered until it ends. Whether it is
    /// the first time.
    pub async fn use_assertion(
        &self,
        client: ClientId,
        mark: String,
        ends_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let work = self.database.write(move |step| {
            Box::pin(async move {
                let values = [
                    client.to_string().into(),
                    mark.into(),
                    ends_at.millis().into(),
                ];
                Ok(step.sql.execute(USE, values).await? == 1)
            })
        });
        work.await
    }
}

const USE: &str = "
INSERT INTO client_assertions (client_id, mark, ends_at) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING";

const PURGE: &str = "
DELETE FROM client_assertions
WHERE (client_id, mark) IN (
    SELECT client_id, mark FROM client_assertions WHERE ends_at < $1 LIMIT $2)";
