//! Issues an access token to a client for itself (RFC 6749 §4.4).

use std::time::Duration;

use crate::{
    crypto::random,
    model::{
        claims::Audience,
        client::{Client, ClientKind, GrantType},
        client_claims::ClientClaims,
        id::TokenId,
        scope::Scopes,
        time::millis,
    },
};

use super::{Auth, AuthError, asked::parse_scope};

/// An access token of a client. It is never logged.
pub struct ClientToken {
    /// A signed JWT (RFC 9068).
    pub access_token: String,
    /// How long it is valid.
    pub expires_in: Duration,
    /// What it allows.
    pub scope: Scopes,
}

impl Auth {
    /// A token of a client that has authenticated: for the scopes asked for, or all that it holds
    /// but Signet's own.
    pub fn client_token(
        &self,
        client: &Client,
        scope: Option<&str>,
        audience: &[String],
    ) -> Result<ClientToken, AuthError> {
        if client.kind == ClientKind::Public || !client.may_use(GrantType::ClientCredentials) {
            let detail = "This client gets no tokens of its own: see its grant_types.";
            return Err(AuthError::field(
                "/grant_type",
                "unauthorized_client",
                detail,
            ));
        }
        let scope = self.scope_of(client, scope)?;
        let audience = self.check_audience(self.audiences_of(client), audience)?;
        let own = |one: &String| *one == self.terms.own_audience;
        if scope.any_own() && !audience.iter().all(own) {
            let detail = "Ask for signet.* scopes alone with Signet's own audience.";
            return Err(AuthError::field("/audience", "invalid_target", detail));
        }
        let audience = if audience.is_empty() {
            self.default_audiences(client, &scope)
        } else {
            audience
        };
        let (now, lifetime) = (self.now(), client.access_lifetime);
        let claims = ClientClaims {
            iss: self.terms.issuer.clone(),
            sub: client.id,
            aud: Audience::from(audience),
            client_id: client.id,
            iat: now.seconds(),
            exp: now.seconds() + millis(lifetime) / 1000,
            jti: TokenId::new(now, random::bytes(&*self.parts.rng)),
            scope: scope.clone(),
        };
        let key = self.signing_key(client)?;
        let access_token = self.sign(&key, client, &claims)?;
        tracing::info!(target: "signet::event", event = "client.token", client = %client.id);
        Ok(ClientToken {
            access_token,
            expires_in: lifetime,
            scope,
        })
    }

    /// The scopes that a client is given. What is unknown, or not its own, is refused and not left
    /// out: nobody has taken it back from somebody else (RFC 6749 §5.2).
    fn scope_of(&self, client: &Client, asked: Option<&str>) -> Result<Scopes, AuthError> {
        let registry = self.registry();
        let Some(asked) = asked.map(parse_scope).transpose()? else {
            return Ok(client.scopes.effective(None, &registry));
        };
        let mut names = asked.iter().filter(|scope| !scope.as_str().contains('*'));
        if names.all(|name| registry.knows(name) && client.scopes.allow(name)) {
            return Ok(client.scopes.effective(Some(&asked), &registry));
        }
        let detail = "Ask for registered scopes that the client is allowed.";
        Err(AuthError::field("/scope", "invalid_scope", detail))
    }
}
