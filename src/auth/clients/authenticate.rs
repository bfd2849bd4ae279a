//! Tells which client asks (RFC 6749 §2.3).
//!
//! In memory: one HMAC, whether or not there is such a client. Whoever shows the right secret is
//! never held up; wrong ones are counted as wrong passwords are, and refused only when the change log
//! has been asked. An assertion costs a signature check, and a good one a step in the store.

use std::sync::Arc;

use crate::{
    auth::{Auth, AuthError, Caller},
    model::{
        client::{Client, ClientKind},
        id::ClientId,
        time::Timestamp,
    },
};

use super::{KnownClient, KnownClients};

/// How a client says which it is.
#[derive(Clone, Copy)]
pub struct ClientProof<'a> {
    /// Its identifier.
    pub id: &'a str,
    /// Its secret, where it shows one.
    pub secret: Option<&'a str>,
    /// An assertion of its own (RFC 7523 §2.2), where it shows one instead.
    pub assertion: Option<&'a str>,
}

impl Auth {
    /// The enabled client that asks: a confidential one proves itself by its secret, or by its keys
    /// where it has some; a public one has neither and shows neither. Unknown clients, wrong and
    /// missing proofs are one answer.
    ///
    /// A public client that is known is taken from memory, however long ago the change log was read,
    /// as [`Asking::Named`](super::Asking::Named) is: while the database is away its sessions go on.
    /// Nobody is refused by what may be out of date.
    pub async fn authenticate_client(
        &self,
        proof: &ClientProof<'_>,
        caller: &Caller,
    ) -> Result<Arc<Client>, AuthError> {
        if proof.secret.is_none()
            && proof.assertion.is_none()
            && let Some(public) = self.proven_client(proof)
        {
            return Ok(public);
        }
        self.keep_fresh().await?;
        let known = self.known_clients();
        if let Some(client) = self.proven(proof).await? {
            return Ok(client);
        }
        // Of an identifier, which may be a secret in the wrong field, a pseudonym.
        let pseudonym = self.parts.pseudonyms.of(&format!("client {}", proof.id));
        let refused = || {
            tracing::info!(
                target: "signet::event", event = "client.refused", client = pseudonym,
                address = %caller.address,
            );
        };
        let attempt = self.throttle.begin(&pseudonym, caller.address);
        let attempt = attempt.map_err(|limit| {
            refused();
            AuthError::Throttled(limit)
        })?;
        match self.proven_by_news(proof, &known).await {
            Ok(Some(client)) => {
                attempt.succeeded();
                Ok(client)
            }
            Ok(None) => {
                refused();
                Err(AuthError::InvalidClient)
            }
            Err(error) => {
                attempt.abandoned();
                Err(error)
            }
        }
    }

    /// The client as [`proven`](Self::proven) would tell it by what other nodes have changed since
    /// `known` was read: it may have been registered, or been given this secret, a moment ago.
    async fn proven_by_news(
        &self,
        proof: &ClientProof<'_>,
        known: &Arc<KnownClients>,
    ) -> Result<Option<Arc<Client>>, AuthError> {
        self.catch_up().await?;
        if Arc::ptr_eq(known, &self.known_clients()) {
            return Ok(None);
        }
        self.proven(proof).await
    }

    async fn proven(&self, proof: &ClientProof<'_>) -> Result<Option<Arc<Client>>, AuthError> {
        match proof.assertion {
            Some(assertion) => self.asserted_client(proof.id, assertion).await,
            None => Ok(self.proven_client(proof)),
        }
    }

    fn proven_client(&self, proof: &ClientProof<'_>) -> Option<Arc<Client>> {
        let (id, known) = (proof.id.parse::<ClientId>().ok(), self.known_clients());
        let found = id.and_then(|id| known.by_id.get(&id));
        let now = self.now();
        let counts = |until: Option<Timestamp>| until.is_none_or(|until| now < until);
        let secrets = found.into_iter().flat_map(|found| &found.secrets);
        let secrets = secrets.filter(|secret| counts(secret.valid_until));
        let digests = secrets.map(|secret| &secret.digest);
        let whose = id.unwrap_or(self.terms.default_client.id);
        let proven = proof
            .secret
            .map(|text| self.parts.client_secrets.proves(whose, text, digests));
        let KnownClient { client, keys, .. } = found?;
        let shown = match client.kind {
            ClientKind::Public => proven.is_none(),
            ClientKind::Confidential => proven == Some(true) && keys.is_empty(),
        };
        (shown && client.is_enabled()).then(|| client.clone())
    }
}
