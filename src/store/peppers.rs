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

const INSERT: &str = "
INSERT INTO peppers (id, sealed, created_at) VALUES ($1, $2, $3)
ON CONFLICT (id) DO NOTHING";
