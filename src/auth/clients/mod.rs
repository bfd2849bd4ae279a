//! Clients: which there are, and what administrators do with them.
//!
//! All of them are held in memory, so that no request asks the store for its client; the change log
//! says when to read them anew.

mod administer;
mod assertion;
mod authenticate;
mod wish;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError},
};

use crate::{
    crypto::client_assertion::ClientKey,
    model::{
        client::{Client, ClientKind},
        id::ClientId,
        scope::Scopes,
    },
    store::clients::{ClientWithSecrets, StoredClientSecret},
};

use super::{Auth, AuthError};

pub use administer::{IssuedClient, MAX_OVERLAP};
pub use authenticate::ClientProof;
pub use wish::ClientWish;

/// Which client asks.
pub enum Asking<'a> {
    /// The public one of this identifier; the default one where absent.
    Named(Option<&'a str>),
    /// One that has authenticated.
    Proven(Arc<Client>),
}

/// The clients as this node knows them.
#[derive(Default)]
pub(super) struct KnownClients {
    by_id: HashMap<ClientId, KnownClient>,
    /// The origins of all that are enabled.
    origins: HashSet<String>,
}

struct KnownClient {
    client: Arc<Client>,
    secrets: Vec<StoredClientSecret>,
    /// With these it proves itself, and with nothing else where there are any.
    keys: Vec<ClientKey>,
}

impl KnownClients {
    /// Those that were read, beside the default one.
    fn new(default: Arc<Client>, read: Vec<ClientWithSecrets>) -> Self {
        let mut known = Self::default();
        for ClientWithSecrets { record, secrets } in read {
            let client = Arc::new(Client::of(&record, &default));
            // Each was read before it was stored.
            let keys = record.settings.jwks.iter().map(ClientKey::read);
            let keys = keys.filter_map(Result::ok).collect();
            known.add(KnownClient {
                client,
                secrets,
                keys,
            });
        }
        known.add(KnownClient {
            client: default,
            secrets: Vec::new(),
            keys: Vec::new(),
        });
        known
    }

    fn add(&mut self, known: KnownClient) {
        if known.client.is_enabled() {
            self.origins.extend(known.client.origins.iter().cloned());
        }
        self.by_id.insert(known.client.id, known);
    }
}

impl Auth {
    /// The client of that identifier; the default one where none is given, nothing where there is
    /// no such client.
    #[must_use]
    pub fn client_named(&self, id: Option<&str>) -> Option<Arc<Client>> {
        match id {
            None => self.client(self.terms.default_client.id),
            Some(id) => self.client(id.parse().ok()?),
        }
    }

    /// The client that asks, whether or not it has to prove that first.
    #[must_use]
    pub fn client_of(&self, asking: &Asking<'_>) -> Option<Arc<Client>> {
        match asking {
            Asking::Proven(client) => Some(client.clone()),
            Asking::Named(id) => self.client_named(*id),
        }
    }

    /// The client that asks: one that has a secret must have shown it.
    pub(super) fn asking(&self, asking: &Asking<'_>) -> Option<Arc<Client>> {
        let client = self.client_of(asking)?;
        let named = matches!(asking, Asking::Named(_));
        (client.kind == ClientKind::Public || !named).then_some(client)
    }

    /// The client of that identifier, disabled or not.
    pub(super) fn client(&self, id: ClientId) -> Option<Arc<Client>> {
        let known = self.known_clients();
        Some(known.by_id.get(&id)?.client.clone())
    }

    /// Whether pages of this origin may read answers: it is registered for an enabled client.
    #[must_use]
    pub fn knows_origin(&self, origin: &str) -> bool {
        self.known_clients().origins.contains(origin)
    }

    /// Reads the clients anew.
    pub(super) async fn read_clients(&self) -> Result<(), AuthError> {
        let read = self.parts.clients.all().await?;
        let default = Arc::new(self.terms.default_client.clone());
        let known = Arc::new(KnownClients::new(default, read));
        *self.clients.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }

    fn known_clients(&self) -> Arc<KnownClients> {
        let known = self.clients.read();
        known.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Of these scopes, those that a token of the client may carry.
pub(super) fn within_client(scopes: Scopes, client: &Client) -> Scopes {
    if scopes.iter().all(|scope| client.scopes.allow(scope)) {
        return scopes;
    }
    let allowed = scopes.iter().filter(|scope| client.scopes.allow(scope));
    allowed.cloned().collect()
}
