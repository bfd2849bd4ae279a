//! What is kept no longer than it is needed, and how much there is of what grows.
//!
//! One node at a time sees to it: whoever holds the lease. Each batch renews it in the step that
//! deletes, so that no two nodes ever delete at once, and a node that has stopped loses it soon.

use std::time::Duration;

use super::{
    api_keys, changes, clients, database::Database, error::StoreError, families, job::Step, redis,
    sql::Columns as _,
};
use crate::{
    crypto::random::{self, Rng},
    model::time::millis,
};

/// The lease's name.
const LEASE: &str = "housekeeping";

/// Rows of a table that go when they have been of no use for a while.
#[derive(Debug, Clone, Copy)]
pub struct Purged {
    /// The table.
    pub table: &'static str,
    /// How long they are kept beyond their use.
    pub keep: Duration,
    /// Statements that delete those of no use since `$1`, at most `$2` of them; the last one tells
    /// how many.
    pub(super) statements: &'static [&'static str],
}

/// Everything that goes.
pub const PURGED: [Purged; 5] = [
    families::PURGED,
    changes::PURGED,
    api_keys::PURGED,
    clients::PURGED,
    redis::PURGED,
];

/// What is counted, and how.
const SIZES: [(&str, &str); 4] = [
    (
        "living_sessions",
        "SELECT COUNT(*) AS value FROM sessions
        WHERE revoked_reason IS NULL AND idle_expires_at > :now",
    ),
    ("changes", "SELECT COUNT(*) AS value FROM changes"),
    ("api_keys", "SELECT COUNT(*) AS value FROM api_keys"),
    (
        "users",
        "SELECT COUNT(*) AS value FROM users WHERE erased_at IS NULL",
    ),
];

/// One node's hand in it.
#[derive(Clone)]
pub struct Housekeeping {
    database: Database,
    holder: String,
    lease: Duration,
}

impl Housekeeping {
    /// That of a node which keeps its turn for `lease` after each thing that it does.
    #[must_use]
    pub fn new(database: Database, rng: &dyn Rng, lease: Duration) -> Self {
        let holder = format!("{:032x}", u128::from_be_bytes(random::bytes(rng)));
        Self {
            database,
            holder,
            lease,
        }
    }

    /// Deletes up to `limit` rows that are of no use any more. How many; nothing where it is the
    /// turn of another node.
    pub async fn purge(&self, purged: Purged, limit: u32) -> Result<Option<u64>, StoreError> {
        let this = self.clone();
        let work = self.database.write(move |step| {
            Box::pin(async move {
                if !this.take(step).await? {
                    return Ok(None);
                }
                let unused_since = step.now.minus(purged.keep).millis();
                let mut deleted = 0;
                for statement in purged.statements {
                    let values = [unused_since.into(), i64::from(limit).into()];
                    deleted = step.sql.execute(statement, values).await?;
                }
                Ok(Some(deleted))
            })
        });
        work.await
    }

    /// Counts what grows. Whether it is the turn of this node. What cannot be counted, as where it
    /// takes too long, does not keep the rest from it: its error is answered when all is done.
    pub async fn count(&self) -> Result<bool, StoreError> {
        let mut failed = None;
        for (name, statement) in SIZES {
            match self.count_one(name, statement).await {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(true), Err)
    }

    async fn count_one(
        &self,
        name: &'static str,
        statement: &'static str,
    ) -> Result<bool, StoreError> {
        let counted = self.database.read().the(statement, []).await?;
        let value: i64 = counted.get("value")?;
        let this = self.clone();
        let noted = self.database.write(move |step| {
            Box::pin(async move {
                if !this.take(step).await? {
                    return Ok(false);
                }
                let values = [name.into(), value.into(), step.now.millis().into()];
                step.sql.execute(NOTE, values).await?;
                Ok(true)
            })
        });
        noted.await
    }

    /// How much there was of each thing when it was last counted.
    pub async fn sizes(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let rows = self.database.read().all(SIZES_NOTED, []).await?;
        let sizes = rows
            .iter()
            .map(|row| Ok((row.get("name")?, row.get("value")?)));
        sizes.collect()
    }

    /// Gives the turn away, if it is this node's.
    pub async fn leave(&self) -> Result<(), StoreError> {
        let values = [LEASE.into(), self.holder.clone().into()];
        let work = self.database.write_once(move |sql| {
            Box::pin(async move { sql.execute(LEAVE, values).await.map(drop) })
        });
        work.await
    }

    /// Takes the turn or keeps it, as part of a step: until its end no other node can. Whether it
    /// is this node's.
    async fn take(&self, step: &Step<'_>) -> Result<bool, StoreError> {
        let values = [
            LEASE.into(),
            self.holder.clone().into(),
            millis(self.lease).into(),
        ];
        Ok(step.sql.execute(TAKE, values).await? > 0)
    }
}

const TAKE: &str = "
INSERT INTO leases (name, holder, ends_at) VALUES ($1, $2, :now + $3)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, ends_at = excluded.ends_at
WHERE leases.holder = excluded.holder OR leases.ends_at <= excluded.ends_at - $3";

const LEAVE: &str = "DELETE FROM leases WHERE name = $1 AND holder = $2";

const NOTE: &str = "
INSERT INTO sizes (name, value, counted_at) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, counted_at = excluded.counted_at";

const SIZES_NOTED: &str = "SELECT name, value FROM sizes ORDER BY name";
