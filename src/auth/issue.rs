//! Issues what a login and a refresh answer with: an access token, beside a refresh token.

use std::{sync::Arc, time::Duration};

use zeroize::Zeroizing;

use crate::{
    crypto::{access, random, signing::SigningKey},
    model::{
        claims::{Audience, Claims},
        client::Client,
        id::{ClientId, SessionId, TokenId, UserId},
        scope::Scopes,
        session::Session,
        time::{Timestamp, millis},
        user::User,
    },
};

use super::{Auth, AuthError, clients::within_client, narrowing::Narrowing};

/// A new access token and the refresh token beside it. Neither is ever logged.
pub struct Tokens {
    /// A signed JWT (RFC 9068).
    pub access_token: String,
    /// How long it is valid.
    pub expires_in: Duration,
    /// What it allows.
    pub scope: Scopes,
    /// The session's newest refresh token.
    pub refresh_token: String,
    /// The session cookie of a login that asked for one.
    pub session_cookie: Option<Zeroizing<String>>,
    /// How long the session can still last: the cookie's `Max-Age`.
    pub session_expires_in: Duration,
    /// The session.
    pub session: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The client that it belongs to.
    pub client: ClientId,
}

impl Auth {
    /// The key that signs this client's access tokens.
    pub(super) fn signing_key(&self, client: &Client) -> Result<Arc<SigningKey>, AuthError> {
        let algorithm = client.algorithm;
        let missing = || AuthError::unavailable("there is no signing key");
        let keys = self.keys();
        let key = keys.signer(algorithm).or_else(|| keys.any_signer());
        key.ok_or_else(missing)
    }

    /// Signs an access token for `session` and joins it with `refresh_token`.
    pub(super) fn issue(
        &self,
        key: &SigningKey,
        session: &Session,
        user: &User,
        client: &Client,
        narrowing: &Narrowing<'_>,
        refresh_token: String,
    ) -> Result<Tokens, AuthError> {
        let now = self.now();
        let asked = narrowing.scopes(session);
        let scope = user.grants.effective(asked, &self.registry());
        let scope = within_client(scope, client);
        let lifetime = client.access_lifetime;
        let audiences = narrowing.audiences(self.audiences_in(session, client, &scope))?;
        let claims = self.claims(session, client, scope.clone(), audiences, now);
        let access_token = self.sign(key, client, &claims)?;
        Ok(Tokens {
            access_token,
            expires_in: lifetime,
            scope,
            refresh_token,
            session_cookie: None,
            session_expires_in: session.absolute_expires_at.since(now),
            session: session.id,
            user: session.user,
            client: session.client,
        })
    }

    fn claims(
        &self,
        session: &Session,
        client: &Client,
        scope: Scopes,
        audiences: Vec<String>,
        now: Timestamp,
    ) -> Claims {
        let iat = now.seconds();
        Claims {
            iss: self.terms.issuer.clone(),
            sub: session.user,
            aud: Audience::from(audiences),
            client_id: client.id,
            iat,
            exp: iat + millis(client.access_lifetime) / 1000,
            jti: TokenId::new(now, random::bytes(&*self.parts.rng)),
            scope,
            sid: session.id,
            auth_time: session.authentication.time.seconds(),
            amr: session.authentication.methods.clone(),
        }
    }

    /// Whom the tokens of a session are for that carry these scopes.
    pub(super) fn audiences_in(
        &self,
        session: &Session,
        client: &Client,
        scope: &Scopes,
    ) -> Vec<String> {
        if session.audiences.is_empty() {
            self.default_audiences(client, scope)
        } else {
            session.audiences.clone()
        }
    }

    /// Whom the tokens of a client are for, our own API aside.
    pub(super) fn audiences_of<'a>(&'a self, client: &'a Client) -> &'a [String] {
        if client.audiences.is_empty() {
            &self.terms.audiences
        } else {
            &client.audiences
        }
    }

    /// Whom a token is for where nobody asked: everybody configured and our own API; with one of
    /// our own scopes our own API alone, so that no resource server ever holds such a token.
    pub(super) fn default_audiences(&self, client: &Client, scope: &Scopes) -> Vec<String> {
        let own = self.terms.own_audience.clone();
        if scope.any_own() {
            return vec![own];
        }
        let mut all = self.audiences_of(client).to_vec();
        if !all.contains(&own) {
            all.push(own);
        }
        all
    }
}

impl From<access::SignError> for AuthError {
    fn from(error: access::SignError) -> Self {
        match error {
            access::SignError::TooLarge => Self::TokenTooLarge,
            access::SignError::Failed => Self::unavailable(error),
        }
    }
}
