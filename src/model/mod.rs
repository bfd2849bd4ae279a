//! What things are: plain data and pure rules. No I/O, no clock, no randomness.
//!
//! The heart is [`rule`]: the one function that decides what a presented refresh token is worth.
//! How secrets are made and checked belongs to [`crypto`](crate::crypto), what is remembered to
//! [`store`](crate::store), what the server does to [`auth`](crate::auth).

pub mod api_key;
pub mod api_key_text;
pub mod authority;
pub mod base62;
pub mod change;
pub(crate) mod checksum;
pub mod claims;
pub mod client;
pub mod client_claims;
pub mod forward;
pub mod id;
pub mod identity_claims;
pub mod journal;
pub mod key_lifecycle;
pub mod network;
pub mod origin;
pub mod own_scope;
pub mod password_policy;
pub(crate) mod place;
pub mod refresh_token;
pub mod rule;
pub mod scope;
pub mod session;
pub mod session_cookie;
pub mod signing_key;
pub mod text;
pub mod time;
pub mod user;
