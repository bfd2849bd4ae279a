//! What is stored of a secret that we made ourselves: an HMAC under the pepper.

use std::marker::PhantomData;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::{Choice, ConstantTimeEq};

/// The digest of a secret of the kind `S`; those of one kind are never compared with another's.
pub struct SecretDigest<S> {
    mac: [u8; 32],
    of: PhantomData<fn() -> S>,
}

impl<S> SecretDigest<S> {
    pub(super) const fn new(mac: [u8; 32]) -> Self {
        Self {
            mac,
            of: PhantomData,
        }
    }

    /// Reads what [`to_text`](Self::to_text) wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self::new(bytes.try_into().ok()?))
    }

    /// Base64url, for a TEXT column.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.mac)
    }
}

impl<S> ConstantTimeEq for SecretDigest<S> {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.mac.ct_eq(&other.mac)
    }
}

impl<S> Clone for SecretDigest<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for SecretDigest<S> {}
