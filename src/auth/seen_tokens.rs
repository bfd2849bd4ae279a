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
    model::{
        claims::{Claims, KeyClaims, SignedClaims},
        client::TokenType,
        client_claims::ClientClaims,
    },
};

use super::{Auth, AuthError};

/// About 10 MB of claims.
const CAPACITY: usize = 16_384;

/// A token of a session that we have signed.
pub(super) struct SeenToken {
    /// What its header calls it.
    pub(super) typ: TokenType,
    /// What it says.
    pub(super) claims: Claims,
}

/// A token that we have signed.
#[derive(Clone)]
pub(super) enum Signed {
    /// One of a session.
    Session(Arc<SeenToken>),
    /// One that an API key was exchanged for.
    Key(TokenType, Arc<KeyClaims>),
    /// One that a client got for itself.
    Client(TokenType, Arc<ClientClaims>),
}

/// The claims of tokens that were seen before, and the keys under which they were.
pub(super) struct SeenTokens(Cache<Fingerprint, (KeyRing, Signed)>);

impl Default for SeenTokens {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl Auth {
    /// The claims of a token of a session that we have signed. Whether they hold now is for the
    /// caller to judge.
    pub(super) fn seen(&self, token: &str) -> Result<Arc<SeenToken>, AuthError> {
        match self.signed(token)? {
            Signed::Session(seen) => Ok(seen),
            Signed::Key(..) | Signed::Client(..) => Err(AuthError::InvalidAccessToken),
        }
    }

    /// The same of a token of whatever kind.
    pub(super) fn signed(&self, token: &str) -> Result<Signed, AuthError> {
        let fingerprint = Fingerprint::of(token);
        let ring = self.keys();
        // Under other keys it is judged anew: its own may have been revoked.
        if let Some((known, signed)) = self.seen_tokens.0.get(&fingerprint)
            && known.is(&ring)
        {
            return Ok(signed);
        }
        let typ = access::claimed_type(token).ok_or(AuthError::InvalidAccessToken)?;
        let claims = access::open(&ring, typ.as_str(), token).map_err(|error| {
            tracing::debug!(%error, "access token refused");
            AuthError::InvalidAccessToken
        })?;
        let signed = match claims {
            SignedClaims::Session(claims) => Signed::Session(Arc::new(SeenToken { typ, claims })),
            SignedClaims::Key(claims) => Signed::Key(typ, Arc::new(claims)),
            SignedClaims::Client(claims) => Signed::Client(typ, Arc::new(claims)),
        };
        self.seen_tokens
            .0
            .insert(fingerprint, (ring, signed.clone()));
        Ok(signed)
    }
}
