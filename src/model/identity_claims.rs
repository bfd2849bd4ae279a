//! The claims of the token that tells an application behind a gateway who asks.

use serde::Serialize;

use super::id::TokenId;

/// Its media type, without `application/`.
pub const IDENTITY_TOKEN_TYPE: &str = "identity+jwt";

/// What it says. Members stand in the order in which they are signed.
#[derive(Debug, Serialize)]
pub struct IdentityClaims<'a> {
    /// Who issued it (RFC 7519 §4.1.1).
    pub iss: &'a str,
    /// Whom it speaks of: a user, or an API key that is nobody's.
    pub sub: &'a str,
    /// The application that it is for.
    pub aud: &'a str,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// When it expires, in seconds.
    pub exp: i64,
    /// Its own identifier.
    pub jti: TokenId,
    /// What the caller may do, space-separated.
    pub scope: &'a str,
    /// The username (OpenID Connect Core §5.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<&'a str>,
    /// How the caller has proven who they are.
    pub auth_method: &'a str,
    /// The identifier of the access token, API key or session behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<&'a str>,
    /// When that expires, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_expires: Option<i64>,
}
