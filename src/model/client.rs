//! A client: the application that logs users in (RFC 6749 §2).

use std::time::Duration;

use super::{id::ClientId, signing_key::Algorithm};

/// A client and what holds for the tokens that it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its identifier.
    pub id: ClientId,
    /// Its name, for people.
    pub name: String,
    /// The exact origins that its pages are served from (RFC 6454): CORS and cookie calls are
    /// allowed from these alone.
    pub origins: Vec<String>,
    /// How long its access tokens live.
    pub access_lifetime: Duration,
    /// How long a spent refresh token is answered with its successor; zero is strict mode.
    pub reuse_interval: Duration,
    /// Whether it makes API keys for a username and a password.
    pub keys_for_passwords: bool,
    /// How its access tokens are signed.
    pub algorithm: Algorithm,
    /// The `typ` of its access tokens: `at+jwt`, or `JWT` for verifiers that refuse it.
    pub token_type: String,
}
