//! Public keys of a client, from a file.

use std::fs;

use serde::Deserialize;
use serde_json::Value;

use crate::model::client::ClientJwk;

/// Members that only private keys have (RFC 7518 §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The keys of a client.
#[derive(Clone)]
pub(super) struct Jwks(pub(super) Vec<ClientJwk>);

/// Reads a file that holds a JWK Set, or one key. What a key says beside its numbers (`x5c`,
/// `key_ops`) is left out.
pub(super) fn read(path: &str) -> Result<Jwks, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("it cannot be read: {error}"))?;
    let value: Value = serde_json::from_str(&text).map_err(|_| "it is no JSON".to_owned())?;
    let keys = match value.get("keys") {
        Some(Value::Array(keys)) => keys.clone(),
        _ => vec![value],
    };
    let private = |key: &Value| PRIVATE.iter().any(|name| key.get(name).is_some());
    if keys.iter().any(private) {
        return Err(
            "it holds a private key: keep that, and register the public part alone".to_owned(),
        );
    }
    let keys: Result<Vec<ClientJwk>, _> = keys.iter().map(ClientJwk::deserialize).collect();
    keys.map(Jwks)
        .map_err(|_| "write a JWK Set (RFC 7517): {\"keys\": [...]}".to_owned())
}
