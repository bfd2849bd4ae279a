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
    model::claims::Claims,
};

use super::{Auth, AuthError};

/// About 10 MB of claims.
const CAPACITY: usize = 16_384;

/// The claims of tokens that were seen before, and the keys under which they were.
pub(super) struct SeenTokens(Cache<Fingerprint, (KeyRing, Arc<Claims>)>);

impl Default for SeenTokens {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl Auth {
    /// The claims of a token that we have signed. Whether they hold now is for the caller to judge.
    pub(super) fn seen(&self, token: &str) -> Result<Arc<Claims>, AuthError> {
        let fingerprint = Fingerprint::of(token);
        let ring = self.keys();
        // Under other keys it is judged anew: its own may have been revoked.
        if let Some((known, claims)) = self.seen_tokens.0.get(&fingerprint)
            && known.is(&ring)
        {
            return Ok(claims);
        }
        let typ = &self.terms.default_client.token_type;
        let claims = access::open(&ring, typ, token).map_err(|error| {
            tracing::debug!(%error, "access token refused");
            AuthError::InvalidAccessToken
        })?;
        let claims = Arc::new(claims);
        self.seen_tokens
            .0
            .insert(fingerprint, (ring, claims.clone()));
        Ok(claims)
    }
}
