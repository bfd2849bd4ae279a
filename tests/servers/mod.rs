//! Real servers, started by the test binary that needs them and ended with it.
//!
//! They listen on unix sockets in folders of their own, so that nothing else on the machine is met.
//! There is one cluster of PostgreSQL a test binary, and one database a test; each test that needs
//! Redis has a server of its own.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unused_imports,
    reason = "a test fails by panicking; each test binary uses a part"
)]

mod postgres;
mod proxy;
mod redis;

pub(crate) use self::redis::{Redis, RedisClock};
pub(crate) use postgres::{Postgres, TestDatabase, set_clock};
pub(crate) use proxy::Proxy;
