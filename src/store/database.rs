//! The database: connections that read, and the way to write.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use sea_orm::DatabaseConnection;
use tokio::time::Instant;

use super::{
    dialect::{OPENING, PostgresServer, SqliteFile},
    error::StoreError,
    file::{self, Identity, ServeLock},
    job::{Present, Step, Work, Writes, job},
    migrations,
    opening::{OpenError, Purpose},
    sql::{Columns as _, Sql},
    transaction,
    writer::Writer,
};
use crate::{
    crypto::random::Rng,
    model::time::{Clock, Timestamp},
};

/// An exchange that takes longer does not set a clock.
const SLOW: Duration = Duration::from_millis(500);

/// How to open the database.
#[derive(Clone)]
pub struct StoreOptions {
    /// Where it is: `sqlite://` and the path of a file, or `postgres://`.
    pub url: String,
    /// How many connections read a file, or use a server.
    pub connections: u32,
    /// What for.
    pub purpose: Purpose,
}

impl StoreOptions {
    /// The database at `url`, to begin with, with as many connections as this machine has cores.
    #[must_use]
    pub fn at(url: &str) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            url: url.to_owned(),
            connections: u32::try_from(cores).unwrap_or(u32::MAX).clamp(2, 16),
            purpose: Purpose::Begin,
        }
    }

    /// The same, for another purpose.
    #[must_use]
    pub fn to(self, purpose: Purpose) -> Self {
        Self { purpose, ..self }
    }
}

/// The names of all migrations of this version, in order: what a database lacks that is not there.
#[must_use]
pub fn all_migrations() -> Vec<String> {
    migrations::all()
}

/// An open database. Clones are the same one.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    engine: Engine,
    present: Present,
    /// By how many milliseconds the store's clock is ahead of the system's, as last seen.
    ahead: AtomicI64,
}

enum Engine {
    Sqlite {
        file: SqliteFile,
        identity: Identity,
        readers: DatabaseConnection,
        writer: Writer,
        lock: ServeLock,
    },
    Postgres(PostgresServer),
}

impl Database {
    /// Opens the database, making the file where its purpose allows. It is not migrated yet.
    pub async fn open(
        options: &StoreOptions,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self, OpenError> {
        let present = Present { clock, rng };
        let engine = if options.url.starts_with("postgres") {
            let server = PostgresServer::at(&options.url, options.connections)?;
            server.in_time(server.check_version()).await?;
            Engine::Postgres(server)
        } else {
            open_file(options, &present).await?
        };
        let database = Self(Arc::new(Inner {
            engine,
            present,
            ahead: AtomicI64::new(0),
        }));
        database.read_clock().await?;
        Ok(database)
    }

    /// The names of the migrations that the database does not have yet, in order. A database that
    /// has some which this binary does not know is refused.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        match &self.0.engine {
            Engine::Sqlite { file, .. } => {
                migrations::pending_in_file(&mut file.alone().await?).await
            }
            Engine::Postgres(server) => {
                migrations::pending_on_server(&mut server.alone().await?).await
            }
        }
    }

    /// Applies the migrations that the database does not have yet.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        match &self.0.engine {
            Engine::Sqlite { file, .. } => {
                migrations::apply_to_file(&mut file.alone().await?).await
            }
            Engine::Postgres(server) => {
                migrations::apply_to_server(&mut server.alone().await?).await
            }
        }
    }

    /// Whether the database answers, takes writes, and is still where it was opened.
    pub async fn ping(&self) -> Result<(), StoreError> {
        if let Engine::Sqlite {
            writer, identity, ..
        } = &self.0.engine
        {
            writer.ready()?;
            identity.check().await?;
        }
        self.read().the("SELECT 1", []).await.map(drop)
    }

    /// What this process takes the store's clock to show.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.present.clock.now()
    }

    /// By how much the store's clock and the system's differ, as last seen.
    #[must_use]
    pub fn clock_error(&self) -> Duration {
        Duration::from_millis(self.0.ahead.load(Ordering::Relaxed).unsigned_abs())
    }

    async fn read_clock(&self) -> Result<(), StoreError> {
        let asked = Instant::now();
        let now: i64 = self
            .read()
            .the("SELECT :now AS now", [])
            .await?
            .get("now")?;
        self.follow(Timestamp::from_millis(now), asked.elapsed());
        Ok(())
    }

    /// Has this process's clock follow the store's, which showed `seen` in the middle of an
    /// exchange that took `took`. A file has no clock of its own, and of a slow exchange nobody
    /// knows where its middle was.
    pub(super) fn follow(&self, seen: Timestamp, took: Duration) {
        if matches!(self.0.engine, Engine::Postgres(_)) && took < SLOW {
            let ahead = self.0.present.clock.follow(seen.plus(took / 2));
            self.0.ahead.store(ahead, Ordering::Relaxed);
        }
    }

    /// Does the writes that wait, takes no more, and closes all connections. The writer's is the
    /// last, so that it can fold the write-ahead log into the file.
    pub async fn close(&self) {
        match &self.0.engine {
            Engine::Sqlite {
                readers,
                writer,
                lock,
                ..
            } => {
                readers.close_by_ref().await.ok();
                writer.close().await;
                lock.release();
            }
            Engine::Postgres(server) => server.close().await,
        }
    }

    /// Resolves when the task through which all writes of this process go has ended, where there
    /// is one.
    pub async fn writer_ended(&self) {
        match &self.0.engine {
            Engine::Sqlite { writer, .. } => writer.ended().await,
            Engine::Postgres(_) => std::future::pending().await,
        }
    }

    /// A connection that reads.
    pub(super) fn read(&self) -> Sql<'_> {
        match &self.0.engine {
            Engine::Sqlite { readers, .. } => Sql::on_file(readers, self.now()),
            Engine::Postgres(server) => Sql::on_server(server),
        }
    }

    /// Does what writes with one statement, and answers when it is durable. The moment of the step
    /// is the statement's `:now`.
    pub(super) async fn write_once<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'s> FnOnce(&'s Sql<'s>) -> Work<'s, T> + Send + 'static,
    {
        match &self.0.engine {
            Engine::Sqlite { writer, .. } => {
                writer
                    .run(job(Writes::Once, move |step| work(&step.sql)))
                    .await
            }
            Engine::Postgres(server) => {
                let sql = Sql::on_server(server);
                server.in_time(work(&sql)).await
            }
        }
    }

    /// Does what writes with several statements as one, and answers when it is durable.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'s> FnOnce(&'s Step<'s>) -> Work<'s, T> + Send + 'static,
    {
        match &self.0.engine {
            Engine::Sqlite { writer, .. } => writer.run(job(Writes::Several, work)).await,
            Engine::Postgres(server) => {
                let writing = transaction::run(server, &*self.0.present.rng, work);
                server.in_time(writing).await
            }
        }
    }
}

async fn open_file(options: &StoreOptions, present: &Present) -> Result<Engine, OpenError> {
    let file = SqliteFile::at(&options.url)?;
    let file = match options.purpose {
        Purpose::Serve => file,
        Purpose::Begin | Purpose::Use | Purpose::Look => file.patient(),
    };
    let path = file.path().to_owned();
    if options.purpose.makes() {
        file::create(&path)?;
    } else if !file::exists(&path)? {
        return Err(OpenError::Missing(path));
    }
    let lock = match options.purpose {
        Purpose::Serve => ServeLock::take(&path)?,
        Purpose::Begin | Purpose::Use | Purpose::Look => ServeLock::none(),
    };
    let identity = Identity::of(&path)?;
    if options.purpose == Purpose::Serve
        && let Some(warning) = file::exposure(&path)
    {
        tracing::warn!("{warning}");
    }
    if options.purpose == Purpose::Look {
        let file = file.untouched(file::has_log(&path));
        return Ok(Engine::Sqlite {
            readers: file.readers(1).await?,
            writer: Writer::none(),
            file,
            identity,
            lock,
        });
    }
    // The writer comes first: it sets the journal mode, without which readers cannot open.
    let connection = file.writer(OPENING).await?;
    let readers = file.readers(options.connections).await?;
    let writer = Writer::start(file.clone(), connection, present.clone());
    Ok(Engine::Sqlite {
        file,
        identity,
        readers,
        writer,
        lock,
    })
}
