//! The claims of an access token that a client got for itself (RFC 9068 §2.2, RFC 6749 §4.4).

use serde::{Deserialize, Serialize};

use super::{
    claims::{Audience, scope_string},
    id::{ClientId, TokenId},
    scope::Scopes,
};

/// What the access token of a client says: it speaks of nobody else, and belongs to no session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientClaims {
    /// Who issued it.
    pub iss: String,
    /// The client.
    pub sub: ClientId,
    /// Whom it is for.
    pub aud: Audience,
    /// The client again: it was issued to whom it speaks of.
    pub client_id: ClientId,
    /// When it was issued, in seconds, never ahead of the clock.
    pub iat: i64,
    /// When it expires, in seconds.
    pub exp: i64,
    /// Its own identifier.
    pub jti: TokenId,
    /// What it allows, space-separated; absent where it allows nothing.
    #[serde(
        default,
        with = "scope_string",
        skip_serializing_if = "Scopes::is_empty"
    )]
    pub scope: Scopes,
}
