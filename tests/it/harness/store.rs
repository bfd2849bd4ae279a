use std::fs;
use std::path::PathBuf;

use signet::config::{DatabaseUrl, MigrateWhen, StoreSettings};
use signet::store::redis::RedisAddress;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgConnection, SqliteConnection};
use tempfile::TempDir;

use super::clock::START;
use crate::servers::{Clocks, Postgres, Redis, TestDatabase};

/// The test binaries in which all servers keep what they remember in PostgreSQL.
const ON_POSTGRES: bool = matches!(
    env!("CARGO_CRATE_NAME").as_bytes(),
    b"it_postgres" | b"it_redis"
);
/// The one in which Redis stands in front of it.
const WITH_REDIS: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"it_redis");

/// Where a server remembers.
pub(crate) enum Store {
    Sqlite(PathBuf),
    Postgres(TestDatabase, Option<Redis>),
}

/// A connection that knows nothing of the server's own.
pub(crate) enum Stranger {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Store {
    /// An empty one; and the clocks of its servers.
    pub(super) async fn empty(folder: &TempDir) -> (Self, Clocks) {
        if !ON_POSTGRES {
            let file = folder.path().join("signet.db");
            return (Self::Sqlite(file), Clocks::default());
        }
        let database = Postgres::shared().database().await;
        let postgres = Some(database.hold_clock(START).await);
        let (server, redis) = WITH_REDIS.then(|| Redis::with_clock(START)).unzip();
        (Self::Postgres(database, server), Clocks { postgres, redis })
    }

    /// The Redis in front, where there is one.
    pub(crate) fn redis(&self) -> Option<&Redis> {
        match self {
            Self::Postgres(_, redis) => redis.as_ref(),
            Self::Sqlite(_) => None,
        }
    }

    pub(super) fn set(&self, settings: &mut StoreSettings) {
        match self {
            Self::Sqlite(file) => settings.database = DatabaseUrl::Sqlite(file.clone()),
            Self::Postgres(database, redis) => {
                let address = redis.as_ref().map(Redis::url);
                settings.redis = address.map(|url| RedisAddress::parse(&url).unwrap());
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
            Self::Postgres(database, _) => Stranger::Postgres(database.connect().await),
        }
    }

    /// Takes it away from whoever uses it.
    pub(crate) async fn hide(&self) {
        match self {
            Self::Sqlite(file) => fs::rename(file, file.with_extension("away")).unwrap(),
            Self::Postgres(database, _) => database.close().await,
        }
    }

    /// Brings it back.
    pub(crate) async fn show(&self) {
        match self {
            Self::Sqlite(file) => fs::rename(file.with_extension("away"), file).unwrap(),
            Self::Postgres(database, _) => database.open().await,
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
            Self::Postgres(database, _) => {
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
