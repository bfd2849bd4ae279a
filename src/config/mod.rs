//! Configuration: every setting with its type, default and meaning, where its value comes from,
//! and which combinations are refused.
//!
//! Owns `signet.toml`, the `SIGNET_…` environment variables and `signet.example.toml`. Does not
//! act on a setting: `app` hands each layer exactly what it needs.
//!
//! Order: default, then the file, then the environment. Nothing is guessed: an unknown name, a
//! value that does not parse and an unsafe combination each stop the start with one sentence.

mod address;
mod catalogue;
mod check;
mod database;
pub mod duration;
mod env_text;
mod environment;
mod example;
mod expiry;
mod file;
mod issuer;
mod load;
mod log;
mod secret;
mod settings;
pub mod size;
mod verify;
mod wording;

pub use crate::model::origin::Origin;
pub use address::Listen;
pub use catalogue::{Leaf, leaves};
pub use database::{DatabaseUrl, PostgresUrl};
pub use example::example;
pub use expiry::MaxExpiry;
pub use issuer::Issuer;
pub use load::{ConfigError, FileChoice, Loaded, Source, Value, load};
pub use log::{LogFormat, LogLevel};
pub use secret::Secret;
pub use settings::{
    ApiKeySettings, DefaultClientSettings, KeySettings, LimitSettings, LogSettings, MigrateWhen,
    PasswordSettings, ServerSettings, SessionSettings, Settings, SigningKeySettings, StoreSettings,
    TokenSettings,
};
pub use verify::{CookieDomain, MethodName, VerifySettings};
