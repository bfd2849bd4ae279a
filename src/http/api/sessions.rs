//! `/v1/me/sessions`.

use std::sync::Arc;

use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use crate::{
    auth::{Auth, sessions::Page},
    http::{
        answer::{Answer, NoContent},
        moment::Moment,
        problem::Refusal,
    },
    model::{id::SessionId, session::Session},
};

use super::{
    Tag,
    listing::{Cursor, PageSize, named, next_cursor, paging, total},
    principal::Bearer,
};

/// Lists and ends the caller's sessions.
pub struct SessionsApi(pub(super) Arc<Auth>);

/// A session.
#[derive(Object, Serialize)]
#[oai(rename = "Session")]
pub(super) struct SessionItem {
    /// Its identifier, as in the access token's `sid`.
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    /// The client that it belongs to.
    client_id: String,
    /// The device, in the words of its User-Agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// The address that the login came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// How the user proved who they are (RFC 8176).
    amr: Vec<String>,
    /// When it began.
    created_at: Moment,
    /// When it was last refreshed.
    last_used_at: Moment,
    /// When it ends if it is not refreshed.
    expires_at: Moment,
}

/// Some sessions of a user.
#[derive(Object, Serialize)]
pub(super) struct SessionPage {
    /// The sessions, the newest first.
    items: Vec<SessionItem>,
    /// What to pass as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// How many there are in all.
    total: i64,
}

#[OpenApi(tag = "Tag::Me")]
impl SessionsApi {
    /// List one's own sessions.
    ///
    /// Living ones only, the newest first, a page at a time.
    #[oai(
        path = "/v1/me/sessions",
        method = "get",
        operation_id = "listMySessions"
    )]
    async fn list(
        &self,
        bearer: Bearer,
        /// Where to go on: the `next_cursor` of the page before.
        cursor: Query<Option<Cursor<SessionId>>>,
        /// How many to list at most.
        #[oai(default)]
        limit: Query<PageSize>,
    ) -> Result<Answer<SessionPage>, Refusal> {
        let Bearer(me) = bearer;
        let paging = paging(cursor, limit);
        let page = self.0.sessions(me.claims.sub, paging).await?;
        Ok(Answer::new(SessionPage::new(page, Some(me.claims.sid))))
    }

    /// End all of one's other sessions.
    ///
    /// Their refresh tokens are worthless at once, and this API refuses their access tokens;
    /// whoever verifies offline accepts those until they expire.
    #[oai(
        path = "/v1/me/sessions",
        method = "delete",
        operation_id = "revokeMySessions"
    )]
    async fn revoke_all(
        &self,
        bearer: Bearer,
        /// Whether the session that asks ends too.
        #[oai(default)]
        include_current: Query<bool>,
    ) -> Result<NoContent, Refusal> {
        self.0
            .revoke_my_sessions(&bearer.0, include_current.0)
            .await?;
        Ok(NoContent::default())
    }

    /// End one of one's own sessions.
    ///
    /// It may be the one that asks. Other people's sessions are not found.
    #[oai(
        path = "/v1/me/sessions/:id",
        method = "delete",
        operation_id = "revokeMySession"
    )]
    async fn revoke(
        &self,
        bearer: Bearer,
        /// The session's identifier.
        id: Path<String>,
    ) -> Result<NoContent, Refusal> {
        let id = named(&id.0)?;
        self.0.revoke_my_session(&bearer.0, id).await?;
        Ok(NoContent::default())
    }
}

impl SessionPage {
    /// A page as it is answered to whoever asks, in the session `current` where it is in one.
    pub(super) fn new(page: Page<Session>, current: Option<SessionId>) -> Self {
        let next_cursor = next_cursor(&page, |last| last.id.to_string());
        let (total, item) = (total(&page), |session| SessionItem::new(session, current));
        Self {
            items: page.items.into_iter().map(item).collect(),
            next_cursor,
            total,
        }
    }
}

impl SessionItem {
    fn new(session: Session, current: Option<SessionId>) -> Self {
        Self {
            id: session.id.to_string(),
            current: Some(session.id) == current,
            client_id: session.client.to_string(),
            device: session.origin.label,
            address: session.origin.address.map(|address| address.to_string()),
            amr: session.authentication.methods,
            created_at: Moment(session.created_at),
            last_used_at: Moment(session.family.rotated_at),
            expires_at: Moment(session.family.idle_expires_at),
        }
    }
}
