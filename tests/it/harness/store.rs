use std::fs;
use std::path::PathBuf;

use signet::config::{DatabaseUrl, MigrateWhen, StoreSettings};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgConnection, SqliteConnection};
use tempfile::TempDir;

use super::clock::START;
use crate::servers::{Postgres, TestDatabase};

/// The test binary in which all servers keep what they remember in PostgreSQL.
const ON_POSTGRES: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"it_postgres");

/// Where a server remembers.
pub(crate) enum Store {
    Sqlite(PathBuf),
    Postgres(TestDatabase),
}

/// A connection that knows nothing of the server's own.
pub(crate) enum Stranger {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Store {
    /// An empty one; and the file with the clock of a database that has its own.
    pub(super) async fn empty(folder: &TempDir) -> (Self, Option<PathBuf>) {
        if ON_POSTGRES {
            let database = Postgres::shared().database().await;
            let clock = database.hold_clock(START).await;
            (Self::Postgres(database), Some(clock))
        } else {
            (Self::Sqlite(folder.path().join("signet.db")), None)
        }
    }

    pub(super) fn set(&self, settings: &mut StoreSettings) {
        match self {
            Self::Sqlite(file) => settings.database = DatabaseUrl::Sqlite(file.clone()),
            Self::Postgres(database) => {
                settings.database = DatabaseUrl::parse(&database.url).unwrap();
                settings.migrate = Some(MigrateWhen::AtStart);
                settings.connections = 4;
            }
        }
    }

    pub(crate) async fn connect(&self) -> Stranger {
        match self {
            Self::Sqlite(file) => {
                let options = SqliteConnectOptions::new().filename(file);
                Stranger::Sqlite(options.connect().await.unwrap())
            }
            Self::Postgres(database) => Stranger::Postgres(database.connect().await),
        }
    }

    /// Takes it away from whoever uses it.
    pub(crate) async fn hide(&self) {
        match self {
            Self::Sqlite(file) => fs::rename(file, file.with_extension("away")).unwrap(),
            Self::Postgres(database) => database.close().await,
        }
    }

    /// Brings it back.
    pub(crate) async fn show(&self) {
        match self {
            Self::Sqlite(file) => fs::rename(file.with_extension("away"), file).unwrap(),
            Self::Postgres(database) => database.open().await,
        }
    }

    /// Everything that is stored.
    pub(crate) async fn dump(&self) -> Vec<u8> {
        match self {
            Self::Sqlite(file) => {
                let mut dump = fs::read(file).unwrap();
                dump.extend(fs::read(file.with_extension("db-wal")).unwrap_or_default());
                dump
            }
            Self::Postgres(database) => {
                let mut connection = database.connect().await;
                let tables = "SELECT query_to_xml(format('SELECT * FROM %I', tablename), true, \
                    true, '')::text FROM pg_tables WHERE schemaname = 'public'";
                let tables: Vec<String> = sqlx::query_scalar(tables)
                    .fetch_all(&mut connection)
                    .await
                    .unwrap();
                tables.concat().into_bytes()
            }
        }
    }
}

impl Stranger {
    pub(crate) async fn execute(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => connection.execute(sql).await.map(drop),
            Self::Postgres(connection) => connection.execute(sql).await.map(drop),
        }
        .unwrap();
    }

    /// The first column of what a query finds, which is text.
    pub(crate) async fn texts(&mut self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
        }
        .unwrap()
    }

    /// Locks others out from writing, until [`execute`](Self::execute) says `ROLLBACK`.
    pub(crate) async fn lock(&mut self) {
        match self {
            Self::Sqlite(_) => self.execute("BEGIN EXCLUSIVE").await,
            Self::Postgres(_) => {
                self.execute("BEGIN").await;
                self.execute("LOCK TABLE sessions, users, counters IN EXCLUSIVE MODE")
                    .await;
            }
        }
    }
}
