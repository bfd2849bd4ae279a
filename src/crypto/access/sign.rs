//! Making access tokens.

use jsonwebtoken::Header;
use serde::Serialize;

use crate::crypto::signing::{SigningKey, jws};
use crate::model::client::{Client, ExtraClaims};

/// The longest token that is made: two of them still fit the 8 KiB of headers that most servers
/// take.
const MAX_LENGTH: usize = 4 * 1024;

/// Why a token was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The claims make a token of more than 4 KiB (`token_too_large`).
    #[error("the token would be longer than 4 KiB")]
    TooLarge,
    /// The library failed to sign.
    #[error("signing failed")]
    Failed,
}

/// Signs what a token of a client says: with the `typ` of its tokens, and the claims of its own.
pub fn sign_for<T: Serialize>(
    client: &Client,
    key: &SigningKey,
    claims: &T,
) -> Result<String, SignError> {
    let typ = client.token_type.as_str();
    if client.claims.is_empty() {
        return sign(key, typ, claims);
    }
    let extra = &client.claims;
    sign(key, typ, &Extended { claims, extra })
}

/// Claims of ours, and a client's own behind them.
#[derive(Serialize)]
struct Extended<'a, T> {
    #[serde(flatten)]
    claims: &'a T,
    #[serde(flatten)]
    extra: &'a ExtraClaims,
}

/// Signs `claims` (RFC 9068 §2). `typ` is `at+jwt`, or `JWT` for clients whose resource servers
/// refuse the former.
pub fn sign<T: Serialize>(key: &SigningKey, typ: &str, claims: &T) -> Result<String, SignError> {
    let mut header = Header::new(jws(key.algorithm()));
    header.typ = Some(typ.to_owned());
    header.kid = Some(key.kid().to_owned());
    let token = jsonwebtoken::encode(&header, claims, key.encoding());
    let token = token.map_err(|_| SignError::Failed)?;
    if token.len() > MAX_LENGTH {
        return Err(SignError::TooLarge);
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::super::tests::CLAIMS;
    use super::*;
    use crate::crypto::random::SeededRng;
    use crate::model::claims::Claims;
    use crate::model::signing_key::Algorithm;

    #[test]
    fn makes_no_token_over_four_kibibytes() {
        let mut claims: Claims = serde_json::from_str(CLAIMS).unwrap();
        claims.amr = vec!["x".repeat(MAX_LENGTH)];
        let key = SigningKey::generate(Algorithm::EdDsa, &SeededRng::new(1)).unwrap();
        assert_eq!(sign(&key, "at+jwt", &claims), Err(SignError::TooLarge));
    }
}
