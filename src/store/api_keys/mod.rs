//! API keys: what they may do, and digests of their secrets.
//!
//! What changes a key tells the change log in the same step. A name is taken once among an owner's
//! keys that are not revoked, expired ones included: a rotation brings those back.

mod change;
mod create;
mod read;
mod rotate;
mod usage;

use std::time::Duration;

use super::{database::Database, housekeeping::Purged};
use crate::{
    crypto::api_key::{ApiKeyDigest, KeptSecret},
    model::{
        api_key::{Addresses, ApiKey, ApiKeyState, KeyName, Metadata},
        api_key_text::Lookup,
        id::{ApiKeyId, UserId},
        scope::Grants,
        time::Timestamp,
    },
};

pub(super) use change::erase_of;
pub(super) use change::ungrant;
pub use rotate::Rotation;

/// Keys go a while after they ended: until then their owners see what became of them.
pub(super) const PURGED: Purged = Purged {
    table: "api_keys",
    keep: Duration::from_hours(90 * 24),
    statements: &[change::PURGE_SECRETS, change::PURGE],
};

/// The API keys of a database.
#[derive(Clone)]
pub struct ApiKeys {
    database: Database,
}

/// A key to create.
#[derive(Clone)]
pub struct NewApiKey {
    /// The identifier, fresh.
    pub id: ApiKeyId,
    /// What it is called.
    pub name: KeyName,
    /// Whose it is; a service's where absent.
    pub owner: Option<UserId>,
    /// What it may do.
    pub scopes: Grants,
    /// Whom it is for.
    pub audiences: Vec<String>,
    /// Whether it may only read.
    pub read_only: bool,
    /// Where it may be used from.
    pub addresses: Addresses,
    /// What is attached to it.
    pub metadata: Metadata,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// Who creates it.
    pub created_by: Option<UserId>,
    /// What is kept of its secret.
    pub secret: KeptSecret,
    /// How many keys its owner may have that count still.
    pub max_per_user: u32,
}

/// A key with what proves it.
#[derive(Clone)]
pub struct KeyWithSecrets {
    /// The key.
    pub key: ApiKey,
    /// Its secrets: the newest, and older ones until they cease to count.
    pub secrets: Vec<StoredSecret>,
}

/// What is kept of a secret.
#[derive(Clone)]
pub struct StoredSecret {
    /// What it is found by.
    pub lookup: Lookup,
    /// What it is checked against.
    pub digest: ApiKeyDigest,
    /// When it ceases to count, where a newer one took its place.
    pub valid_until: Option<Timestamp>,
}

/// What to change about a key; what is absent stays.
#[derive(Clone, Default)]
pub struct ApiKeyPatch {
    /// Its name.
    pub name: Option<KeyName>,
    /// What it may do.
    pub scopes: Option<Grants>,
    /// Whom it is for.
    pub audiences: Option<Vec<String>>,
    /// Whether it may only read.
    pub read_only: Option<bool>,
    /// Where it may be used from.
    pub addresses: Option<Addresses>,
    /// What is attached to it.
    pub metadata: Option<Metadata>,
    /// When it expires; never where that is what is inside.
    pub expires_at: Option<Option<Timestamp>>,
}

/// Which keys to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ApiKeyFilter {
    /// Those of whom; of everybody and of services where absent.
    pub owner: Option<KeyOwner>,
    /// Those in this state.
    pub state: Option<ApiKeyState>,
}

/// Whose keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOwner {
    /// A user's.
    User(UserId),
    /// Services': nobody's.
    Service,
}

impl ApiKeys {
    /// The keys of this database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}
