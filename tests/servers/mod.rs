//! Real servers, started by the test binary that needs them and ended with it.
//!
//! They listen on unix sockets in folders of their own, so that nothing else on the machine is met;
//! nginx, which is asked over TCP, on a port of 127.0.0.1.
//! There is one cluster of PostgreSQL a test binary, and one database a test; each test that needs
//! Redis has a server of its own.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unused_imports,
    reason = "a test fails by panicking; each test binary uses a part"
)]

mod nginx;
mod postgres;
mod proxy;
mod redis;

pub(crate) use self::redis::{Redis, RedisClock};
pub(crate) use nginx::Nginx;
pub(crate) use postgres::{Postgres, TestDatabase, set_clock};
pub(crate) use proxy::Proxy;

/// The clocks of servers that have their own, in the test's hand.
#[derive(Default)]
pub(crate) struct Clocks {
    pub(crate) postgres: Option<std::path::PathBuf>,
    pub(crate) redis: Option<RedisClock>,
}

impl Clocks {
    /// Shows these milliseconds from now on.
    pub(crate) fn set(&self, millis: i64) {
        if let Some(file) = &self.postgres {
            set_clock(file, millis);
        }
        if let Some(redis) = &self.redis {
            redis.set(millis);
        }
    }
}
