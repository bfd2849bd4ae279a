//! Public keys as JSON (RFC 7517, RFC 7518 §6, RFC 8037 §2) and their thumbprints (RFC 7638).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::Serialize;

use super::key_pair::PublicKey;
use crate::model::signing_key::Algorithm;

/// A public signing key as it stands in a JWKS: `kty` and its numbers, `kid`, `use`, `alg`.
/// There is no field that could hold a private number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// The key itself.
    #[serde(flatten)]
    pub numbers: Numbers,
    /// Its thumbprint.
    pub kid: String,
    /// Always `sig` (RFC 7517 §4.2).
    #[serde(rename = "use")]
    pub usage: &'static str,
    /// The one algorithm it is for (RFC 8725 §3.1).
    pub alg: Algorithm,
}

/// The numbers of a public key, each in canonical base64url without padding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kty")]
pub enum Numbers {
    /// RFC 7518 §6.2: coordinates at full width, leading zeros included.
    #[serde(rename = "EC")]
    Ec {
        /// The curve, `P-256`.
        crv: &'static str,
        /// 32 bytes.
        x: String,
        /// 32 bytes.
        y: String,
    },
    /// RFC 8037 §2.
    #[serde(rename = "OKP")]
    Okp {
        /// The curve, `Ed25519`.
        crv: &'static str,
        /// 32 bytes.
        x: String,
    },
    /// RFC 7518 §6.3: as few bytes as the number needs.
    #[serde(rename = "RSA")]
    Rsa {
        /// The modulus.
        n: String,
        /// The exponent.
        e: String,
    },
}

impl Jwk {
    pub(super) fn new(public: &PublicKey, alg: Algorithm) -> Self {
        let numbers = Numbers::from(public);
        let kid = thumbprint(&numbers);
        Self {
            numbers,
            kid,
            usage: "sig",
            alg,
        }
    }
}

/// The SHA-256 thumbprint of RFC 7638: over the required members alone, in lexicographic order,
/// without white space. RFC 8037 §2 says which ones an OKP key has.
#[must_use]
pub fn thumbprint(numbers: &Numbers) -> String {
    // Nothing in these values needs escaping in JSON.
    let canonical = match numbers {
        Numbers::Ec { crv, x, y } => {
            format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
        }
        Numbers::Okp { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
        Numbers::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
    };
    URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
}

impl From<&PublicKey> for Numbers {
    fn from(public: &PublicKey) -> Self {
        let text = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
        match public {
            PublicKey::Ec { x, y } => Self::Ec {
                crv: "P-256",
                x: text(x),
                y: text(y),
            },
            PublicKey::Ed(x) => Self::Okp {
                crv: "Ed25519",
                x: text(x),
            },
            PublicKey::Rsa { n, e } => Self::Rsa {
                n: text(n),
                e: text(e),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprint_of_rfc_7638_section_3_1() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tS\
                 oc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65\
                 YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyr\
                 dkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK\
                 nqDKgw";
        let key = Numbers::Rsa {
            n: n.to_owned(),
            e: "AQAB".to_owned(),
        };
        assert_eq!(
            thumbprint(&key),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    #[test]
    fn thumbprint_of_rfc_8037_appendix_a_3() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned();
        let key = Numbers::Okp { crv: "Ed25519", x };
        assert_eq!(
            thumbprint(&key),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn coordinates_keep_their_leading_zeros() {
        let mut x = [0xFF; 32];
        x[0] = 0;
        let jwk = Jwk::new(&PublicKey::Ec { x, y: [0; 32] }, Algorithm::ES256);
        let Numbers::Ec { x, y, .. } = &jwk.numbers else {
            panic!("an EC key")
        };
        assert_eq!((x.len(), y.len()), (43, 43));
        assert!(x.starts_with("AP") && y.chars().all(|digit| digit == 'A'));
        let json = serde_json::to_value(&jwk).unwrap();
        let members: Vec<_> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(members, ["kty", "crv", "x", "y", "kid", "use", "alg"]);
        assert_eq!(
            (&json["use"], &json["alg"]),
            (&"sig".into(), &"ES256".into())
        );
    }
}
