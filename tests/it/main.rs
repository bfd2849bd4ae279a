//! Signet through its front door: each test starts a server of its own and speaks HTTP to it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access_token;
mod auth;
mod cors;
mod document;
mod errors;
mod harness;
mod me;
mod operations;
mod secrets;
mod trouble;
mod well_known;
