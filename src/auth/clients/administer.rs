//! Administers clients: create, find, list, change, disable, enable, rotate the secret, delete.
//!
//! Nobody gives a client that acts for itself what they do not hold, and nobody touches one that
//! holds more than they do: its secret would be a way to more.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::{
    auth::{Auth, AuthError, Conflict, reauthenticate::Reauthentication},
    crypto::random,
    model::{
        authority::Authority,
        client::{ClientKind, ClientRecord, ClientSettings},
        id::ClientId,
        own_scope::OwnScope,
        time::Timestamp,
    },
    store::{
        clients::{NewSecret, SecretRotation},
        paging::{Page, Paging},
    },
};

use super::ClientWish;

/// The longest that an older secret counts beside a new one.
pub const MAX_OVERLAP: Duration = Duration::from_hours(30 * 24);

/// A client and, where it has just been given one, its secret.
pub struct IssuedClient {
    /// What is known of it.
    pub client: ClientRecord,
    /// The secret, which is shown only now; a public client has none.
    pub secret: Option<Zeroizing<String>>,
}

impl Auth {
    /// Creates a client. To give a confidential one something, or any claims, needs the actor's
    /// presence, which the operator at the command line need not show.
    pub async fn create_client(
        &self,
        by: &Authority,
        shown: Option<&Reauthentication<'_>>,
        kind: ClientKind,
        wish: ClientWish<'_>,
    ) -> Result<IssuedClient, AuthError> {
        let settings = self.read_client(kind, wish)?;
        self.check_client_gift(by, kind, &settings)?;
        if kind == ClientKind::Confidential || !settings.claims.is_empty() {
            self.check_presence(by, shown).await?;
        }
        let id = ClientId::new(self.now(), random::bytes(&*self.parts.rng));
        let client = ClientRecord {
            id,
            kind,
            settings,
            version: 1,
            disabled_at: None,
            not_before: Timestamp::default(),
            rotated_at: None,
            created_at: self.now(),
        };
        let needed = kind == ClientKind::Confidential && client.settings.jwks.is_empty();
        let made = needed.then(|| self.make_secret(id));
        let (secret, kept) = made.unzip();
        self.parts.clients.create(&client, kept).await?;
        log_client("client.created", by, id);
        self.hear_of_change().await;
        Ok(IssuedClient { client, secret })
    }

    /// The clients but the default one, the oldest first.
    pub async fn list_clients(
        &self,
        paging: Paging<ClientId>,
    ) -> Result<Page<ClientRecord>, AuthError> {
        Ok(self.parts.clients.list(paging).await?)
    }

    /// The client of that identifier, as it is kept.
    pub async fn show_client(&self, id: ClientId) -> Result<ClientRecord, AuthError> {
        let found = self.parts.clients.by_id(id).await?;
        found.ok_or(AuthError::NotFound)
    }

    /// Chooses anew what holds for a client. What is absent of the wish is as for a new one.
    pub async fn update_client(
        &self,
        by: &Authority,
        shown: Option<&Reauthentication<'_>>,
        id: ClientId,
        wish: ClientWish<'_>,
    ) -> Result<ClientRecord, AuthError> {
        let seen = self.client_within_reach(by, id).await?;
        let settings = self.read_client(seen.kind, wish)?;
        self.check_client_gift(by, seen.kind, &settings)?;
        let is_widened = seen.kind == ClientKind::Confidential && widens(&seen.settings, &settings);
        // What a claim allows is for resource servers to say, whoever the client is.
        if is_widened || seen.settings.claims != settings.claims {
            self.check_presence(by, shown).await?;
        }
        self.parts.clients.update(&seen, &settings).await?;
        self.client_changed(Some("client.updated"), by, id).await
    }

    /// Disables a client: what it was given counts no more, and it is given nothing.
    pub async fn disable_client(
        &self,
        by: &Authority,
        id: ClientId,
    ) -> Result<ClientRecord, AuthError> {
        self.client_within_reach(by, id).await?;
        let was_enabled = self.parts.clients.disable(id).await?;
        let event = was_enabled.then_some("client.disabled");
        self.client_changed(event, by, id).await
    }

    /// Enables a disabled client again; its old sessions stay over.
    pub async fn enable_client(
        &self,
        by: &Authority,
        id: ClientId,
    ) -> Result<ClientRecord, AuthError> {
        self.client_within_reach(by, id).await?;
        let was_disabled = self.parts.clients.enable(id).await?;
        let event = was_disabled.then_some("client.enabled");
        self.client_changed(event, by, id).await
    }

    /// Gives a confidential client another secret; the older one counts until the overlap ends.
    pub async fn rotate_client_secret(
        &self,
        by: &Authority,
        shown: Option<&Reauthentication<'_>>,
        id: ClientId,
        overlap: Duration,
    ) -> Result<IssuedClient, AuthError> {
        if overlap > MAX_OVERLAP {
            let detail = "Let the older secret count for 30 days at most.";
            return Err(AuthError::field("/overlap", "too_long", detail));
        }
        let seen = self.client_within_reach(by, id).await?;
        if seen.kind == ClientKind::Public {
            return Err(AuthError::Conflict(Conflict::PublicClient));
        }
        if !seen.settings.jwks.is_empty() {
            return Err(AuthError::Conflict(Conflict::KeyedClient));
        }
        self.check_presence(by, shown).await?;
        let (text, secret) = self.make_secret(id);
        let rotation = SecretRotation {
            secret,
            overlap_until: (!overlap.is_zero()).then(|| self.now().plus(overlap)),
        };
        let client = self.parts.clients.rotate(&seen, rotation).await?;
        log_client("client.secret_rotated", by, id);
        self.hear_of_change().await;
        Ok(IssuedClient {
            client,
            secret: Some(text),
        })
    }

    /// Deletes a client: what it was given counts no more, and its identifier is never given again.
    pub async fn delete_client(&self, by: &Authority, id: ClientId) -> Result<(), AuthError> {
        self.client_within_reach(by, id).await?;
        if !self.parts.clients.delete(id).await? {
            return Err(AuthError::NotFound);
        }
        log_client("client.deleted", by, id);
        self.catch_up().await
    }

    /// A client that holds no more than the actor.
    async fn client_within_reach(
        &self,
        by: &Authority,
        id: ClientId,
    ) -> Result<ClientRecord, AuthError> {
        if id == self.terms.default_client.id {
            return Err(AuthError::Conflict(Conflict::DefaultClient));
        }
        let seen = self.show_client(id).await?;
        self.check_client_gift(by, seen.kind, &seen.settings)?;
        Ok(seen)
    }

    /// What a public client is limited to gives nobody anything; what a confidential one may get
    /// for itself does, and what it may ask about as a resource server.
    fn check_client_gift(
        &self,
        by: &Authority,
        kind: ClientKind,
        settings: &ClientSettings,
    ) -> Result<(), AuthError> {
        let asks = if settings.resources.contains(&self.terms.own_audience) {
            // Nearly every token is for Signet's own API.
            by.includes(&OwnScope::IntrospectAny.scope())
        } else {
            settings.resources.is_empty() || by.includes(&OwnScope::Introspect.scope())
        };
        let within = asks && by.contains(&settings.scopes, &self.registry());
        if kind == ClientKind::Public || within {
            return Ok(());
        }
        tracing::info!(target: "signet::event", event = "escalation.refused", actor = %by);
        Err(AuthError::WouldEscalate)
    }

    async fn check_presence(
        &self,
        by: &Authority,
        shown: Option<&Reauthentication<'_>>,
    ) -> Result<(), AuthError> {
        if !by.makes_credentials() {
            return Err(AuthError::WouldEscalate);
        }
        match (by, shown) {
            (Authority::Operator, _) => Ok(()),
            (Authority::Holder(_), Some(shown)) => self.reauthenticate(shown).await,
            (Authority::Holder(_), None) => Err(AuthError::ReauthenticationRequired),
        }
    }

    fn make_secret(&self, id: ClientId) -> (Zeroizing<String>, NewSecret) {
        let made = self.parts.client_secrets.make(id, &*self.parts.rng);
        let kept = NewSecret {
            digest: made.digest,
            pepper_id: self.parts.pepper.id(),
        };
        (made.text, kept)
    }

    /// Tells of a change, where there was one. Where there was none, it may have been made just
    /// before, and not be known here yet.
    async fn client_changed(
        &self,
        event: Option<&'static str>,
        by: &Authority,
        id: ClientId,
    ) -> Result<ClientRecord, AuthError> {
        if let Some(event) = event {
            log_client(event, by, id);
        }
        self.catch_up().await?;
        self.show_client(id).await
    }
}

fn log_client(event: &'static str, by: &Authority, id: ClientId) {
    tracing::info!(target: "signet::event", event, client = %id, actor = %by);
}

/// Whether a change lets a client that acts for itself do more, or somebody else be it.
fn widens(old: &ClientSettings, new: &ClientSettings) -> bool {
    let more_scopes = !new.scopes.iter().all(|grant| old.scopes.cover(grant));
    let more_grants = !new
        .grant_types
        .iter()
        .all(|one| old.grant_types.contains(one));
    more_scopes
        || more_grants
        || old.resources != new.resources
        || (new.refresh_introspection && !old.refresh_introspection)
        || old.jwks != new.jwks
}
