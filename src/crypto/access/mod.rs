//! Access tokens: signed JWTs of RFC 9068, made and checked.
//!
//! The check is stricter than the RFCs ask for, because we only ever check what we made: one
//! spelling of base64url, a header of exactly three members, claims of exactly ours and those that
//! a client may have of its own. So the tricks
//! of RFC 8725 §2 (`alg`, `jwk`, `jku`, `x5u`, `crit`, nested and encrypted tokens) end at the
//! shape of the token, before any cryptography. Whether the session still lives is not known here.

mod fingerprint;
mod open;
mod sign;

use std::time::Duration;

use crate::model::claims::Claims;
use crate::model::time::Timestamp;

pub use fingerprint::Fingerprint;
pub use open::{claimed_type, open};
pub use sign::{SignError, sign, sign_for};

/// What a token must say to be accepted.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// The `iss`, byte for byte (RFC 9068 §4).
    pub issuer: &'a str,
    /// One of its `aud`, byte for byte.
    pub audience: &'a str,
    /// The `typ` of its header, byte for byte.
    pub typ: &'a str,
    /// How far clocks may differ, at most a minute or so.
    pub leeway: Duration,
    /// The present.
    pub now: Timestamp,
}

/// Why a token is refused. For the log: to the caller all of them are one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessTokenError {
    /// Longer than any token of ours.
    #[error("longer than 16 KiB")]
    TooLong,
    /// Not three parts in base64url without padding, in its one spelling (RFC 7515 §7.1).
    #[error("not a compact JWS")]
    Malformed,
    /// The header is not an object of exactly `alg`, `typ` and `kid`, once each, all strings.
    #[error("a header other than alg, typ, kid")]
    Header,
    /// `typ` is another one: another kind of token, not to be confused (RFC 8725 §3.11).
    #[error("another typ")]
    Type,
    /// No published key has that `kid`.
    #[error("unknown kid")]
    UnknownKey,
    /// `alg` is not the one of that key (RFC 8725 §3.1).
    #[error("an alg that is not the key's")]
    Algorithm,
    /// The signature is wrong, or not as long as signatures of that key are.
    #[error("bad signature")]
    Signature,
    /// Properly signed, but a claim is missing, double, unknown, or of another type.
    #[error("malformed claims")]
    Claims,
    /// Another `iss`.
    #[error("another issuer")]
    Issuer,
    /// Not for us.
    #[error("another audience")]
    Audience,
    /// Past its `exp`.
    #[error("expired")]
    Expired,
    /// Its `iat` is ahead of our clock.
    #[error("issued in the future")]
    Premature,
}

/// Checks what depends on who asks and when: issuer, audience, times.
pub fn check(expected: &Expectation<'_>, claims: &Claims) -> Result<(), AccessTokenError> {
    if claims.iss != expected.issuer {
        return Err(AccessTokenError::Issuer);
    }
    if !claims.aud.contains(expected.audience) {
        return Err(AccessTokenError::Audience);
    }
    check_times(expected.now, expected.leeway, claims.iat, claims.exp)
}

/// Checks the times of a token alone, where `leeway` is how far clocks may differ.
pub fn check_times(
    now: Timestamp,
    leeway: Duration,
    iat: i64,
    exp: i64,
) -> Result<(), AccessTokenError> {
    // RFC 7519 §4.1.4: refused on the second of `exp` already.
    if now.minus(leeway).seconds() >= exp {
        return Err(AccessTokenError::Expired);
    }
    if now.plus(leeway).seconds() < iat {
        return Err(AccessTokenError::Premature);
    }
    Ok(())
}

#[cfg(test)]
mod refusals;
#[cfg(test)]
mod tests;
