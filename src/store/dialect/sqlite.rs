//! `SQLite`: one file, one connection that writes, others that read.

use std::{path::PathBuf, str::FromStr as _, time::Duration};

use sea_orm::{DatabaseConnection, SqlxSqliteConnector};
use sqlx::{
    ConnectOptions as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::store::error::StoreError;

/// How long a connection waits for another's lock, another process's included.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// A `SQLite` file and how to connect to it.
#[derive(Debug, Clone)]
pub(in crate::store) struct SqliteFile {
    options: SqliteConnectOptions,
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
        Ok(Self { options })
    }

    /// Makes the file, readable by its owner alone, and its folder, where they are missing.
    pub(in crate::store) fn create(&self) -> std::io::Result<()> {
        let path = PathBuf::from(self.options.get_filename());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = std::fs::OpenOptions::new();
        file.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
        file.open(path).map(drop)
    }

    /// The one connection that writes. It sets the journal mode, which stays with the file.
    pub(in crate::store) async fn writer(&self) -> Result<DatabaseConnection, StoreError> {
        let options = self.writing();
        let pool = pool(1).connect_with(options).await?;
        Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
    }

    /// The connections that read, and can do nothing else.
    pub(in crate::store) async fn readers(
        &self,
        count: u32,
    ) -> Result<DatabaseConnection, StoreError> {
        let options = self.options.clone().read_only(true);
        let pool = pool(count).connect_with(options).await?;
        Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
    }

    /// A connection of its own, for the time of a migration.
    pub(in crate::store) async fn alone(&self) -> Result<SqliteConnection, StoreError> {
        Ok(self.writing().connect().await?)
    }

    /// What is deleted is overwritten: a person who is erased is not left in the file's gaps.
    fn writing(&self) -> SqliteConnectOptions {
        self.options
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("secure_delete", "FAST")
    }
}

/// A pool whose connections stay open and are not asked first whether they are well.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(connections)
        .max_connections(connections)
        .acquire_timeout(BUSY_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

#[cfg(test)]
mod tests {
    use super::*;

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
