//! Access tokens whose signature was checked before: a token that comes again costs a hash instead
//! of a signature check.
//!
//! Only what never changes is kept: shape, signature and claims. Times, audience and session are
//! judged at every use. Of the token itself nothing is kept but a digest.

use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::{
    crypto::{
        access::{self, Fingerprint},
        keyring::KeyRing,
    },
    model::{claims::Claims, client::TokenType},
};

use super::{Auth, AuthError};

/// About 10 MB of claims.
const CAPACITY: usize = 16_384;

/// A token that we have signed.
pub(super) struct SeenToken {
    /// What its header calls it.
    pub(super) typ: TokenType,
    /// What it says.
    pub(super) claims: Claims,
}

/// The claims of tokens that were seen before, and the keys under which they were.
pub(super) struct SeenTokens(Cache<Fingerprint, (KeyRing, Arc<SeenToken>)>);

impl Default for SeenTokens {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl Auth {
    /// The claims of a token that we have signed. Whether they hold now is for the caller to judge.
    pub(super) fn seen(&self, token: &str) -> Result<Arc<SeenToken>, AuthError> {
        let fingerprint = Fingerprint::of(token);
        let ring = self.keys();
        // Under other keys it is judged anew: its own may have been revoked.
        if let Some((known, seen)) = self.seen_tokens.0.get(&fingerprint)
            && known.is(&ring)
        {
            return Ok(seen);
        }
        let typ = access::claimed_type(token).ok_or(AuthError::InvalidAccessToken)?;
        let claims = access::open(&ring, typ.as_str(), token).map_err(|error| {
            tracing::debug!(%error, "access token refused");
            AuthError::InvalidAccessToken
        })?;
        let seen = Arc::new(SeenToken { typ, claims });
        self.seen_tokens.0.insert(fingerprint, (ring, seen.clone()));
        Ok(seen)
    }
}
