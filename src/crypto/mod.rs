//! How secrets are made and checked: randomness, master keys, signing keys and the key ring,
//! access tokens, the tags of refresh tokens, API keys, sealed columns and records, passwords.
//!
//! The only home of `ring`, `jsonwebtoken`, `argon2`, `bcrypt`, `scrypt` and `rsa`. It knows nothing of storage,
//! requests or users: what it makes is bytes and text, and what it checks it answers with a type.

pub mod access;
pub mod api_key;
pub mod client_assertion;
pub mod client_secret;
pub mod foreign;
pub mod identity_token;
pub mod import;
pub mod introspection_token;
pub mod jwk;
pub mod keyring;
pub mod lane;
pub mod master;
pub mod password;
pub mod pepper;
pub mod proof_key;
pub mod provider;
pub mod pseudonym;
pub mod random;
pub mod refresh;
pub mod seal;
pub mod secret_digest;
pub mod session_cookie;
pub mod session_seal;
pub mod signing;

mod key_pair;
