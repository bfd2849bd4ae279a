//! The public keys of clients, as requests and answers have them.

use poem_openapi::Object;
use serde::{Deserialize, Serialize};

use crate::model::client;

/// The public keys of a client (RFC 7517 section 5).
#[derive(Object, Serialize, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientJwks {
    /// The keys, 8 at most.
    #[oai(validator(max_items = 8))]
    keys: Vec<ClientJwk>,
}

/// A public key of a client (RFC 7517 section 4). Nothing private belongs here.
#[derive(Object, Serialize, Deserialize)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientJwk {
    /// `EC` (P-256), `OKP` (Ed25519) or `RSA`.
    #[oai(validator(min_length = 1, max_length = 8))]
    kty: String,
    /// The name by which assertions say that they are signed with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(min_length = 1, max_length = 255))]
    kid: Option<String>,
    /// `sig`, or absent.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    #[oai(rename = "use", validator(max_length = 8))]
    usage: Option<String>,
    /// `ES256`, `EdDSA` or `RS256`; the one of its kind where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 16))]
    alg: Option<String>,
    /// The curve (EC, OKP).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 16))]
    crv: Option<String>,
    /// The x coordinate (EC) or the public key (OKP), base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 64))]
    x: Option<String>,
    /// The y coordinate (EC), base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 64))]
    y: Option<String>,
    /// The modulus (RSA), base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 1024))]
    n: Option<String>,
    /// The exponent (RSA), base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 16))]
    e: Option<String>,
}

/// The keys that a request names.
pub(super) fn wished(jwks: Option<&ClientJwks>) -> Vec<client::ClientJwk> {
    let keys = jwks.into_iter().flat_map(|jwks| &jwks.keys);
    keys.map(client::ClientJwk::from).collect()
}

/// The keys of a client that has some.
pub(super) fn shown(keys: Vec<client::ClientJwk>) -> Option<ClientJwks> {
    let keys: Vec<_> = keys.into_iter().map(ClientJwk::from).collect();
    (!keys.is_empty()).then_some(ClientJwks { keys })
}

impl From<&ClientJwk> for client::ClientJwk {
    fn from(key: &ClientJwk) -> Self {
        Self {
            kty: key.kty.clone(),
            kid: key.kid.clone(),
            usage: key.usage.clone(),
            alg: key.alg.clone(),
            crv: key.crv.clone(),
            x: key.x.clone(),
            y: key.y.clone(),
            n: key.n.clone(),
            e: key.e.clone(),
        }
    }
}

impl From<client::ClientJwk> for ClientJwk {
    fn from(key: client::ClientJwk) -> Self {
        Self {
            kty: key.kty,
            kid: key.kid,
            usage: key.usage,
            alg: key.alg,
            crv: key.crv,
            x: key.x,
            y: key.y,
            n: key.n,
            e: key.e,
        }
    }
}
