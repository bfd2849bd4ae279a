//! The way to Redis, and the breaker: what has failed once is not waited for again.
//!
//! A [`Line`] is a connection in use. Whatever goes wrong on it, an answer that does not come in
//! time or a refusal alike, puts it out of use for everybody; until another one is put into use,
//! Redis is away and callers know it at once. Whoever keeps the link
//! ([`RedisFamilies::keep`](super::RedisFamilies::keep)) brings it back.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicU64, Ordering},
};

use redis::{FromRedisValue, RedisError, ScriptInvocation, aio::MultiplexedConnection, cmd};
use tokio::sync::Notify;

use super::{address::RedisAddress, connect};

/// The way to one Redis.
pub(super) struct Link {
    address: RedisAddress,
    shared: Arc<Shared>,
}

/// A connection.
#[derive(Clone)]
pub(super) struct Line {
    /// The first is 1; each has a number of its own.
    number: u64,
    connection: MultiplexedConnection,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    in_use: RwLock<Option<Line>>,
    lost: Notify,
    count: AtomicU64,
    told: RwLock<Option<Away>>,
}

/// Redis cannot be used now, and why. No error of a caller while SQL is there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Away(String);

impl Away {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    /// There is no line.
    pub(super) fn now() -> Self {
        Self::new("it is away")
    }
}

impl From<RedisError> for Away {
    fn from(error: RedisError) -> Self {
        Self(error.to_string())
    }
}

impl Link {
    /// The way to this address. Nothing is connected yet.
    pub(super) fn to(address: RedisAddress) -> Self {
        metrics::gauge!("signet_redis_up").set(0);
        Self {
            address,
            shared: Arc::default(),
        }
    }

    /// The line in use; nothing while Redis is away.
    pub(super) fn line(&self) -> Option<Line> {
        self.shared.line()
    }

    /// Connects. The line is not in use before [`put_into_use`](Self::put_into_use).
    pub(super) async fn connect(&self) -> Result<Line, Away> {
        let connection = connect::connect(&self.address).await?;
        Ok(Line {
            number: self.shared.count.fetch_add(1, Ordering::Relaxed) + 1,
            connection,
            shared: self.shared.clone(),
        })
    }

    /// Puts a line into use, and tells the operator what is wrong with what it leads to.
    pub(super) async fn put_into_use(&self, line: Line) {
        for sentence in connect::advice(&line.connection).await {
            tracing::warn!(redis = %self.address, "{sentence}");
        }
        *write(&self.shared.told) = None;
        *write(&self.shared.in_use) = Some(line);
        metrics::gauge!("signet_redis_up").set(1);
        tracing::info!(redis = %self.address, "Redis is in use");
    }

    /// Tells, once for each cause, why there is no line.
    pub(super) fn tell(&self, away: &Away) {
        let mut told = write(&self.shared.told);
        if told.as_ref() != Some(away) {
            tracing::warn!(
                redis = %self.address, cause = %away,
                "Redis is away: sessions go on in the database"
            );
            *told = Some(away.clone());
        }
    }

    /// Waits until a line is put out of use.
    pub(super) async fn lost(&self) {
        self.shared.lost.notified().await;
    }
}

impl Line {
    /// Runs a script.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, Away> {
        let mut connection = self.connection.clone();
        let answer = script.invoke_async(&mut connection).await;
        answer.map_err(|cause| self.give_up(Away::from(cause)))
    }

    /// The string at a key; nothing where there is none.
    pub(super) async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Away> {
        let mut connection = self.connection.clone();
        let answer = cmd("GET").arg(key).query_async(&mut connection).await;
        answer.map_err(|cause| self.give_up(Away::from(cause)))
    }

    /// Puts the line out of use, if it is in use.
    pub(super) fn give_up(&self, why: Away) -> Away {
        let mut in_use = write(&self.shared.in_use);
        if in_use
            .as_ref()
            .is_some_and(|line| line.number == self.number)
        {
            *in_use = None;
            metrics::gauge!("signet_redis_up").set(0);
            tracing::warn!(cause = %why, "Redis is away: sessions go on in the database");
            *write(&self.shared.told) = Some(why.clone());
            self.shared.lost.notify_one();
        }
        why
    }
}

impl Shared {
    fn line(&self) -> Option<Line> {
        let line = self.in_use.read().unwrap_or_else(PoisonError::into_inner);
        line.clone()
    }
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
