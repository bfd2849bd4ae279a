//! The signed answer of introspection (RFC 9701 §5): a JWT for the resource server that asked.
//!
//! Its `typ` is its own, so that nobody takes it for an access token (§8.1), and we accept it
//! nowhere.

use jsonwebtoken::Header;
use serde::Serialize;

use super::access::SignError;
use super::signing::{SigningKey, jws};

/// The `typ`, and the media type behind `application/`.
const TYPE: &str = "token-introspection+jwt";

/// What is signed.
#[derive(Serialize)]
pub struct IntrospectionClaims<'a, T> {
    /// Our issuer.
    pub iss: &'a str,
    /// Who asked.
    pub aud: &'a str,
    /// When, in seconds.
    pub iat: i64,
    /// What is said, as in the JSON answer.
    pub token_introspection: &'a T,
}

/// Signs `claims`.
pub fn sign<T: Serialize>(
    key: &SigningKey,
    claims: &IntrospectionClaims<'_, T>,
) -> Result<String, SignError> {
    let mut header = Header::new(jws(key.algorithm()));
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(key.kid().to_owned());
    jsonwebtoken::encode(&header, claims, key.encoding()).map_err(|_| SignError::Failed)
}
