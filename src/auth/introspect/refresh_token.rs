//! What a confidential client hears of its own refresh tokens.
//!
//! It speaks of the session: nothing said, and nothing that takes longer, tells whether the token
//! is the newest one. Nothing moves, so no question is a reuse.

use crate::{
    auth::{Auth, AuthError, clients::within_client},
    crypto::refresh::{Presented, digest},
    model::{
        client::{Client, GrantType},
        rule,
    },
    store::families::SessionKey,
};

use super::{Introspection, Kind};

impl Auth {
    /// The refresh token that a text is, with a good tag; nothing where it is none.
    pub(super) fn refresh_token(&self, text: &str) -> Result<Option<Presented>, AuthError> {
        match self.open_refresh_token(text) {
            Ok(presented) => Ok(Some(presented)),
            Err(AuthError::InvalidRefreshToken) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// What is to be said of a refresh token to `client`, if it is its own and its session goes on.
    pub(super) async fn about_refresh_token(
        &self,
        client: &Client,
        presented: &Presented,
    ) -> Result<Option<Introspection>, AuthError> {
        let key = SessionKey::Digest(digest(&presented.handle));
        let Some(session) = self.parts.families.find(&key).await? else {
            return Ok(None);
        };
        let own = session.client == client.id && client.honours(session.created_at);
        if !own || !client.may_use(GrantType::RefreshToken) {
            return Ok(None);
        }
        let ended = self.parts.changes.ended(session.id, session.user).await?;
        if ended.is_some() || rule::over(&session, self.now()).is_some() {
            return Ok(None);
        }
        let Some(user) = self.enabled_user(session.user).await? else {
            return Ok(None);
        };
        let scope = user
            .grants
            .effective(session.scopes.as_ref(), &self.registry());
        Ok(Some(Introspection {
            iss: self.terms.issuer.clone(),
            sub: session.user.to_string(),
            username: Some(user.username.to_string()),
            aud: None,
            client_id: Some(client.id),
            scope: within_client(scope, client),
            // The idle expiry would tell when the newest was issued.
            exp: Some(session.absolute_expires_at.seconds()),
            iat: session.created_at.seconds(),
            jti: None,
            kind: Kind::Refresh(session.id),
        }))
    }
}
