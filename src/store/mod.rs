//! What must be remembered: users, sessions, signing keys, clients, and the change log that tells
//! every node what happened. The only home of `sea-orm` and `sqlx`.
//!
//! SQL is portable and written once; what differs between databases stands in `dialect`. Each
//! store is a small struct over a [`Database`](database::Database), with one method a question.
//! The store keeps what it is given: it makes no secrets (that is [`crypto`](crate::crypto)) and
//! decides nothing that [`model::rule`](crate::model::rule) or [`auth`](crate::auth) decides.

pub mod api_keys;
pub mod changes;
pub mod clients;
pub mod clock;
pub mod database;
mod dialect;
pub mod error;
pub mod families;
mod file;
pub mod housekeeping;
mod job;
pub mod key_checks;
mod migrations;
pub mod opening;
pub mod paging;
pub mod peppers;
pub mod redis;
pub mod scopes;
pub mod signing_keys;
mod sql;
mod transaction;
pub mod users;
mod writer;
