//! The stores, on a real database: what each promises in its documentation.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod changes;
mod families;
mod keys;
mod migrations;
mod place;
mod rule;
mod users;
mod writer;
