//! Forgetting what is of no use any more, and telling how much there is: beside the requests, by
//! one node at a time.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::store::{
    error::StoreError,
    housekeeping::{Housekeeping, PURGED, Purged},
};

/// How often it is seen to.
const EVERY: Duration = Duration::from_mins(5);
/// How long a node keeps its turn: over two rounds, so that it stays with one that is well.
pub(super) const LEASE: Duration = Duration::from_mins(11);
/// How many rows go at once: so few that no request waits for long.
const BATCH: u32 = 250;

/// Sees to it again and again.
pub(super) async fn keep(house: Housekeeping) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for purged in PURGED {
            if let Err(error) = purge(&house, purged).await {
                tracing::warn!(%error, table = purged.table, "old rows were not forgotten");
            }
        }
        if let Err(error) = house.count().await {
            tracing::warn!(%error, "what grows could not be counted");
        }
        match house.sizes().await {
            Ok(sizes) => show(&sizes),
            Err(error) => tracing::warn!(%error, "it is not known how much there is"),
        }
    }
}

/// Forgets all rows of a table that are of no use, a batch after the other.
async fn purge(house: &Housekeeping, purged: Purged) -> Result<(), StoreError> {
    let counter = metrics::counter!("signet_purged_total", "table" => purged.table);
    while let Some(count) = house.purge(purged, BATCH).await? {
        counter.increment(count);
        if count < u64::from(BATCH) {
            break;
        }
    }
    Ok(())
}

/// Every node shows what the one counted whose turn it was.
fn show(sizes: &[(String, i64)]) {
    for (name, value) in sizes {
        #[expect(clippy::cast_precision_loss, reason = "a gauge is approximate")]
        metrics::gauge!("signet_rows", "of" => name.clone()).set(*value as f64);
    }
}
