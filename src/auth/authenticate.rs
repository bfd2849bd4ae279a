//! Tells who presents an access token.

use std::sync::Arc;

use crate::{
    crypto::access::{self, Expectation},
    model::{authority::Actor, claims::Claims, client::TokenType, id::ClientId, time::Timestamp},
};

use super::{
    Auth, AuthError,
    acting::acts,
    api_keys::{KeyHolder, KeyUse},
    change_log::Freshness,
    seen_tokens::SeenToken,
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
        let seen = self.verify(token)?;
        self.keep_fresh().await?;
        self.check_going_on(&seen).await?;
        let claims = seen.claims.clone();
        acts(Actor::User(claims.sub));
        Ok(Principal { claims })
    }

    /// Reads the change log where what is known of it is too old to answer by.
    pub(super) async fn keep_fresh(&self) -> Result<(), AuthError> {
        if self.parts.changes.freshness() == Freshness::Stale {
            self.catch_up().await?;
        }
        Ok(())
    }

    /// The claims of an access token for our own API, and what its header calls it; whether or not
    /// its session goes on.
    pub(super) fn verify(&self, token: &str) -> Result<Arc<SeenToken>, AuthError> {
        let seen = self.seen(token)?;
        let expected = Expectation {
            issuer: &self.terms.issuer,
            audience: &self.terms.own_audience,
            typ: seen.typ.as_str(),
            leeway: self.terms.leeway,
            now: self.now(),
        };
        access::check(&expected, &seen.claims).map_err(|error| {
            tracing::debug!(%error, "access token refused");
            AuthError::InvalidAccessToken
        })?;
        Ok(seen)
    }

    /// Refuses a token whose session is over, or whose client does not count.
    pub(super) async fn check_going_on(&self, seen: &SeenToken) -> Result<(), AuthError> {
        let claims = &seen.claims;
        if !self.client_honours(seen) {
            tracing::debug!(client = %claims.client_id, "access token of a client that does not count");
            return Err(AuthError::InvalidAccessToken);
        }
        match self.parts.changes.ended(claims.sid, claims.sub).await? {
            Some(reason) => {
                tracing::debug!(session = %claims.sid, %reason, "access token of an ended session");
                Err(AuthError::InvalidAccessToken)
            }
            None => Ok(()),
        }
    }

    /// Whether a token counts as far as it is about its client: that is there and enabled, its
    /// tokens are called so, and it was not disabled since.
    fn client_honours(&self, seen: &SeenToken) -> bool {
        let claims = &seen.claims;
        let moments = [claims.sid.created_at(), claims.jti.created_at()];
        self.client_counts(claims.client_id, seen.typ, &moments)
    }

    /// Whether a client is there, its tokens are called so, and what it was given at these moments
    /// counts.
    pub(super) fn client_counts(
        &self,
        client: ClientId,
        typ: TokenType,
        moments: &[Timestamp],
    ) -> bool {
        let client = self.client(client);
        client.is_some_and(|client| {
            let mut moments = moments.iter();
            client.token_type == typ && moments.all(|moment| client.honours(*moment))
        })
    }
}
