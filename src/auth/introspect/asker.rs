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
    /// The bearer of an access token, who may ask about nothing else; and whom it speaks of.
    Bearer(Zeroizing<String>, String),
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
        let itself = Asker(Who::Bearer(text.clone(), String::new()));
        let question = Question {
            token: &text,
            address: None,
            writes: None,
        };
        match self.about(&itself, &question).await? {
            Some(said) => Ok(Asker(Who::Bearer(text, said.sub))),
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
            Who::Bearer(..) | Who::Key(..) => None,
        }
    }

    /// What they are called: the identifier of the client, of the key, or of the token's subject.
    pub(super) fn name(&self) -> String {
        match &self.0 {
            Who::Bearer(_, subject) => subject.clone(),
            Who::Key(_, key) => key.key().id.to_string(),
            Who::Client(client) => client.id.to_string(),
        }
    }

    /// Whether that is what they authenticate with.
    pub(super) fn is_itself(&self, token: &str) -> bool {
        match &self.0 {
            Who::Bearer(text, _) | Who::Key(text, _) => **text == token,
            Who::Client(_) => false,
        }
    }

    /// Whether they may ask about any credential.
    pub(super) fn knows_all(&self) -> bool {
        let any = OwnScope::IntrospectAny.scope();
        match &self.0 {
            Who::Bearer(..) => false,
            Who::Key(_, key) => key.scopes.contains(&any),
            Who::Client(client) => client.scopes.say(&any),
        }
    }

    /// Whether they are a resource server of this audience; a key that names none is of the
    /// configured ones.
    pub(super) fn is_audience(&self, audience: &str, configured: &[String]) -> bool {
        let among = |own: &[String]| own.iter().any(|one| one == audience);
        match &self.0 {
            Who::Bearer(..) => false,
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
            Who::Bearer(text, _) | Who::Key(text, _) => Fingerprint::of(text),
            Who::Client(client) => Fingerprint::of(&client.id.to_string()),
        }
    }
}
