//! Makes a short access token of an API key (RFC 8693), for resource servers that verify offline.
//!
//! It never has more than the key has now, nor lives longer. A key that may only read or is bound to
//! networks is refused: nobody who verifies offline would know. What becomes of the key afterwards
//! counts at introspection (`Auth::key_behind`).

use std::time::Duration;

use crate::{
    crypto::random,
    model::{
        claims::{Audience, KeyActor, KeyClaims},
        client::Client,
        id::TokenId,
        scope::Scopes,
        time::millis,
    },
};

use super::{
    Auth, AuthError,
    api_keys::{KeyHolder, KeyUse},
    asked::{distinct, parse_scope},
    clients::within_client,
};

/// What a key is exchanged for.
pub struct Exchange<'a> {
    /// Who asks.
    pub client: &'a Client,
    /// The key, as it is presented.
    pub key: &'a str,
    /// Where from.
    pub used: KeyUse,
    /// The scopes asked for; all that the key has, but `signet.*`, where absent.
    pub scope: Option<&'a str>,
    /// Whom the token is to be for; all that the key is for where empty.
    pub audience: &'a [String],
}

/// A token that a key was exchanged for. It is never logged.
pub struct Exchanged {
    /// A signed JWT (RFC 9068).
    pub access_token: String,
    /// How long it is valid.
    pub expires_in: Duration,
    /// What it allows.
    pub scope: Scopes,
}

impl Auth {
    /// Exchanges an API key that counts for an access token.
    pub async fn exchange_key(&self, asked: Exchange<'_>) -> Result<Exchanged, AuthError> {
        let holder = self.authenticate_key(asked.key, asked.used).await;
        let holder = holder.map_err(|error| match error {
            AuthError::ApiKey(refusal) => {
                tracing::debug!(%refusal, "API key not exchanged");
                unusable("Send an API key that counts, and may be used from here.")
            }
            trouble => trouble,
        })?;
        if !holder.is_exchangeable() {
            return Err(unusable(
                "Keys that may only read or are bound to networks are not exchanged: present the \
                 key itself.",
            ));
        }
        let scope = Self::exchanged_scope(&holder, &asked)?;
        let audience = self.exchanged_audience(&holder, asked.audience)?;
        let now = self.now();
        let left = holder.key().expires_at.map(|end| end.since(now));
        let lifetime = asked.client.access_lifetime;
        let lifetime = left.map_or(lifetime, |left| left.min(lifetime));
        let (iat, seconds) = (now.seconds(), millis(lifetime) / 1000);
        let claims = KeyClaims {
            iss: self.terms.issuer.clone(),
            sub: holder.subject(),
            aud: Audience::from(audience),
            client_id: asked.client.id,
            iat,
            exp: iat + seconds,
            jti: TokenId::new(now, random::bytes(&*self.parts.rng)),
            scope: scope.clone(),
            act: KeyActor {
                sub: holder.key().id,
            },
        };
        let key = self.signing_key(asked.client)?;
        let access_token = self.sign(&key, asked.client, &claims)?;
        tracing::info!(
            target: "signet::event", event = "api_key.exchanged", key = %claims.act.sub,
            client = %claims.client_id, token = %claims.jti,
        );
        Ok(Exchanged {
            access_token,
            expires_in: Duration::from_secs(seconds.unsigned_abs()),
            scope,
        })
    }

    /// What was asked for, where the key has all of it now: Signet's own scopes are for the key
    /// itself, at Signet's own API.
    fn exchanged_scope(holder: &KeyHolder, asked: &Exchange<'_>) -> Result<Scopes, AuthError> {
        let everyday = holder.scopes.iter().filter(|scope| !scope.is_own());
        let has = within_client(everyday.cloned().collect(), asked.client);
        let Some(wanted) = asked.scope.map(parse_scope).transpose()? else {
            return Ok(has);
        };
        if wanted.is_subset(&has) {
            return Ok(wanted);
        }
        let detail = "Ask for scopes that the key has now, none of signet.*.";
        Err(AuthError::field("/scope", "invalid_scope", detail))
    }

    fn exchanged_audience(
        &self,
        holder: &KeyHolder,
        asked: &[String],
    ) -> Result<Vec<String>, AuthError> {
        let all = holder.audiences(&self.terms.audiences).iter();
        let all: Vec<String> = all
            .filter(|one| **one != self.terms.own_audience)
            .cloned()
            .collect();
        let wanted = distinct(if asked.is_empty() { &all } else { asked });
        if !wanted.is_empty() && wanted.iter().all(|one| all.contains(one)) {
            return Ok(wanted);
        }
        let detail = "Ask for audiences that the key is for, Signet's own API not among them.";
        Err(AuthError::field("/audience", "invalid_target", detail))
    }
}

/// RFC 8693 §2.2.2: a subject token that is not valid, or not acceptable, is `invalid_request`.
fn unusable(detail: &str) -> AuthError {
    AuthError::field("/subject_token", "invalid_request", detail)
}
