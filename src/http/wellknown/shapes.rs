//! The shapes of the public documents, for the API description.

use poem_openapi::Object;
use serde::Serialize;

/// What a client needs to know about this server (RFC 8414 §2).
#[derive(Object, Serialize)]
pub struct Metadata {
    /// The issuer, exactly as tokens name it.
    pub issuer: String,
    /// Where the public keys are.
    pub jwks_uri: String,
    /// The scopes that clients may ask for. Those of Signet's own API are not among them.
    pub scopes_supported: Vec<String>,
    /// Where clients get tokens (RFC 6749 section 3.2).
    pub token_endpoint: String,
    /// How clients authenticate there.
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// How the assertions of `private_key_jwt` may be signed there.
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// What they may ask for there.
    pub grant_types_supported: Vec<String>,
    /// Where clients revoke tokens (RFC 7009).
    pub revocation_endpoint: String,
    /// How clients authenticate there.
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
    /// How the assertions of `private_key_jwt` may be signed there.
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// Where credentials are asked about (RFC 7662).
    pub introspection_endpoint: String,
    /// How its callers authenticate: as a client, or by an API key as `Bearer`.
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    /// How the assertions of `private_key_jwt` may be signed there.
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// How its signed answers may be signed (RFC 9701).
    pub introspection_signing_alg_values_supported: Vec<String>,
    /// The response types of the authorization endpoint: none.
    pub response_types_supported: Vec<String>,
}

/// A set of public keys (RFC 7517 §5).
#[derive(Object)]
pub struct JwkSet {
    /// The keys; the order means nothing.
    pub keys: Vec<JsonWebKey>,
}

/// A public key (RFC 7517 §4).
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct JsonWebKey {
    /// The key type: `EC`, `RSA` or `OKP`.
    pub kty: String,
    /// The RFC 7638 thumbprint; tokens name it in their header.
    pub kid: String,
    /// What the key is for: always `sig`.
    #[oai(rename = "use")]
    pub usage: String,
    /// The algorithm that tokens of this key bear.
    pub alg: String,
    /// The curve (EC, OKP).
    pub crv: Option<String>,
    /// The x coordinate (EC) or the public key (OKP), base64url.
    pub x: Option<String>,
    /// The y coordinate (EC), base64url.
    pub y: Option<String>,
    /// The modulus (RSA), base64url.
    pub n: Option<String>,
    /// The exponent (RSA), base64url.
    pub e: Option<String>,
}
