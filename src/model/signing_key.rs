//! Signing keys: their algorithms and the states of their life.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How access tokens can be signed (RFC 7518 §3.1, RFC 8037 §3.1). Symmetric algorithms and
/// `none` do not exist here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256: the default; small, fast, accepted by every verifier tried.
    ES256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, 3072 bits: for verifiers that take only RSA.
    RS256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 3] = [Self::ES256, Self::RS256, Self::EdDsa];

    /// Its registered name (`alg`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::RS256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// Where a key stands in its life. Every state but [`Gone`](Self::Gone) is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// Published, not yet signing: verifiers learn it before they need it.
    Next,
    /// Signing.
    Active,
    /// No longer signing, still verifying what it signed.
    Retired,
    /// Neither; its `kid` is refused for good.
    Gone,
}

impl KeyState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Next, Self::Active, Self::Retired, Self::Gone];

    /// Its name in answers and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Gone => "gone",
        }
    }
}

/// The text names nothing of the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {0}")]
pub struct NameError(&'static str);

impl FromStr for Algorithm {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let found = Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.as_str() == text);
        found.ok_or(NameError("ES256, RS256, EdDSA"))
    }
}

impl FromStr for KeyState {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or(NameError("next, active, retired, gone"))
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
