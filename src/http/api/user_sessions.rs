//! `/v1/users/{id}/sessions`.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use crate::{
    auth::Auth,
    http::{
        answer::{Answer, NoContent},
        problem::Refusal,
    },
    model::id::SessionId,
};

use super::{
    Tag,
    administrator::{Administrator, UsersRead, UsersWrite},
    listing::{Cursor, PageSize, named, paging},
    sessions::SessionPage,
};

/// Lists and ends the sessions of users.
pub struct UserSessionsApi(pub(super) Arc<Auth>);

#[OpenApi(tag = "Tag::Users")]
impl UserSessionsApi {
    /// List a user's sessions.
    ///
    /// Living ones only, the newest first, a page at a time.
    #[oai(
        path = "/v1/users/:id/sessions",
        method = "get",
        operation_id = "listUserSessions"
    )]
    async fn list(
        &self,
        administrator: Administrator<UsersRead>,
        /// The user's identifier.
        id: Path<String>,
        /// Where to go on: the `next_cursor` of the page before.
        cursor: Query<Option<Cursor<SessionId>>>,
        /// How many to list at most.
        #[oai(default)]
        limit: Query<PageSize>,
    ) -> Result<Answer<SessionPage>, Refusal> {
        let paging = paging(cursor, limit);
        let page = self.0.user_sessions(named(&id.0)?, paging).await?;
        let current = administrator.credential.person().map(|me| me.claims.sid);
        Ok(Answer::new(SessionPage::new(page, current)))
    }

    /// End all of a user's sessions.
    ///
    /// Their refresh tokens are worthless at once, and this API refuses their access tokens;
    /// whoever verifies offline accepts those until they expire. The user can log in again:
    /// disable them, or set another password, where they must not. Refused where the user is
    /// granted more than the caller's credential includes.
    #[oai(
        path = "/v1/users/:id/sessions",
        method = "delete",
        operation_id = "revokeUserSessions"
    )]
    async fn revoke_all(
        &self,
        administrator: Administrator<UsersWrite>,
        /// The user's identifier.
        id: Path<String>,
    ) -> Result<NoContent, Refusal> {
        let (by, user) = (&administrator.authority, named(&id.0)?);
        self.0.revoke_user_sessions(by, user).await?;
        Ok(NoContent::default())
    }

    /// End one of a user's sessions.
    ///
    /// Refused where the user is granted more than the caller's credential includes.
    #[oai(
        path = "/v1/users/:id/sessions/:session_id",
        method = "delete",
        operation_id = "revokeUserSession"
    )]
    async fn revoke(
        &self,
        administrator: Administrator<UsersWrite>,
        /// The user's identifier.
        id: Path<String>,
        /// The session's identifier.
        session_id: Path<String>,
    ) -> Result<NoContent, Refusal> {
        let (by, user) = (&administrator.authority, named(&id.0)?);
        let session = named(&session_id.0)?;
        self.0.revoke_user_session(by, user, session).await?;
        Ok(NoContent::default())
    }
}
