//! Signet: an identity provider in one binary.
//!
//! People log in with username and password; applications get short-lived signed access tokens
//! and rotating refresh tokens; resource servers verify them offline with the JWKS.
//!
//! Five layers, imports pointing one way only (`tests/architecture.rs` holds them):
//! [`model`] names things, [`crypto`] makes and checks secrets, [`store`] remembers,
//! [`auth`] decides, [`http`] speaks.

pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod http;
pub mod model;
pub mod store;
pub mod telemetry;
