//! PostgreSQL: a pool of connections on which nobody waits for long.
//!
//! The server gives up first: on a lock, then on a statement. If even that answer does not come,
//! the server is taken to be gone. Then, as whenever a connection breaks, the pool is given up with
//! all its connections and the next statement connects anew, so that recovery costs one refusal.

use std::{
    future::Future,
    str::FromStr as _,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use sea_orm::{DatabaseConnection, DbErr, SqlxPostgresConnector};
use sqlx::{
    ConnectOptions as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

use super::is_broken;
use crate::store::error::StoreError;

/// How long a caller waits in all, a connection included.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1_800);
/// How long the server lets a session wait: for a lock, for a statement, for the next one of a
/// transaction. Whoever holds the change log's counter can hold the others up no longer than that.
const SERVER_TIMEOUTS: [(&str, &str); 3] = [
    ("lock_timeout", "1500"),
    ("statement_timeout", "1800"),
    ("idle_in_transaction_session_timeout", "2000"),
];
/// A migration may take its time, but does not queue behind somebody's lock for ever.
const MIGRATION_TIMEOUTS: [(&str, &str); 3] = [
    ("lock_timeout", "60000"),
    ("statement_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
];
/// The oldest version that we test with.
const OLDEST: i32 = 150_000;

/// A PostgreSQL database and the connections to it.
pub(in crate::store) struct PostgresServer {
    options: PgConnectOptions,
    connections: u32,
    pool: RwLock<Pool>,
}

/// A pool, and how many there were before it.
#[derive(Clone)]
pub(in crate::store) struct Pool {
    number: u64,
    raw: PgPool,
    pub(in crate::store) connection: DatabaseConnection,
}

impl PostgresServer {
    /// The database at `url`, in whose errors there is no password. Nothing is connected yet.
    pub(in crate::store) fn at(url: &str, connections: u32) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?.disable_statement_logging();
        let options = match options.get_application_name() {
            None => options.application_name("signet"),
            Some(_) => options,
        };
        let pool = RwLock::new(pool(0, &options, connections));
        Ok(Self {
            options,
            connections,
            pool,
        })
    }

    /// The pool of now.
    pub(in crate::store) fn pool(&self) -> Pool {
        let pool = self.pool.read().unwrap_or_else(PoisonError::into_inner);
        pool.clone()
    }

    /// Waits for an answer on a connection of `pool`, and gives the pool up where it broke or does
    /// not answer: the server has limits of its own, which come first.
    pub(in crate::store) async fn bounded<T>(
        &self,
        pool: &Pool,
        asked: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, StoreError> {
        let answer = timeout(PATIENCE, asked).await;
        if answer
            .as_ref()
            .map_or(true, |answer| answer.as_ref().is_err_and(is_broken))
        {
            self.give_up(pool);
        }
        Ok(answer.map_err(|_| no_answer())??)
    }

    /// Does a piece of work of several statements, each bounded, within the time of one.
    pub(in crate::store) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        timeout(PATIENCE, work)
            .await
            .unwrap_or_else(|_| Err(no_answer()))
    }

    /// Gives up a pool, unless somebody else has or it was closed.
    fn give_up(&self, failed: &Pool) {
        let mut current = self.pool.write().unwrap_or_else(PoisonError::into_inner);
        if current.number != failed.number || current.raw.is_closed() {
            return;
        }
        tracing::warn!("the connections to the database are given up and made anew");
        let next = pool(failed.number + 1, &self.options, self.connections);
        let given_up = std::mem::replace(&mut *current, next).raw;
        // Its connections are closed as they come back; one that hangs keeps nobody waiting.
        tokio::spawn(async move { timeout(PATIENCE, given_up.close()).await });
    }

    /// Closes all connections, waiting a little for those at work.
    pub(in crate::store) async fn close(&self) {
        let closing = self.pool().raw;
        timeout(PATIENCE, closing.close()).await.ok();
    }

    /// Refuses a server that is older than what we know.
    pub(in crate::store) async fn check_version(&self) -> Result<(), StoreError> {
        const VERSION: &str = "SELECT current_setting('server_version_num')::int4";
        // Not from the pool, which tries again and does not tell why in vain.
        let mut connection = self.alone().await?;
        let version: i32 = sqlx::query_scalar(VERSION)
            .fetch_one(&mut connection)
            .await?;
        if version < OLDEST {
            let (found, oldest) = (version / 10_000, OLDEST / 10_000);
            return Err(StoreError::corrupt(format_args!(
                "PostgreSQL {found} is too old: use {oldest} or newer"
            )));
        }
        Ok(())
    }

    /// A connection of its own, for the time of a migration.
    pub(in crate::store) async fn alone(&self) -> Result<PgConnection, StoreError> {
        let options = self.options.clone().options(MIGRATION_TIMEOUTS);
        match timeout(PATIENCE, options.connect()).await {
            Ok(connected) => Ok(connected?),
            Err(_) => Err(no_answer()),
        }
    }
}

/// What a caller hears who has waited long enough.
fn no_answer() -> StoreError {
    StoreError::Unavailable("it does not answer".to_owned())
}

/// Its connections are not asked first whether they are well: that would be a second round trip.
fn pool(number: u64, options: &PgConnectOptions, connections: u32) -> Pool {
    let raw = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(CONNECT_TIMEOUT)
        .test_before_acquire(false)
        .connect_lazy_with(options.clone().options(SERVER_TIMEOUTS));
    Pool {
        number,
        connection: SqlxPostgresConnector::from_sqlx_postgres_pool(raw.clone()),
        raw,
    }
}
