//! What a refresh asks its access token for: fewer scopes (RFC 6749 §6), fewer audiences (RFC 8707
//! §2.2). The session keeps all of both.

use crate::{
    crypto::refresh::{Presented, digest},
    model::{client::Client, scope::Scopes, session::EndReason},
    store::families::SessionKey,
};

use super::{Auth, AuthError, asked::parse_scope, clients::within_client, refresh::Refresh};

/// What one access token is limited to.
#[derive(Default)]
pub(super) struct Narrowing<'a> {
    /// These scopes; all of the session's where absent.
    pub(super) scope: Option<Scopes>,
    /// These audiences; all of the session's where empty.
    pub(super) audience: &'a [String],
}

impl Narrowing<'_> {
    /// The audiences that are left of a token's.
    pub(super) fn audiences(&self, all: Vec<String>) -> Vec<String> {
        let left = all.iter().filter(|one| self.audience.contains(one));
        let left: Vec<String> = left.cloned().collect();
        if left.is_empty() { all } else { left }
    }
}

impl Auth {
    /// Reads what a refresh asks for, and refuses what is beyond the session's before anything
    /// moves. Nothing here looks at the generation: a refusal does not tell whether the token is
    /// current.
    pub(super) async fn narrowing<'a>(
        &self,
        presented: &Presented,
        client: &Client,
        refresh: &Refresh<'a>,
    ) -> Result<Narrowing<'a>, AuthError> {
        let scope = refresh.scope.map(parse_scope).transpose()?;
        let asked = Narrowing {
            scope,
            audience: refresh.audience,
        };
        if asked.scope.is_some() || !asked.audience.is_empty() {
            self.check_narrowing(presented, client, &asked).await?;
        }
        Ok(asked)
    }

    async fn check_narrowing(
        &self,
        presented: &Presented,
        client: &Client,
        asked: &Narrowing<'_>,
    ) -> Result<(), AuthError> {
        let key = SessionKey::Digest(digest(&presented.handle));
        let found = self.parts.families.find(&key).await?;
        let session = found.ok_or(AuthError::SessionEnded(EndReason::Unknown))?;
        if session.client != client.id {
            return Err(AuthError::InvalidRefreshToken);
        }
        let registry = self.registry();
        let held = self.enabled_user(session.user).await?.map(|user| {
            let held = user.grants.effective(session.scopes.as_ref(), &registry);
            within_client(held, client)
        });
        let held = held.unwrap_or_default();
        let narrowed = asked.scope.as_ref().unwrap_or(&held);
        if !narrowed.is_subset(&held) {
            let detail = "Ask for no more than the session has; log in again for other scopes.";
            return Err(AuthError::field("/scope", "invalid_scope", detail));
        }
        let audiences = self.audiences_in(&session, client, narrowed);
        if asked.audience.iter().all(|one| audiences.contains(one)) {
            return Ok(());
        }
        let detail = "Ask for no others than the session's; log in again for other audiences.";
        Err(AuthError::field("/resource", "invalid_target", detail))
    }
}
