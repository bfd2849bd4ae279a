//! When keys were last used.

use super::ApiKeys;
use crate::{
    model::{id::ApiKeyId, time::Timestamp},
    store::error::StoreError,
};

impl ApiKeys {
    /// Notes when keys were last used, all in one step; a later note stays. Not told to the change
    /// log: nothing follows from it.
    pub async fn note_used(&self, mut used: Vec<(ApiKeyId, Timestamp)>) -> Result<(), StoreError> {
        // Of two nodes that note the same keys, none waits for the other in a circle.
        used.sort_unstable();
        let work = self.database.write(move |step| {
            Box::pin(async move {
                for (key, at) in used {
                    let values = [key.to_string().into(), at.millis().into()];
                    step.sql.execute(NOTE, values).await?;
                }
                Ok(())
            })
        });
        work.await
    }
}

const NOTE: &str = "
UPDATE api_keys SET last_used_at = $2
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
