//! Who asks about a credential.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::{
    auth::{
        Auth, AuthError,
        api_keys::{KeyHolder, KeyUse},
    },
    crypto::access::Fingerprint,
    model::{
        client::{Client, ClientKind},
        own_scope::OwnScope,
    },
};

use super::Question;

/// Who asks. What they present is kept to know it again among what is asked about; not printed,
/// wiped when dropped.
pub struct Asker(Who);

enum Who {
    /// The bearer of an access token, who may ask about nothing else.
    Bearer(Zeroizing<String>),
    /// The bearer of an API key.
    Key(Zeroizing<String>, KeyHolder),
    /// A client that has authenticated.
    Client(Arc<Client>),
}

impl Auth {
    /// Who presents a credential that counts: an API key, or an access token.
    pub async fn asker(&self, text: &str, used: KeyUse) -> Result<Asker, AuthError> {
        let text = Zeroizing::new(text.to_owned());
        if self.is_api_key(&text) {
            let key = self.authenticate_key(&text, used).await?;
            return Ok(Asker(Who::Key(text, key)));
        }
        let itself = Asker(Who::Bearer(text.clone()));
        let question = Question {
            token: &text,
            address: None,
            writes: None,
        };
        match self.about(&itself, &question).await? {
            Some(_) => Ok(itself),
            None => Err(AuthError::InvalidAccessToken),
        }
    }
}

impl Asker {
    /// A client that has authenticated; one that cannot is nobody here (RFC 7662 §2.1).
    pub fn client(client: Arc<Client>) -> Result<Self, AuthError> {
        match client.kind {
            ClientKind::Confidential => Ok(Self(Who::Client(client))),
            ClientKind::Public => Err(AuthError::InvalidClient),
        }
    }

    /// The client, where it is one.
    pub(super) fn as_client(&self) -> Option<&Client> {
        match &self.0 {
            Who::Client(client) => Some(client),
            Who::Bearer(_) | Who::Key(..) => None,
        }
    }

    /// What a resource server is called that is told: the identifier of the client, or of the key.
    pub(super) fn as_audience(&self) -> Option<String> {
        match &self.0 {
            Who::Bearer(_) => None,
            Who::Key(_, key) => Some(key.key().id.to_string()),
            Who::Client(client) => Some(client.id.to_string()),
        }
    }

    /// Whether that is what they authenticate with.
    pub(super) fn is_itself(&self, token: &str) -> bool {
        match &self.0 {
            Who::Bearer(text) | Who::Key(text, _) => **text == token,
            Who::Client(_) => false,
        }
    }

    /// Whether they may ask about any credential.
    pub(super) fn knows_all(&self) -> bool {
        let any = OwnScope::IntrospectAny.scope();
        match &self.0 {
            Who::Bearer(_) => false,
            Who::Key(_, key) => key.scopes.contains(&any),
            Who::Client(client) => client.scopes.say(&any),
        }
    }

    /// Whether they are a resource server of this audience; a key that names none is of the
    /// configured ones.
    pub(super) fn is_audience(&self, audience: &str, configured: &[String]) -> bool {
        let among = |own: &[String]| own.iter().any(|one| one == audience);
        match &self.0 {
            Who::Bearer(_) => false,
            Who::Key(_, key) => {
                key.scopes.contains(&OwnScope::Introspect.scope())
                    && among(key.audiences(configured))
            }
            Who::Client(client) => among(&client.resources),
        }
    }

    /// The client, where it is one that may ask about its own refresh tokens.
    pub(super) fn refresher(&self) -> Option<&Client> {
        match &self.0 {
            Who::Client(client) if client.refresh_introspection => Some(client),
            _ => None,
        }
    }

    /// Under what their answers are counted.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        match &self.0 {
            Who::Bearer(text) | Who::Key(text, _) => Fingerprint::of(text),
            Who::Client(client) => Fingerprint::of(&client.id.to_string()),
        }
    }
}
