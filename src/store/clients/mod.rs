//! Clients: which there are, what is chosen for each, and digests of their secrets. What holds for
//! the default one stands in the configuration.
//!
//! What changes a client tells the change log in the same step.

mod assertions;
mod change;
mod create;
mod read;

use super::database::Database;
use crate::{
    crypto::client_secret::ClientSecretDigest,
    model::{client::ClientRecord, time::Timestamp},
};

pub(super) use assertions::PURGED;
pub use change::SecretRotation;
pub(super) use change::ungrant;

/// How many clients there may be beside the default one: every node holds all in memory.
pub const MOST_CLIENTS: u32 = 10_000;

/// The clients of a database.
#[derive(Clone)]
pub struct Clients {
    database: Database,
}

/// A client with what proves it.
#[derive(Clone)]
pub struct ClientWithSecrets {
    /// The client.
    pub record: ClientRecord,
    /// Its secrets: the newest, and older ones until they cease to count.
    pub secrets: Vec<StoredClientSecret>,
}

/// What is kept of a client's secret.
#[derive(Clone)]
pub struct StoredClientSecret {
    /// What it is checked against.
    pub digest: ClientSecretDigest,
    /// When it ceases to count, where a newer one took its place.
    pub valid_until: Option<Timestamp>,
}

/// A digest to store, and which pepper made it.
#[derive(Clone, Copy)]
pub struct NewSecret {
    /// The digest.
    pub digest: ClientSecretDigest,
    /// The pepper's id.
    pub pepper_id: u8,
}

impl Clients {
    /// The clients of this database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}
