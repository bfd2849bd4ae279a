//! A public key of a client, as it was registered (RFC 7517).

use serde::{Deserialize, Serialize};

use crate::model::signing_key::Algorithm;

/// A public key of a client: numbers in base64url, and what they are for. Whether they are a key at
/// all is seen where it is read (`crypto::client_assertion`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientJwk {
    /// `EC`, `OKP` or `RSA`.
    pub kty: String,
    /// The name by which assertions say that they are signed with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// What it is for: `sig`, where that is said.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// The one algorithm that it is for; what its kind allows where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// The curve (EC, OKP).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// The x coordinate (EC) or the public key (OKP).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The y coordinate (EC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The modulus (RSA).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent (RSA).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}

impl ClientJwk {
    /// The algorithm of assertions that are signed with it (RFC 7518 §3.1, RFC 8037 §3.1): each
    /// kind of key has one. Nothing where there is none, or where it is for another use.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        let algorithm = match (self.kty.as_str(), self.crv.as_deref()) {
            ("EC", Some("P-256")) => Algorithm::ES256,
            ("OKP", Some("Ed25519")) => Algorithm::EdDsa,
            ("RSA", None) => Algorithm::RS256,
            _ => return None,
        };
        let said = self.alg.as_deref();
        let said = said.is_none_or(|alg| goes_by(algorithm, alg));
        let signs = self.usage.as_deref().is_none_or(|usage| usage == "sig");
        (said && signs).then_some(algorithm)
    }
}

/// Whether that is a name of the algorithm: `EdDSA` on Ed25519 has two (RFC 9864 §2.2).
#[must_use]
pub fn goes_by(algorithm: Algorithm, name: &str) -> bool {
    name == algorithm.as_str() || (name == "Ed25519" && algorithm == Algorithm::EdDsa)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_key_is_for_one_algorithm() {
        for (text, expected) in [
            (r#"{"kty":"EC","crv":"P-256"}"#, Some(Algorithm::ES256)),
            (
                r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA"}"#,
                Some(Algorithm::EdDsa),
            ),
            (
                r#"{"kty":"OKP","crv":"Ed25519","alg":"Ed25519"}"#,
                Some(Algorithm::EdDsa),
            ),
            (
                r#"{"kty":"RSA","alg":"RS256","use":"sig"}"#,
                Some(Algorithm::RS256),
            ),
            (r#"{"kty":"RSA","alg":"PS256"}"#, None),
            (r#"{"kty":"RSA","use":"enc"}"#, None),
            (r#"{"kty":"EC","crv":"P-384"}"#, None),
            (r#"{"kty":"OKP","crv":"X25519"}"#, None),
            (r#"{"kty":"oct","alg":"HS256"}"#, None),
        ] {
            let jwk: ClientJwk = serde_json::from_str(text).unwrap();
            assert_eq!(jwk.algorithm(), expected, "{text}");
            assert_eq!(serde_json::to_string(&jwk).unwrap().len(), text.len());
        }
    }
}
