//! Tells by an assertion which client asks (RFC 7523 §2.2, §3).

use std::{sync::Arc, time::Duration};

use crate::{
    auth::{Auth, AuthError},
    crypto::client_assertion::{self, AssertionClaims},
    model::{
        client::Client,
        id::ClientId,
        time::{Timestamp, millis},
    },
};

/// The longest that an assertion may have left to live: so long it is remembered.
const LONGEST: Duration = Duration::from_hours(1);

impl Auth {
    /// The client that an assertion says to be of: nothing is checked yet.
    #[must_use]
    pub fn claimed_client(&self, assertion: &str) -> Option<String> {
        client_assertion::claimed_client(assertion)
    }

    /// The enabled client whose assertion this is, if it is one of its keys, for us, now, and for
    /// the first time. Only one that is all the rest costs a step in the store.
    pub(super) async fn asserted_client(
        &self,
        id: &str,
        assertion: &str,
    ) -> Result<Option<Arc<Client>>, AuthError> {
        let (id, known) = (id.parse::<ClientId>().ok(), self.known_clients());
        let Some(found) = id.and_then(|id| known.by_id.get(&id)) else {
            return Ok(None);
        };
        let claims = match client_assertion::verify(&found.keys, assertion) {
            Ok(claims) => claims,
            Err(error) => {
                tracing::debug!(client = %found.client.id, %error, "assertion refused");
                return Ok(None);
            }
        };
        let client = &found.client;
        let own = client.id.to_string();
        let counts = claims.iss == own && claims.sub == own && self.is_for_us(&claims);
        if !counts || !self.is_current(&claims) || !client.is_enabled() {
            return Ok(None);
        }
        let mark = client_assertion::mark(&claims.jti);
        let ends_at = Timestamp::from_millis(claims.exp * 1000).plus(self.terms.leeway);
        let first = self.parts.clients.use_assertion(client.id, mark, ends_at);
        if first.await? {
            return Ok(Some(client.clone()));
        }
        tracing::warn!(
            target: "signet::event", event = "client.assertion_replayed", client = %client.id,
        );
        Ok(None)
    }

    /// Whether it is for us and for nobody else: by our issuer, or by the endpoint that is asked. One
    /// that names another server as well may have been sent to that one before.
    fn is_for_us(&self, claims: &AssertionClaims) -> bool {
        let ours = |one: &String| {
            let rest = one.strip_prefix(&self.terms.issuer);
            matches!(
                rest,
                Some("" | "/oauth/token" | "/oauth/revoke" | "/oauth/introspect")
            )
        };
        let named = claims.aud.as_slice();
        !named.is_empty() && named.iter().all(ours)
    }

    fn is_current(&self, claims: &AssertionClaims) -> bool {
        let (now, leeway) = (self.now(), self.terms.leeway);
        let soon = now.plus(leeway).seconds();
        let begun = [claims.nbf, claims.iat];
        now.minus(leeway).seconds() < claims.exp
            && claims.exp <= soon + millis(LONGEST) / 1000
            && begun.into_iter().flatten().all(|moment| moment <= soon)
    }
}
