//! Signet through its front door: each test starts a server of its own and speaks HTTP to it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access_token;
mod api_keys;
mod auth;
mod clients;
mod cors;
mod document;
mod errors;
mod events;
pub(crate) mod harness;
mod introspect;
mod lane;
mod master_keys;
mod me;
mod memory;
pub(crate) mod oauth;
mod operations;
mod restart;
mod scopes;
mod secrets;
mod seeds;
#[path = "../servers/mod.rs"]
pub(crate) mod servers;
mod signing_keys;
mod trouble;
mod users;
pub(crate) mod verify;
mod well_known;
