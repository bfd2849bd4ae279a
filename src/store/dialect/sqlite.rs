//! `SQLite`: one file, one connection that writes, others that read.

use std::{path::Path, str::FromStr as _, time::Duration};

use sea_orm::{DatabaseConnection, SqlxSqliteConnector};
use sqlx::{
    ConnectOptions as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::Instant;

use crate::store::error::StoreError;

/// How long a connection waits for another's lock, another process's included.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a command does, whose user would only type it again.
const BUSY_TIMEOUT_OF_COMMANDS: Duration = Duration::from_secs(15);
/// How long somebody waits for a connection: a little longer, so that a lock is called a lock.
const ACQUIRE_TIMEOUT: Duration = Duration::from_millis(2200);
/// How long opening may take on a machine that is busy.
pub(in crate::store) const OPENING: Duration = Duration::from_secs(15);

/// A `SQLite` file and how to connect to it.
#[derive(Debug, Clone)]
pub(in crate::store) struct SqliteFile {
    options: SqliteConnectOptions,
    writable: bool,
}

impl SqliteFile {
    /// Reads `sqlite://path`. The parameters of such URLs would undo what durability rests on, so
    /// there are none; a database in memory would be another one for each connection.
    pub(in crate::store) fn at(url: &str) -> Result<Self, StoreError> {
        let path = url.strip_prefix("sqlite:").unwrap_or_default();
        if path.trim_start_matches('/').is_empty()
            || path.contains(['?', '#'])
            || path == ":memory:"
        {
            return Err(StoreError::corrupt(
                "store.database must be `sqlite://` and the path of a file, without parameters",
            ));
        }
        let options = SqliteConnectOptions::from_str(url)?
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging();
        Ok(Self {
            options,
            writable: true,
        })
    }

    pub(in crate::store) fn path(&self) -> &Path {
        self.options.get_filename()
    }

    /// The same file, for a command.
    pub(in crate::store) fn patient(self) -> Self {
        let options = self.options.busy_timeout(BUSY_TIMEOUT_OF_COMMANDS);
        Self { options, ..self }
    }

    /// The same file, of which nothing is changed, nor beside it. A log that is there has to be
    /// read too; where there is none, looking for one would make it.
    pub(in crate::store) fn untouched(self, has_log: bool) -> Self {
        let options = self.options.read_only(true).immutable(!has_log);
        Self {
            options,
            writable: false,
        }
    }

    /// The one connection that writes. It sets the journal mode, which stays with the file.
    pub(in crate::store) async fn writer(
        &self,
        patience: Duration,
    ) -> Result<DatabaseConnection, StoreError> {
        connect(1, self.writing(), patience).await
    }

    /// The connections that read, and can do nothing else.
    pub(in crate::store) async fn readers(
        &self,
        count: u32,
    ) -> Result<DatabaseConnection, StoreError> {
        connect(count, self.options.clone().read_only(true), OPENING).await
    }

    /// A connection of its own, for the time of a migration.
    pub(in crate::store) async fn alone(&self) -> Result<SqliteConnection, StoreError> {
        let options = if self.writable {
            self.writing()
        } else {
            self.options.clone()
        };
        Ok(options.connect().await?)
    }

    /// What is deleted is overwritten: a person who is erased is not left in the file's gaps.
    fn writing(&self) -> SqliteConnectOptions {
        self.options
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("secure_delete", "FAST")
    }
}

/// Opens a pool. A machine that is busy may need longer than a request ever waits for a connection,
/// so it is tried again for as long as there is patience.
async fn connect(
    connections: u32,
    options: SqliteConnectOptions,
    patience: Duration,
) -> Result<DatabaseConnection, StoreError> {
    let until = Instant::now() + patience;
    loop {
        match pool(connections).connect_with(options.clone()).await {
            Err(sqlx::Error::PoolTimedOut) if Instant::now() < until => {}
            opened => return Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(opened?)),
        }
    }
}

/// A pool whose connections stay open and are not asked first whether they are well.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(connections)
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

    use super::*;

    async fn pragma(connection: &DatabaseConnection, name: &str) -> String {
        let ask = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {name}"));
        let row = connection.query_one_raw(ask).await.unwrap().unwrap();
        let number = row.try_get_by_index::<i64>(0).map(|n| n.to_string());
        number.unwrap_or_else(|_| row.try_get_by_index(0).unwrap())
    }

    #[tokio::test]
    async fn what_is_committed_is_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/signet.db", folder.path().display());
        let file = SqliteFile::at(&url).unwrap();
        std::fs::File::create(file.path()).unwrap();
        let writer = file.writer(OPENING).await.unwrap();
        for (name, value) in [
            ("journal_mode", "wal"),
            ("synchronous", "2"), // FULL
            ("foreign_keys", "1"),
            ("busy_timeout", "2000"),
            ("secure_delete", "2"), // FAST
        ] {
            assert_eq!(pragma(&writer, name).await, value, "{name}");
        }
        let readers = file.readers(1).await.unwrap();
        let write = readers.execute_unprepared("CREATE TABLE t (x)").await;
        assert!(write.is_err());
    }

    #[test]
    fn only_files_without_parameters_are_databases() {
        assert!(SqliteFile::at("sqlite://data/signet.db").is_ok());
        assert!(SqliteFile::at("sqlite:///var/lib/signet.db").is_ok());
        for refused in [
            "",
            "sqlite:",
            "sqlite://",
            "sqlite::memory:",
            "sqlite://a?mode=ro",
            "a.db",
        ] {
            assert!(SqliteFile::at(refused).is_err(), "{refused}");
        }
    }
}
