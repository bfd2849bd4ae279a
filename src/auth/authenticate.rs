//! Tells who presents an access token.

use std::sync::Arc;

use crate::{
    crypto::access::{self, Expectation},
    model::claims::Claims,
};

use super::{
    Auth, AuthError,
    api_keys::{KeyHolder, KeyUse},
    change_log::Freshness,
};

/// Who asks: what a valid access token for our own API says of its bearer.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The token's claims.
    pub claims: Claims,
}

/// Who asks: by the access token of a session, or by an API key.
#[derive(Clone)]
pub enum Credential {
    /// A person, in a session.
    Session(Principal),
    /// Whoever holds a key.
    Key(KeyHolder),
}

impl Credential {
    /// The person, where it is one in a session.
    #[must_use]
    pub fn person(&self) -> Option<&Principal> {
        match self {
            Self::Session(principal) => Some(principal),
            Self::Key(_) => None,
        }
    }
}

impl Auth {
    /// The bearer of an API key that counts for this use, or of an access token.
    pub async fn authenticate_any(
        &self,
        presented: &str,
        used: KeyUse,
    ) -> Result<Credential, AuthError> {
        if self.is_api_key(presented) {
            let holder = self.authenticate_key(presented, used).await?;
            return Ok(Credential::Key(holder));
        }
        self.authenticate(presented).await.map(Credential::Session)
    }

    /// The bearer of an access token for our own API whose session goes on.
    pub async fn authenticate(&self, token: &str) -> Result<Principal, AuthError> {
        let claims = self.verify(token)?;
        self.keep_fresh().await?;
        match self.parts.changes.ended(claims.sid, claims.sub).await? {
            Some(reason) => {
                tracing::debug!(session = %claims.sid, %reason, "access token of an ended session");
                Err(AuthError::InvalidAccessToken)
            }
            None => Ok(Principal { claims }),
        }
    }

    /// Reads the change log where what is known of it is too old to answer by.
    pub(super) async fn keep_fresh(&self) -> Result<(), AuthError> {
        if self.parts.changes.freshness() == Freshness::Stale {
            self.catch_up().await?;
        }
        Ok(())
    }

    /// The claims of an access token for our own API, whether or not its session goes on.
    pub(super) fn verify(&self, token: &str) -> Result<Claims, AuthError> {
        let expected = Expectation {
            issuer: &self.terms.issuer,
            audience: &self.terms.own_audience,
            typ: &self.terms.default_client.token_type,
            leeway: self.terms.leeway,
            now: self.now(),
        };
        let claims = self.seen(token)?;
        access::check(&expected, &claims).map_err(|error| {
            tracing::debug!(%error, "access token refused");
            AuthError::InvalidAccessToken
        })?;
        Ok(Arc::unwrap_or_clone(claims))
    }
}
