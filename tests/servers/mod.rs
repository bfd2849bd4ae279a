//! Real servers, started by the test binary that needs them and ended with it.
//!
//! They listen on unix sockets in folders of their own, so that nothing else on the machine is met.
//! There is one cluster a test binary, and one database a test.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unused_imports,
    reason = "a test fails by panicking; each test binary uses a part"
)]

mod postgres;
mod proxy;

pub(crate) use postgres::{Postgres, TestDatabase, set_clock};
pub(crate) use proxy::Proxy;
