//! Who asks about a credential.

use zeroize::Zeroizing;

use crate::{
    auth::{
        Auth, AuthError,
        api_keys::{KeyHolder, KeyUse},
    },
    crypto::access::Fingerprint,
    model::own_scope::OwnScope,
};

use super::Question;

/// Who asks, by the credential that they present. It is kept to know it again among those asked
/// about; not printed, wiped when dropped.
pub struct Asker {
    text: Zeroizing<String>,
    /// Absent for an access token, whose bearer may ask about nothing else.
    key: Option<KeyHolder>,
}

impl Auth {
    /// Who presents a credential that counts: an API key, or an access token.
    pub async fn asker(&self, text: &str, used: KeyUse) -> Result<Asker, AuthError> {
        let text = Zeroizing::new(text.to_owned());
        if self.is_api_key(&text) {
            let key = Some(self.authenticate_key(&text, used).await?);
            return Ok(Asker { text, key });
        }
        let itself = Asker { text, key: None };
        let question = Question {
            token: &itself.text,
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
    /// Whether that is what they authenticate with.
    pub(super) fn is_itself(&self, token: &str) -> bool {
        *self.text == token
    }

    /// Whether they may ask about any credential.
    pub(super) fn knows_all(&self) -> bool {
        self.holds(OwnScope::IntrospectAny)
    }

    /// Whether they are a resource server of this audience; a key that names none is of the
    /// configured ones.
    pub(super) fn is_audience(&self, audience: &str, configured: &[String]) -> bool {
        let key = self.key.as_ref();
        let among = |key: &KeyHolder| key.audiences(configured).iter().any(|one| one == audience);
        self.holds(OwnScope::Introspect) && key.is_some_and(among)
    }

    /// Under what their answers are counted.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.text)
    }

    fn holds(&self, scope: OwnScope) -> bool {
        let key = self.key.as_ref();
        key.is_some_and(|key| key.scopes.contains(&scope.scope()))
    }
}
