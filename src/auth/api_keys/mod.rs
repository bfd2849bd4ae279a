//! API keys: who presents one, and what makers, owners and administrators do with them.
//!
//! A presented key is judged in the order checksum, front tag, store; what is known of it is cached
//! for a minute, and what changes it reaches every node by the change log.

mod authenticate;
mod by_password;
mod cache;
mod change;
mod create;
mod derived;
mod list;
mod rotate;
mod usage;
mod wish;

use std::{net::IpAddr, sync::Arc};

use crate::model::{api_key::ApiKey, authority::Authority, scope::Scopes, user::User};

pub use crate::store::api_keys::{ApiKeyFilter, KeyOwner};
pub use by_password::PasswordKey;
pub(super) use cache::ApiKeyCache;
use cache::CachedKey;
pub use change::{KeyChange, KeyRef};
pub use create::IssuedKey;
pub use rotate::{KeyRotation, MAX_OVERLAP};
pub(super) use usage::Usage;
pub use wish::{Expiry, KeyPolicy, KeyWish};

/// Who presents a key that counts.
#[derive(Clone)]
pub struct KeyHolder {
    known: Arc<CachedKey>,
    /// Whose key it is, as they are now; nobody's where it is a service's.
    pub owner: Option<Arc<User>>,
    /// What it may do now.
    pub scopes: Scopes,
}

/// What a key is presented for.
#[derive(Debug, Clone, Copy)]
pub struct KeyUse {
    /// Where from.
    pub address: IpAddr,
    /// Whether to change something: what a key that may only read is refused.
    pub writes: bool,
}

/// Why a key is refused. All but [`Invalid`](Self::Invalid) are told only to whoever holds its
/// secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// It is not ours, or its secret is not its newest any more.
    #[error("the API key is not valid")]
    Invalid,
    /// Its time is over.
    #[error("the API key has expired")]
    Expired,
    /// It was ended for good.
    #[error("the API key is revoked")]
    Revoked,
    /// It does not count until it is enabled again.
    #[error("the API key is disabled")]
    Disabled,
    /// Its owner does not count.
    #[error("the owner of the API key is disabled")]
    OwnerDisabled,
    /// It may only read.
    #[error("the API key may only read")]
    ReadOnly,
    /// It may not be used from there.
    #[error("the API key may not be used from this address")]
    AddressNotAllowed,
}

impl KeyHolder {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &ApiKey {
        &self.known.key
    }

    /// What it may do at most, and upon whom.
    #[must_use]
    pub fn authority(&self) -> Authority {
        let key = self.key();
        let owner = self.owner.as_ref().map(|owner| (owner.id, &owner.grants));
        Authority::of_key(key.id, &key.scopes, owner, self.scopes.clone())
    }
}
