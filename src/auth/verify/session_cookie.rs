//! By the session cookie of a browser. It proves the session and moves nothing.

use std::sync::Arc;

use super::{Identity, Page, for_application};
use crate::{
    auth::{Auth, AuthError, clients::within_client, recent::Recent},
    crypto::session_cookie::SessionCookieError,
    model::{
        client::Client,
        rule,
        session::{EndReason, Session},
        session_cookie::CookieDigest,
    },
    store::families::SessionKey,
};

const CAPACITY: usize = 65_536;

/// Sessions that were found by their cookie a moment ago. That one has ended is seen at once, by
/// the change log; that it was refreshed need not be.
pub(in crate::auth) type CookieSessions = Recent<CookieDigest, Arc<Session>>;

/// None yet.
pub(in crate::auth) fn cookie_sessions() -> CookieSessions {
    Recent::new(CAPACITY)
}

impl Auth {
    /// Whose session a cookie is of, if it goes on and the request was not sent by a foreign page:
    /// browsers add cookies by themselves.
    pub(super) async fn by_session_cookie(
        &self,
        kind: &'static str,
        cookie: &str,
        page: Page<'_>,
    ) -> Result<Identity, AuthError> {
        let digest = self.parts.session_cookies.open(cookie);
        let digest = digest.map_err(|error| match error {
            SessionCookieError::Invalid => AuthError::SessionEnded(EndReason::Unknown),
            SessionCookieError::UnknownKeyAbove(_) => AuthError::unavailable(error),
        })?;
        let session = self.session_by_cookie(digest).await?;
        if let Some(reason) = self.parts.changes.ended(session.id, session.user).await? {
            return Err(AuthError::SessionEnded(reason));
        }
        let client = self.client(session.client);
        let client = client.filter(|client| client.honours(session.created_at));
        let client = client.ok_or(AuthError::SessionEnded(EndReason::ClientDisabled))?;
        check_page(page, &client)?;
        let user = self.enabled_user(session.user).await?;
        let user = user.ok_or(AuthError::SessionEnded(EndReason::UserDisabled))?;
        let asked = session.scopes.as_ref();
        let scopes = user.grants.effective(asked, &self.registry());
        let scopes = within_client(scopes, &client);
        Ok(Identity {
            token_id: Some(session.id.to_string()),
            expires_at: Some(session.family.idle_expires_at),
            ..Identity::of_user(kind, &user, for_application(&scopes))
        })
    }

    /// The living session of a cookie, read a minute ago at most. One that would be over by now is
    /// read again: it may have been refreshed since.
    async fn session_by_cookie(&self, digest: CookieDigest) -> Result<Arc<Session>, AuthError> {
        let (now, recent) = (self.now(), &self.cookie_sessions);
        if let Some(session) = recent.get(&digest, now)
            && rule::over(&session, now).is_none()
        {
            return Ok(session);
        }
        let reading = recent.reading(now);
        let found = self
            .parts
            .families
            .find(&SessionKey::Cookie(digest))
            .await?;
        let session = found.ok_or(AuthError::SessionEnded(EndReason::Unknown))?;
        if let Some(reason) = rule::over(&session, now) {
            return Err(AuthError::SessionEnded(reason));
        }
        let session = Arc::new(session);
        recent.keep(reading, &digest, session.clone());
        Ok(session)
    }
}

/// Lets a request pass that harms nobody, or that a page of the site itself or of one of the
/// client's origins has sent.
fn check_page(page: Page<'_>, client: &Client) -> Result<(), AuthError> {
    let is_own = match page {
        Page::Harmless => true,
        Page::Foreign => false,
        Page::Of(origin) => client.origins.iter().any(|known| known == origin),
    };
    if is_own {
        Ok(())
    } else {
        Err(AuthError::ForeignPage)
    }
}
