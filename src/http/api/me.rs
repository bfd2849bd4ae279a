//! `GET /v1/me`.

use std::sync::Arc;

use poem_openapi::{Object, OpenApi};
use serde::Serialize;

use crate::{
    auth::Auth,
    http::{answer::Answer, moment::Moment, problem::Refusal},
};

use super::{Tag, principal::Bearer};

/// Tells the caller who they are.
pub struct MeApi(pub(super) Arc<Auth>);

/// The caller.
#[derive(Object, Serialize)]
pub(super) struct Me {
    /// The stable identifier, as in the access token's `sub`.
    id: String,
    /// The username.
    username: String,
    /// The e-mail address, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// What the presented access token allows, space-separated.
    scope: String,
    /// The session that the presented access token belongs to.
    session_id: String,
    /// The client that the session belongs to.
    client_id: String,
    /// When the caller was created.
    created_at: Moment,
}

#[OpenApi(tag = "Tag::Me")]
impl MeApi {
    /// Tell who the caller is.
    ///
    /// Needs an access token whose audience is this API. Answers from what is stored now, so a
    /// session that has ended is refused here at once.
    #[oai(path = "/v1/me", method = "get", operation_id = "getMe")]
    async fn me(&self, bearer: Bearer) -> Result<Answer<Me>, Refusal> {
        let Bearer(principal) = bearer;
        let user = self.0.me(&principal).await?;
        Ok(Answer::new(Me {
            id: user.id.to_string(),
            username: user.username.to_string(),
            email: user.email.map(|email| email.to_string()),
            scope: principal.claims.scope.to_string(),
            session_id: principal.claims.sid.to_string(),
            client_id: principal.claims.client_id.to_string(),
            created_at: Moment(user.created_at),
        }))
    }
}
