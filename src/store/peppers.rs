//! Peppers, sealed. There is one so far.

use super::{database::Database, error::StoreError, job::Step, sql::Columns as _};

/// The peppers of a database.
#[derive(Clone)]
pub struct Peppers {
    database: Database,
}

impl Peppers {
    /// Those of this database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    /// The sealed pepper of this id, if it was made.
    pub async fn find(&self, id: u8) -> Result<Option<String>, StoreError> {
        let row = self
            .database
            .read()
            .one(FIND, [i64::from(id).into()])
            .await?;
        row.map(|row| row.get("sealed")).transpose()
    }

    /// The id of every pepper, and the sealed pepper.
    pub async fn all(&self) -> Result<Vec<(u8, String)>, StoreError> {
        let rows = self.database.read().all(ALL, []).await?;
        rows.iter()
            .map(|row| Ok((row.number("id")?, row.get("sealed")?)))
            .collect()
    }

    /// Puts the same pepper sealed anew in the place of `from`, unless something else is there by
    /// now. Whether it did.
    pub async fn reseal(&self, id: u8, from: &str, to: String) -> Result<bool, StoreError> {
        let values = [i64::from(id).into(), from.into(), to.into()];
        let work = self.database.write(move |step| {
            Box::pin(async move { Ok(step.sql.execute(RESEAL, values).await? > 0) })
        });
        work.await
    }

    /// Keeps a pepper under an id that has none. The sealed one that is kept, now or from before.
    pub async fn ensure(&self, id: u8, sealed: &str) -> Result<String, StoreError> {
        let sealed = sealed.to_owned();
        let work = self
            .database
            .write(move |step| Box::pin(ensure(step, id, sealed)));
        work.await
    }
}

async fn ensure(step: &Step<'_>, id: u8, sealed: String) -> Result<String, StoreError> {
    let id = i64::from(id);
    let values = [id.into(), sealed.into(), step.now.millis().into()];
    step.sql.execute(INSERT, values).await?;
    step.sql.the(FIND, [id.into()]).await?.get("sealed")
}

const FIND: &str = "SELECT sealed FROM peppers WHERE id = $1";

const ALL: &str = "SELECT id, sealed FROM peppers ORDER BY id";

const RESEAL: &str = "UPDATE peppers SET sealed = $3 WHERE id = $1 AND sealed = $2";

const INSERT: &str = "
INSERT INTO peppers (id, sealed, created_at) VALUES ($1, $2, $3)
ON CONFLICT (id) DO NOTHING";
