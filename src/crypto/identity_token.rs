//! The token that tells an application behind a gateway who asks: a short JWT for it alone.
//!
//! Its `typ` is its own, so that nobody takes it for an access token (RFC 8725 §3.11), and we
//! accept it nowhere. Applications verify it with the published keys.

use jsonwebtoken::Header;

use super::access::SignError;
use super::signing::{SigningKey, jws};
use crate::model::identity_claims::{IDENTITY_TOKEN_TYPE, IdentityClaims};

/// Signs `claims`.
pub fn sign(key: &SigningKey, claims: &IdentityClaims<'_>) -> Result<String, SignError> {
    let mut header = Header::new(jws(key.algorithm()));
    header.typ = Some(IDENTITY_TOKEN_TYPE.to_owned());
    header.kid = Some(key.kid().to_owned());
    jsonwebtoken::encode(&header, claims, key.encoding()).map_err(|_| SignError::Failed)
}
