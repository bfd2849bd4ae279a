//! Assertions by which clients prove who they are (RFC 7523 §2.2): JWTs of theirs, signed with keys
//! that they have registered.
//!
//! What others sign is read less strictly than what we sign, as far as the RFCs leave them room:
//! further claims and header members are theirs. `alg` is the one of the key, `crit` is refused,
//! and no key is ever taken from the token itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use ring::agreement::{self, ECDH_P256, EphemeralPrivateKey};
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::provider;
use super::random;
use super::signing::jws;
use crate::model::claims::Audience;
use crate::model::client::{ClientJwk, goes_by};
use crate::model::signing_key::Algorithm;

/// The longest assertion that is looked at.
const MAX_LENGTH: usize = 16 * 1024;
/// The longest `jti`.
const MAX_JTI: usize = 255;
/// What an assertion may call itself (RFC 7519 §5.1, draft-ietf-oauth-rfc7523bis §4).
const TYPES: [&str; 2] = ["JWT", "client-authentication+jwt"];

/// A public key that assertions are checked with.
pub struct ClientKey {
    kid: Option<String>,
    algorithm: Algorithm,
    decoding: DecodingKey,
    signature_length: usize,
}

/// The key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientKeyError {
    /// Another kind, curve, algorithm or use.
    #[error("a key is EC on P-256 (ES256), OKP on Ed25519 (EdDSA) or RSA (RS256), to sign with")]
    Kind,
    /// Its numbers are missing, not canonical, or no public key.
    #[error("the numbers are no public key in base64url")]
    Numbers,
    /// RSA with too small or too large a modulus, or an unusual exponent.
    #[error("an RSA key has 2048 to 4096 bits and the exponent 65537")]
    Rsa,
}

/// What an assertion says (RFC 7523 §3).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AssertionClaims {
    /// Who made it: the client.
    pub iss: String,
    /// Whom it speaks of: the client.
    pub sub: String,
    /// Whom it is for.
    pub aud: Audience,
    /// When it ends, in seconds.
    pub exp: i64,
    /// Before when it does not count.
    pub nbf: Option<i64>,
    /// When it was made.
    pub iat: Option<i64>,
    /// Its name, to be used once.
    pub jti: String,
}

/// Why an assertion proves nothing. For the log: to the caller all of them are one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// Longer than any.
    #[error("longer than 16 KiB")]
    TooLong,
    /// Not three parts in base64url.
    #[error("not a compact JWS")]
    Malformed,
    /// The header is no object with `alg`, has `crit`, or a `typ` of something else.
    #[error("a header that is not of an assertion")]
    Header,
    /// None of the client's keys made the signature.
    #[error("not signed with a key of the client")]
    Signature,
    /// A claim is missing, or of another type.
    #[error("malformed claims")]
    Claims,
}

#[derive(Deserialize)]
struct JoseHeader {
    alg: String,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

impl ClientKey {
    /// Reads a key that a client registers.
    pub fn read(jwk: &ClientJwk) -> Result<Self, ClientKeyError> {
        provider::install();
        let algorithm = jwk.algorithm().ok_or(ClientKeyError::Kind)?;
        let (decoding, signature_length) = match algorithm {
            Algorithm::ES256 => {
                let (x, y) = (number(jwk.x.as_ref())?, number(jwk.y.as_ref())?);
                (DecodingKey::from_ec_der(&point(&x, &y)?), 64)
            }
            Algorithm::EdDsa => {
                let x = number(jwk.x.as_ref())?;
                if x.len() != 32 {
                    return Err(ClientKeyError::Numbers);
                }
                (DecodingKey::from_ed_der(&x), 64)
            }
            Algorithm::RS256 => {
                let (n, e) = (number(jwk.n.as_ref())?, number(jwk.e.as_ref())?);
                let bits = n.len() * 8;
                let full = n.first().is_some_and(|first| *first >= 0x80);
                if !full || !(2048..=4096).contains(&bits) || e != [1, 0, 1] {
                    return Err(ClientKeyError::Rsa);
                }
                (DecodingKey::from_rsa_raw_components(&n, &e), n.len())
            }
        };
        Ok(Self {
            kid: jwk.kid.clone(),
            algorithm,
            decoding,
            signature_length,
        })
    }

    fn made(&self, header: &JoseHeader, message: &str, signature: &str) -> bool {
        let named = match (&self.kid, &header.kid) {
            (Some(own), Some(kid)) => own == kid,
            _ => true,
        };
        named
            && goes_by(self.algorithm, &header.alg)
            && decoded(signature).is_some_and(|bytes| bytes.len() == self.signature_length)
            && jsonwebtoken::crypto::verify(
                signature,
                message.as_bytes(),
                &self.decoding,
                jws(self.algorithm),
            )
            .unwrap_or(false)
    }
}

/// What an assertion says, if it was signed with one of these keys. Whom it is for and whether it
/// counts now is left to see.
pub fn verify(keys: &[ClientKey], text: &str) -> Result<AssertionClaims, AssertionError> {
    let parts = parts(text)?;
    let header = decoded(parts.header).ok_or(AssertionError::Malformed)?;
    let header: JoseHeader = object(&header).ok_or(AssertionError::Header)?;
    let typ = header.typ.as_deref().unwrap_or(TYPES[0]);
    let known = TYPES.iter().any(|one| typ.eq_ignore_ascii_case(one));
    if !known || header.crit.is_some() {
        return Err(AssertionError::Header);
    }
    let signed = |key: &ClientKey| key.made(&header, parts.message, parts.signature);
    if !keys.iter().any(signed) {
        return Err(AssertionError::Signature);
    }
    let claims = decoded(parts.claims).ok_or(AssertionError::Malformed)?;
    let claims: AssertionClaims = object(&claims).ok_or(AssertionError::Claims)?;
    if claims.jti.is_empty() || claims.jti.len() > MAX_JTI {
        return Err(AssertionError::Claims);
    }
    Ok(claims)
}

/// The client that an assertion says to be of: nothing is checked yet.
#[must_use]
pub fn claimed_client(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Subject {
        sub: String,
    }
    let claims = decoded(parts(text).ok()?.claims)?;
    Some(object::<Subject>(&claims)?.sub)
}

/// What an assertion is remembered by until it ends.
#[must_use]
pub fn mark(jti: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, jti.as_bytes()))
}

struct Parts<'a> {
    /// What is signed: header and claims.
    message: &'a str,
    header: &'a str,
    claims: &'a str,
    signature: &'a str,
}

fn parts(text: &str) -> Result<Parts<'_>, AssertionError> {
    if text.len() > MAX_LENGTH {
        return Err(AssertionError::TooLong);
    }
    let (message, signature) = text.rsplit_once('.').ok_or(AssertionError::Malformed)?;
    let (header, claims) = message.split_once('.').ok_or(AssertionError::Malformed)?;
    Ok(Parts {
        message,
        header,
        claims,
        signature,
    })
}

/// Base64url without padding, white space, foreign characters or stray bits in the last digit.
fn decoded(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

/// Reads a JSON object. Serde would take an array for a struct as well, and we would not.
fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    let read = serde_json::from_slice(json).ok();
    read.filter(|_| json.starts_with(b"{"))
}

fn number(text: Option<&String>) -> Result<Vec<u8>, ClientKeyError> {
    let bytes = text.and_then(|text| decoded(text));
    bytes.ok_or(ClientKeyError::Numbers)
}

/// SEC 1 §2.3.3, uncompressed; ring sees whether it is on the curve.
fn point(x: &[u8], y: &[u8]) -> Result<Vec<u8>, ClientKeyError> {
    if x.len() != 32 || y.len() != 32 {
        return Err(ClientKeyError::Numbers);
    }
    let point = [&[4], x, y].concat();
    let wrong = |_| ClientKeyError::Numbers;
    let ours = EphemeralPrivateKey::generate(&ECDH_P256, &random::system()).map_err(wrong)?;
    let theirs = agreement::UnparsedPublicKey::new(&ECDH_P256, &point);
    agreement::agree_ephemeral(ours, &theirs, |_| ()).map_err(wrong)?;
    Ok(point)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::crypto::random::SeededRng;
    use crate::crypto::signing::SigningKey;

    fn pair(algorithm: Algorithm) -> (SigningKey, ClientJwk) {
        let key = SigningKey::generate(algorithm, &SeededRng::new(1)).unwrap();
        let jwk = serde_json::from_value(serde_json::to_value(key.jwk()).unwrap());
        (key, jwk.unwrap())
    }

    fn signed(key: &SigningKey, header: &serde_json::Value, claims: &serde_json::Value) -> String {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let algorithm = jws(key.algorithm());
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), key.encoding(), algorithm).unwrap();
        format!("{message}.{signature}")
    }

    fn claims() -> serde_json::Value {
        json!({ "iss": "c", "sub": "c", "aud": "https://id.example", "exp": 9, "jti": "1" })
    }

    #[test]
    fn what_a_key_of_the_client_has_signed_is_read() {
        for algorithm in [Algorithm::ES256, Algorithm::EdDsa] {
            let (key, jwk) = pair(algorithm);
            let alg = algorithm.as_str();
            let known = [ClientKey::read(&jwk).unwrap()];
            for header in [
                json!({ "alg": alg }),
                json!({ "alg": alg, "typ": "jwt", "kid": key.kid(), "x5t": "any" }),
                json!({ "alg": alg, "typ": "client-authentication+jwt" }),
            ] {
                let text = signed(&key, &header, &claims());
                assert_eq!(verify(&known, &text).unwrap().jti, "1", "{header}");
                assert_eq!(claimed_client(&text).unwrap(), "c");
            }
            for (header, error) in [
                (
                    json!({ "alg": alg, "typ": "at+jwt" }),
                    AssertionError::Header,
                ),
                (
                    json!({ "alg": alg, "crit": ["b64"] }),
                    AssertionError::Header,
                ),
                (json!({ "typ": "JWT" }), AssertionError::Header),
                (json!({ "alg": "none" }), AssertionError::Signature),
                (json!({ "alg": "HS256" }), AssertionError::Signature),
                (
                    json!({ "alg": alg, "kid": "other" }),
                    AssertionError::Signature,
                ),
            ] {
                let text = signed(&key, &header, &claims());
                assert_eq!(verify(&known, &text), Err(error), "{header}");
            }
            let text = signed(&key, &json!({ "alg": alg }), &claims());
            assert_eq!(verify(&[], &text), Err(AssertionError::Signature));
            let cut = &text[..text.len() - 4];
            assert_eq!(verify(&known, cut), Err(AssertionError::Signature));
        }
    }

    #[test]
    fn a_claim_that_is_needed_is_there() {
        let (key, jwk) = pair(Algorithm::EdDsa);
        let known = [ClientKey::read(&jwk).unwrap()];
        for name in ["iss", "sub", "aud", "exp", "jti"] {
            for value in [None, Some(json!(true))] {
                let mut claims = claims();
                let members = claims.as_object_mut().unwrap();
                members.remove(name);
                members.extend(value.map(|value| (name.to_owned(), value)));
                let text = signed(&key, &json!({ "alg": "EdDSA" }), &claims);
                assert_eq!(verify(&known, &text), Err(AssertionError::Claims), "{name}");
            }
        }
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        let (_, jwk) = pair(Algorithm::ES256);
        let with = |change: &dyn Fn(&mut ClientJwk)| {
            let mut jwk = jwk.clone();
            change(&mut jwk);
            ClientKey::read(&jwk).err()
        };
        assert_eq!(with(&|_| {}), None);
        let off_the_curve = URL_SAFE_NO_PAD.encode([1; 32]);
        let numbers = Some(ClientKeyError::Numbers);
        assert_eq!(with(&|jwk| jwk.y = Some(off_the_curve.clone())), numbers);
        assert_eq!(with(&|jwk| jwk.y = None), numbers);
        assert_eq!(with(&|jwk| jwk.x = Some("AA".to_owned())), numbers);
        let kind = Some(ClientKeyError::Kind);
        assert_eq!(with(&|jwk| jwk.crv = Some("P-384".to_owned())), kind);
        let rsa = |bytes: usize, e: &str| {
            let n = Some(URL_SAFE_NO_PAD.encode(vec![0xFF; bytes]));
            let e = Some(e.to_owned());
            let kty = "RSA".to_owned();
            with(&|jwk| {
                *jwk = ClientJwk {
                    kty: kty.clone(),
                    n: n.clone(),
                    e: e.clone(),
                    ..jwk.clone()
                };
                jwk.crv = None;
                jwk.alg = None;
            })
        };
        assert_eq!(rsa(256, "AQAB"), None);
        for (bytes, e) in [(128, "AQAB"), (1024, "AQAB"), (256, "Aw")] {
            assert_eq!(rsa(bytes, e), Some(ClientKeyError::Rsa), "{bytes} {e}");
        }
    }
}
