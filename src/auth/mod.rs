//! What the server does, a file a verb: log in, refresh and log out; tell whose a credential is, to
//! Signet's own API, to resource servers, to gateways; administer users, clients, scopes and keys.
//!
//! A verb takes parsed input and returns what happened; how that is spoken is
//! [`http`](crate::http)'s, how secrets are made is [`crypto`](crate::crypto)'s, what is
//! remembered is [`store`](crate::store)'s.

pub mod acting;
mod administer;
pub mod api_keys;
mod asked;
pub mod authenticate;
mod authorize;
mod catch_up;
pub mod change_log;
pub mod change_password;
pub mod client_credentials;
pub mod clients;
mod error;
pub mod exchange;
pub mod health;
pub mod import;
pub mod introspect;
pub mod issue;
pub mod keys;
pub mod login;
pub mod logout;
pub mod master_keys;
mod me;
mod narrowing;
mod new_password;
mod open;
mod prove;
pub mod reauthenticate;
mod recent;
pub mod refresh;
mod revoke_token;
pub mod scopes;
mod seen_tokens;
pub mod sessions;
pub mod signing_keys;
pub mod throttle;
mod tokens_signed;
mod user_cache;
pub mod users;
pub mod verify;

use std::{
    net::IpAddr,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

pub use crate::store::users::UserFilter;
pub use error::{AuthError, Conflict, FieldError, Unavailable};

use crate::store::redis::RedisFamilies;
use crate::{
    crypto::{
        api_key::ApiKeyReader, client_secret::ClientSecrets, keyring::KeyRing, lane::Lane,
        pepper::Pepper, pseudonym::Pseudonyms, random::Rng, refresh::RefreshKeys,
        session_cookie::SessionCookies,
    },
    model::{
        client::Client,
        key_lifecycle::KeyTerms,
        password_policy::PasswordPolicy,
        scope::Registry,
        session::{Policy, SessionLimit},
        time::{Clock, Timestamp},
    },
    store::{
        api_keys::ApiKeys, clients::Clients, database::Database, error::StoreError,
        families::FamilyStore, scopes::ScopeRegistry, users::Users,
    },
};

use api_keys::{ApiKeyCache, KeyPolicy, Usage};
use catch_up::Outdated;
use change_log::ChangeLog;
use clients::KnownClients;
use introspect::Scans;
use keys::KeyVault;
use seen_tokens::SeenTokens;
use throttle::Throttle;
use tokens_signed::TokensSigned;
use user_cache::{UserCache, user_cache};
use verify::{BasicProofs, CookieSessions, cookie_sessions};

/// What holds for every client.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Who we are: the `iss` of every token, byte for byte.
    pub issuer: String,
    /// Whom a token is for unless its client asked for something else.
    pub audiences: Vec<String>,
    /// The audience of our own API.
    pub own_audience: String,
    /// How often a session may be granted a late retry.
    pub late_retry_every: Duration,
    /// How many sessions a user may have, if that is limited.
    pub session_limit: Option<SessionLimit>,
    /// How far the clocks of nodes may differ.
    pub leeway: Duration,
    /// How long the token lives that tells an application behind a gateway who asks.
    pub identity_lifetime: Duration,
    /// The domain whose hosts share the session cookie; our own host alone where absent.
    pub cookie_domain: Option<String>,
    /// What a new password must be like.
    pub passwords: PasswordPolicy,
    /// What API keys may be like.
    pub api_keys: KeyPolicy,
    /// How signing keys follow each other.
    pub signing_keys: KeyTerms,
    /// The client of whoever names none.
    pub default_client: Client,
}

/// The parts that [`Auth`] works with; `app` chooses them.
pub struct Parts {
    /// Where the present comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub rng: Arc<dyn Rng>,
    /// Where everything is kept.
    pub database: Database,
    /// Who can log in.
    pub users: Users,
    /// Their sessions.
    pub families: Arc<dyn FamilyStore>,
    /// API keys.
    pub api_keys: ApiKeys,
    /// The applications.
    pub clients: Clients,
    /// What stands in front of the database there, if anything does.
    pub redis: Option<RedisFamilies>,
    /// What this node knows of the change log.
    pub changes: ChangeLog,
    /// Which scopes there are.
    pub scopes: ScopeRegistry,
    /// Where passwords are hashed.
    pub lane: Lane,
    /// What makes the tags of refresh tokens.
    pub refresh_keys: RefreshKeys,
    /// What makes API keys and reads them.
    pub api_key_reader: ApiKeyReader,
    /// What makes session cookies.
    pub session_cookies: SessionCookies,
    /// What makes client secrets and checks them.
    pub client_secrets: ClientSecrets,
    /// What is mixed into the digests of secrets that we made.
    pub pepper: Pepper,
    /// What names are called in logs and counts.
    pub pseudonyms: Pseudonyms,
    /// Where signing keys are kept.
    pub vault: KeyVault,
}

/// Every verb of the server.
pub struct Auth {
    terms: Terms,
    parts: Parts,
    keys: RwLock<KeyRing>,
    throttle: Throttle,
    user_cache: UserCache,
    api_key_cache: ApiKeyCache,
    usage: Usage,
    tokens_signed: TokensSigned,
    registry: RwLock<Arc<Registry>>,
    clients: RwLock<Arc<KnownClients>>,
    outdated: Outdated,
    seen_tokens: SeenTokens,
    cookie_sessions: CookieSessions,
    basic_proofs: BasicProofs,
    scans: Scans,
}

/// Who asks, as far as the connection tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The address.
    pub address: IpAddr,
    /// The device, in the words of its User-Agent.
    pub label: Option<String>,
}

impl Auth {
    /// Puts the parts together. Nothing is read yet: [`catch_up`](Self::catch_up) before serving.
    #[must_use]
    pub fn new(terms: Terms, parts: Parts, keys: KeyRing) -> Self {
        let throttle = Throttle::new(parts.clock.clone());
        let basic_proofs = BasicProofs::new(&*parts.rng);
        Self {
            terms,
            parts,
            keys: RwLock::new(keys),
            throttle,
            user_cache: user_cache(),
            api_key_cache: ApiKeyCache::default(),
            usage: Usage::default(),
            tokens_signed: TokensSigned::default(),
            registry: RwLock::default(),
            clients: RwLock::default(),
            outdated: Outdated::everything(),
            seen_tokens: SeenTokens::default(),
            cookie_sessions: cookie_sessions(),
            basic_proofs,
            scans: Scans::default(),
        }
    }

    /// What holds for every client.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The keys that access tokens are signed with, and their public set.
    #[must_use]
    pub fn keys(&self) -> KeyRing {
        self.keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The present, by the clock that all nodes share.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    fn policy(&self, client: &Client, distrusted: bool) -> Policy {
        Policy {
            reuse_interval: client.reuse_interval,
            late_retry_every: self.terms.late_retry_every,
            idle_lifetime: client.idle_lifetime,
            active_key: self.parts.refresh_keys.active(),
            heal_allowed: !distrusted,
        }
    }
}

impl From<StoreError> for AuthError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(Conflict::NoSuchUser) => Self::NotFound,
            StoreError::Conflict(conflict) => Self::Conflict(conflict),
            StoreError::Unavailable(_) => Self::unavailable(error),
            StoreError::Corrupt(_) => Self::Internal(error.to_string()),
        }
    }
}
