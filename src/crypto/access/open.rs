//! What never changes about a token, checked: shape, header, signature, types of the claims.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::AccessTokenError;
use crate::crypto::keyring::KeyRing;
use crate::crypto::signing::{SigningKey, jws};
use crate::model::claims::SignedClaims;
use crate::model::client::{ExtraClaims, TokenType};

/// The longest token that is looked at.
pub(super) const MAX_LENGTH: usize = 16 * 1024;

/// Checks what never changes about a token: shape, header, signature, types of the claims. The
/// result may be kept as long as the ring; [`check`](super::check) it at every use.
pub fn open(ring: &KeyRing, typ: &str, token: &str) -> Result<SignedClaims, AccessTokenError> {
    let payload = signed(ring, typ, token)?;
    let claims = of_any_kind(&payload).or_else(|| of_any_kind(&without_extra(&payload)?));
    claims.ok_or(AccessTokenError::Claims)
}

fn of_any_kind(payload: &[u8]) -> Option<SignedClaims> {
    let of_session = object(payload).map(SignedClaims::Session);
    of_session
        .or_else(|| object(payload).map(SignedClaims::Key))
        .or_else(|| object(payload).map(SignedClaims::Client))
}

/// The claims that are ours, where there are a client's own beside them: nothing is judged by those.
fn without_extra(payload: &[u8]) -> Option<Vec<u8>> {
    let Members(mut members) = object(payload)?;
    let all = members.len();
    members.retain(|name, _| !ExtraClaims::may_be_called(name));
    if members.len() == all {
        return None;
    }
    serde_json::to_vec(&members).ok()
}

/// The members of an object, none twice.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut read: A) -> Result<Members, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = read.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands there twice"));
            }
        }
        Ok(Members(members))
    }
}

/// What a token says, if we have signed it.
fn signed(ring: &KeyRing, typ: &str, token: &str) -> Result<Vec<u8>, AccessTokenError> {
    if token.len() > MAX_LENGTH {
        return Err(AccessTokenError::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(AccessTokenError::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(AccessTokenError::Malformed)?;
    // A further dot is outside the alphabet, so five parts (JWE) end here as well.
    let (header, payload) = (decoded(header)?, decoded(payload)?);

    let header: JoseHeader<'_> = object(&header).ok_or(AccessTokenError::Header)?;
    if header.typ != typ {
        return Err(AccessTokenError::Type);
    }
    let key = ring
        .by_kid(header.kid)
        .ok_or(AccessTokenError::UnknownKey)?;
    if header.alg != key.algorithm().as_str() {
        return Err(AccessTokenError::Algorithm);
    }
    check_signature(key, message, signature)?;
    Ok(payload)
}

/// The `typ` that a token claims, where it is one of ours: nothing is checked yet.
#[must_use]
pub fn claimed_type(token: &str) -> Option<TokenType> {
    let (header, _) = token.get(..token.len().min(MAX_LENGTH))?.split_once('.')?;
    let header = decoded(header).ok()?;
    TokenType::named(object::<JoseHeader<'_>>(&header)?.typ)
}

/// The header of RFC 9068 §2.1: these members and no other, none twice.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JoseHeader<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: &'a str,
}

/// Reads a JSON object. Serde would take an array for a struct as well, and we would not.
fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    serde_json::from_slice(json)
        .ok()
        .filter(|_| json.starts_with(b"{"))
}

/// Base64url without padding, white space, foreign characters or stray bits in the last digit.
pub(super) fn decoded(part: &str) -> Result<Vec<u8>, AccessTokenError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| AccessTokenError::Malformed)
}

fn check_signature(
    key: &SigningKey,
    message: &str,
    signature: &str,
) -> Result<(), AccessTokenError> {
    let full = decoded(signature)?.len() == key.signature_length();
    let algorithm = jws(key.algorithm());
    let good = full
        && jsonwebtoken::crypto::verify(signature, message.as_bytes(), key.decoding(), algorithm)
            .unwrap_or(false);
    if good {
        Ok(())
    } else {
        Err(AccessTokenError::Signature)
    }
}
