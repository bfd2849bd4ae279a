//! The database: connections that read, and the one writer.

use std::sync::Arc;

use sea_orm::DatabaseConnection;

use super::{
    dialect::SqliteFile,
    error::StoreError,
    job::{Present, Step, Work, Writes, job},
    migrations,
    sql::Sql,
    writer::Writer,
};
use crate::{
    crypto::random::Rng,
    model::time::{Clock, Timestamp},
};

/// How to open the database.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Where it is: `sqlite://` and the path of a file.
    pub url: String,
    /// How many connections read.
    pub readers: u32,
}

impl StoreOptions {
    /// The database at `url`, read by as many connections as this machine has cores.
    #[must_use]
    pub fn at(url: &str) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            url: url.to_owned(),
            readers: u32::try_from(cores).unwrap_or(u32::MAX).clamp(2, 16),
        }
    }
}

/// An open database. Clones are the same one.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    file: SqliteFile,
    readers: DatabaseConnection,
    writer: Writer,
    present: Present,
}

impl Database {
    /// Opens the database, making the file where there is none. It is not migrated yet.
    pub async fn open(
        options: &StoreOptions,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self, StoreError> {
        let file = SqliteFile::at(&options.url)?;
        file.create().map_err(|cause| {
            StoreError::Unavailable(format!("{} cannot be made: {cause}", options.url))
        })?;
        // The writer comes first: it sets the journal mode, without which readers cannot open.
        let connection = file.writer().await?;
        let readers = file.readers(options.readers).await?;
        let present = Present { clock, rng };
        let writer = Writer::start(file.clone(), connection, present.clone());
        Ok(Self(Arc::new(Inner {
            file,
            readers,
            writer,
            present,
        })))
    }

    /// The names of the migrations that the database does not have yet, in order. A database that
    /// has some which this binary does not know is refused.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        migrations::pending(&mut self.0.file.alone().await?).await
    }

    /// Applies the migrations that the database does not have yet.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        migrations::apply(&mut self.0.file.alone().await?).await
    }

    /// Whether the database answers, and the writer takes jobs.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.0.writer.ready()?;
        self.read().the("SELECT 1", []).await.map(drop)
    }

    /// The store's own clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.present.clock.now()
    }

    /// Does the writes that wait, takes no more, and closes all connections. The writer's is the
    /// last, so that it can fold the write-ahead log into the file.
    pub async fn close(&self) {
        self.0.readers.close_by_ref().await.ok();
        self.0.writer.close().await;
    }

    /// A connection that reads.
    pub(super) fn read(&self) -> Sql<'_> {
        Sql::on(&self.0.readers)
    }

    /// Does what writes with one statement, and answers when it is durable.
    pub(super) async fn write_once<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'s> FnOnce(&'s Step<'s>) -> Work<'s, T> + Send + 'static,
    {
        self.0.writer.run(job(Writes::Once, work)).await
    }

    /// Does what writes with several statements as one, and answers when it is durable.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'s> FnOnce(&'s Step<'s>) -> Work<'s, T> + Send + 'static,
    {
        self.0.writer.run(job(Writes::Several, work)).await
    }
}
