//! Every setting: its type, default, unit and meaning.
//!
//! The doc comments here are the manual: `signet.example.toml` is printed from them.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;
use serde::Deserialize;

use super::{
    DatabaseUrl, Issuer, Listen, LogFormat, LogLevel, MaxExpiry, Origin, Secret, VerifySettings,
    address, duration, size,
};
use crate::{
    model::{refresh_token::TokenPrefix, session::WhenFull, signing_key::Algorithm},
    store::redis::RedisAddress,
};

/// All settings of a server.
#[derive(Clone, confique::Config, Debug)]
pub struct Settings {
    /// Who the server is and where it listens.
    #[config(nested)]
    pub server: ServerSettings,
    /// Where it remembers.
    #[config(nested)]
    pub store: StoreSettings,
    /// The master keys, which seal everything secret in the database.
    #[config(nested)]
    pub keys: KeySettings,
    /// What tokens look like and how long they live.
    #[config(nested)]
    pub tokens: TokenSettings,
    /// How long a login lasts, and how forgiving refreshing is.
    #[config(nested)]
    pub sessions: SessionSettings,
    /// The first-party client that is meant when a request names none.
    #[config(nested)]
    pub default_client: DefaultClientSettings,
    /// The keys that sign access tokens.
    #[config(nested)]
    pub signing_keys: SigningKeySettings,
    /// What API keys may be like.
    #[config(nested)]
    pub api_keys: ApiKeySettings,
    /// Forward-auth: what /v1/auth/verify answers to a proxy that asks whether a request may pass.
    #[config(nested)]
    pub verify: VerifySettings,
    /// What passwords must be, and what checking one costs.
    #[config(nested)]
    pub password: PasswordSettings,
    /// What one request, one connection and one shutdown may take.
    #[config(nested)]
    pub limits: LimitSettings,
    /// What the server says on stderr.
    #[config(nested)]
    pub log: LogSettings,
}

/// `[server]`
#[derive(Clone, confique::Config, Debug)]
pub struct ServerSettings {
    /// Address and port of the HTTP listener.
    #[config(default = "127.0.0.1:8080", deserialize_with = address::socket)]
    pub listen: SocketAddr,
    /// The name under which tokens are signed: the URL that clients use, without a trailing
    /// slash. https, or http for localhost. Changing it makes every running token foreign.
    #[config(default = "http://localhost:8080")]
    pub issuer: Issuer,
    /// Addresses or networks of reverse proxies whose X-Forwarded-For is believed; forwarded
    /// headers from anybody else are ignored.
    #[config(default = [], deserialize_with = address::networks)]
    pub trusted_proxies: Vec<IpNet>,
    /// Address and port where /metrics answers (Prometheus text), or "off". Keep it private.
    #[config(default = "127.0.0.1:9090")]
    pub metrics_listen: Listen,
    /// Whether /docs shows the API reference.
    #[config(default = true)]
    pub docs: bool,
}

/// `[store]`
#[derive(Clone, confique::Config, Debug)]
pub struct StoreSettings {
    /// The database: "sqlite://" and the path of a file, created if missing; or
    /// "postgres://user:password@host:port/database", with ?sslmode=verify-full over a network, or
    /// ?host= and the folder of a unix socket.
    #[config(default = "sqlite://data/signet.db")]
    pub database: DatabaseUrl,
    /// When the database is brought up to date: `at_start`, or `by_command` (`signet migrate`),
    /// which until then refuses to start. Without it, `at_start` for SQLite, `by_command` for
    /// PostgreSQL.
    /// Example: `"at_start"`
    pub migrate: Option<MigrateWhen>,
    /// Connections to PostgreSQL that this process opens at most.
    #[config(default = 16)]
    pub connections: u32,
    /// Redis in front of PostgreSQL, so that a refresh waits for no disk:
    /// `redis://user:password@host:6379/0`; `rediss://` for TLS, with `?ssl_ca_certs=` and a file
    /// where the authority is your own; `redis+sentinel://host1,host2/master/0`; or
    /// `unix:///path/to/redis.sock`. One database number is for one deployment alone.
    /// Example: `"redis://:password@localhost:6379/0"`
    pub redis: Option<RedisAddress>,
}

impl StoreSettings {
    /// When the database is brought up to date.
    #[must_use]
    pub fn migrate_when(&self) -> MigrateWhen {
        self.migrate.unwrap_or(match self.database {
            DatabaseUrl::Sqlite(_) => MigrateWhen::AtStart,
            DatabaseUrl::Postgres(_) => MigrateWhen::ByCommand,
        })
    }
}

/// When the database is brought up to date.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum MigrateWhen {
    /// Whenever Signet starts.
    AtStart,
    /// When `signet migrate` is run.
    ByCommand,
}

/// `[keys]`
#[derive(Clone, confique::Config, Debug)]
pub struct KeySettings {
    /// Folder of master.key, made at the first start, readable by its owner only. Back it up
    /// apart from the database: without it, sealed keys are lost and every session ends.
    #[config(default = "keys")]
    pub dir: PathBuf,
    /// The master keys themselves instead of the folder's file: entries `id:base64url(32 bytes)`,
    /// one a line. Meant for a secret store; the _FILE variable names a file that holds them.
    /// Example: `"1:base64url-of-32-random-bytes"`
    pub master: Option<Secret>,
    /// Number (1 to 255) of the entry in use; without it, the first one. To change keys, add an
    /// entry on every node, deploy, then change this, and deploy.
    /// Example: `1`
    pub active: Option<u8>,
}

/// `[tokens]`
#[derive(Clone, confique::Config, Debug)]
pub struct TokenSettings {
    /// Lifetime of an access token, at most 3600s: verifiers that work offline see a logout only
    /// when it ends. Duration.
    #[config(default = "300s", deserialize_with = duration::deserialize)]
    pub access_lifetime: Duration,
    /// Audiences of an access token when none is asked for; without it, the issuer. Signet's own
    /// API, `<issuer>/v1`, is added always.
    /// Example: `["https://api.example.com"]`
    pub audience: Option<Vec<String>>,
    /// What refresh tokens and API keys begin with: 2 to 16 lower-case letters and digits, a letter first.
    #[config(default = "signet")]
    pub prefix: TokenPrefix,
    /// Former prefixes, still read.
    #[config(default = [])]
    pub accepted_prefixes: Vec<TokenPrefix>,
}

/// `[sessions]`
#[derive(Clone, confique::Config, Debug)]
pub struct SessionSettings {
    /// A session ends when it was not refreshed for this long. Duration.
    #[config(default = "14d", deserialize_with = duration::deserialize)]
    pub idle: Duration,
    /// A session ends this long after its login, whatever happens. Duration.
    #[config(default = "90d", deserialize_with = duration::deserialize)]
    pub absolute: Duration,
    /// For this long after a rotation the previous refresh token yields the same answer again
    /// (a lost answer, a second tab). Duration, 5s to 120s; 0 is strict: every repetition ends the
    /// session (RFC 9700 to the letter).
    #[config(default = "30s", deserialize_with = duration::deserialize)]
    pub reuse_interval: Duration,
    /// How often a session may come back with the previous refresh token after that interval (the
    /// phone that lost the answer and slept). Duration, at least 1h; 0 is never.
    #[config(default = "24h", deserialize_with = duration::deserialize)]
    pub late_retry_every: Duration,
    /// How many sessions a user may have at once; 0 is any number.
    #[config(default = 50)]
    pub max_per_user: u32,
    /// What happens to a login beyond that: `end_oldest` ends the session that began first,
    /// `refuse` answers 409 `too_many_sessions`.
    #[config(default = "end_oldest")]
    pub when_full: WhenFull,
}

/// `[default_client]`
#[derive(Clone, confique::Config, Debug)]
pub struct DefaultClientSettings {
    /// Exact origins of your web pages, such as `https://app.example.com`: they may call from a
    /// browser (CORS) and take the refresh token as a cookie.
    #[config(default = [])]
    pub origins: Vec<Origin>,
    /// Whether POST /v1/auth/api-key makes an API key for a username and a password: for scripts
    /// that cannot log in first.
    #[config(default = false)]
    pub keys_for_passwords: bool,
}

/// `[signing_keys]`
#[derive(Clone, confique::Config, Debug)]
pub struct SigningKeySettings {
    /// Algorithms to keep a key for, of "ES256", "RS256", "EdDSA"; the first signs unless a client
    /// says otherwise. ES256 works with every verifier we tried.
    #[config(default = ["ES256"])]
    pub algorithms: Vec<Algorithm>,
    /// How long a key signs before the next one takes over. Duration, at least as long as
    /// `publish_ahead`.
    #[config(default = "30d", deserialize_with = duration::deserialize)]
    pub rotate_every: Duration,
    /// How long a key is published before it signs, so that verifiers know it by then. Duration, at
    /// least as long as `jwks_max_age`; some verifiers keep the JWKS for a day.
    #[config(default = "24h", deserialize_with = duration::deserialize)]
    pub publish_ahead: Duration,
    /// How long others may cache /.well-known/jwks.json. Duration, at most 24h.
    #[config(default = "300s", deserialize_with = duration::deserialize)]
    pub jwks_max_age: Duration,
}

/// `[api_keys]`
#[derive(Clone, confique::Config, Debug)]
pub struct ApiKeySettings {
    /// How long an API key lives unless its maker says otherwise. Duration.
    #[config(default = "30d", deserialize_with = duration::deserialize)]
    pub default_expiry: Duration,
    /// How long an API key may live at most. Duration, or "never" to allow keys that never expire.
    #[config(default = "365d")]
    pub max_expiry: MaxExpiry,
    /// How many API keys a user may have that are neither expired nor revoked.
    #[config(default = 50)]
    pub max_per_user: u32,
}

/// `[password]`
#[derive(Clone, confique::Config, Debug)]
pub struct PasswordSettings {
    /// Shortest password that may be set, in characters; at least 8.
    #[config(default = 15)]
    pub min_length: usize,
    /// Memory of one Argon2id computation, in KiB; at least 19456 with 2 passes, or 47104 with 1.
    /// Stored passwords move to a new cost at their next login.
    #[config(default = 19456)]
    pub argon2_memory: u32,
    /// Passes of one Argon2id computation.
    #[config(default = 2)]
    pub argon2_passes: u32,
    /// Threads that check passwords, each with its own Argon2 memory; without it, one a core.
    /// Example: `4`
    pub lane_threads: Option<usize>,
    /// Password checks that may wait for a thread; beyond that 503 with Retry-After.
    #[config(default = 256)]
    pub lane_queue: usize,
    /// How long a password check may wait for a thread; then 503 with Retry-After. Duration.
    #[config(default = "5s", deserialize_with = duration::deserialize)]
    pub lane_deadline: Duration,
}

/// `[limits]`
#[derive(Clone, confique::Config, Debug)]
pub struct LimitSettings {
    /// Largest request body; beyond that 413. Size.
    #[config(default = "64 KiB", deserialize_with = size::deserialize)]
    pub body: usize,
    /// How long a client may take to send the head of a request. Duration.
    #[config(default = "10s", deserialize_with = duration::deserialize)]
    pub heads: Duration,
    /// How long a connection may stay open with nothing to do; longer than any proxy before Signet
    /// keeps it. Duration.
    #[config(default = "75s", deserialize_with = duration::deserialize)]
    pub idle: Duration,
    /// How long a request may take in all, its body included. Duration.
    #[config(default = "10s", deserialize_with = duration::deserialize)]
    pub request: Duration,
    /// Connections open at once; more wait in the system's queue.
    #[config(default = 10_000)]
    pub connections: usize,
    /// How long a shutdown waits for requests under way. Duration.
    #[config(default = "10s", deserialize_with = duration::deserialize)]
    pub drain: Duration,
}

/// `[log]`
#[derive(Clone, confique::Config, Debug)]
pub struct LogSettings {
    /// How much Signet says: "error", "warn", "info", "debug" or "trace". Libraries never say more
    /// than warnings, because their details show headers. `SIGNET_LOG` is a short name for it.
    #[config(default = "info")]
    pub level: LogLevel,
    /// "text", "json", or "auto": text when stderr is a terminal, one JSON object a line otherwise.
    #[config(default = "auto")]
    pub format: LogFormat,
}
