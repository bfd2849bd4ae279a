//! What a refresh asks its access token for: fewer scopes (RFC 6749 §6), fewer audiences (RFC 8707
//! §2.2). The session keeps all of both.

use crate::{
    crypto::refresh::{Presented, digest},
    model::{
        client::Client,
        scope::Scopes,
        session::{EndReason, Session},
    },
    store::families::SessionKey,
};

use super::{Auth, AuthError, asked::parse_scope, clients::within_client, refresh::Refresh};

/// What one access token is limited to.
#[derive(Default)]
pub(super) struct Narrowing<'a> {
    /// These scopes; all of the session's where absent.
    scope: Option<Scopes>,
    /// These audiences; all of the session's where empty.
    audience: &'a [String],
}

impl Narrowing<'_> {
    /// The scopes that are left of a session's.
    pub(super) fn scopes<'a>(&'a self, session: &'a Session) -> Option<&'a Scopes> {
        self.scope.as_ref().or(session.scopes.as_ref())
    }

    /// The audiences that are left of a token's. Where none is, there is no token: it would be for
    /// somebody else than was asked for.
    pub(super) fn audiences(&self, mut all: Vec<String>) -> Result<Vec<String>, AuthError> {
        if !self.audience.is_empty() {
            all.retain(|one| self.audience.contains(one));
        }
        if all.is_empty() {
            return Err(other_audiences());
        }
        Ok(all)
    }
}

impl Auth {
    /// Reads what a refresh asks for, and refuses what is beyond the session's before anything
    /// moves. Nothing here looks at the generation: a refusal does not tell whether the token is
    /// current.
    ///
    /// What the user is granted may change before the token is signed. So it is limited to the scopes
    /// that they hold here: it can lose some by then, and get none that its audiences were not
    /// chosen for.
    pub(super) async fn narrowing<'a>(
        &self,
        presented: &Presented,
        client: &Client,
        refresh: &Refresh<'a>,
    ) -> Result<Narrowing<'a>, AuthError> {
        let scope = refresh.scope.map(parse_scope).transpose()?;
        let audience = refresh.audience;
        if scope.is_none() && audience.is_empty() {
            return Ok(Narrowing::default());
        }
        let key = SessionKey::Digest(digest(&presented.handle));
        let found = self.parts.families.find(&key).await?;
        let session = found.ok_or(AuthError::SessionEnded(EndReason::Unknown))?;
        if session.client != client.id {
            return Err(AuthError::InvalidRefreshToken);
        }
        let held = self.narrowed_scopes(&session, client, scope).await?;
        let audiences = self.audiences_in(&session, client, &held);
        if !audience.iter().all(|one| audiences.contains(one)) {
            return Err(other_audiences());
        }
        let scope = Some(held);
        Ok(Narrowing { scope, audience })
    }

    /// Of what was asked for what the user holds now. What the session was not opened for is
    /// refused; where it was opened for everything, that is what the user does not hold.
    async fn narrowed_scopes(
        &self,
        session: &Session,
        client: &Client,
        asked: Option<Scopes>,
    ) -> Result<Scopes, AuthError> {
        let registry = self.registry();
        let user = self.enabled_user(session.user).await?;
        let holds = |asked: Option<&Scopes>| {
            let held = user
                .as_ref()
                .map(|user| user.grants.effective(asked, &registry));
            within_client(held.unwrap_or_default(), client)
        };
        let held = holds(session.scopes.as_ref());
        let Some(asked) = asked else {
            return Ok(held);
        };
        let opened = match &session.scopes {
            Some(opened) => within_client(registry.there_is(opened), client),
            None => held,
        };
        if !asked.is_subset(&opened) {
            let detail = "Ask for no more than the session has; log in again for other scopes.";
            return Err(AuthError::field("/scope", "invalid_scope", detail));
        }
        Ok(holds(Some(&asked)))
    }
}

fn other_audiences() -> AuthError {
    let detail = "Ask for no others than the session's; log in again for other audiences.";
    AuthError::field("/resource", "invalid_target", detail)
}
