//! `POST /oauth/revoke` (RFC 7009).

use std::sync::Arc;

use poem::Request;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;

use crate::{
    auth::Auth,
    http::{answer::Answer, api::caller, problem::Refusal},
};

use super::{Tag, client, form::Form};

/// Revokes tokens.
pub struct RevokeTokenApi(pub(super) Arc<Auth>);

/// What to revoke.
#[derive(Object)]
pub(super) struct RevocationRequest {
    /// A refresh token, or an access token of a session: the session ends.
    #[oai(validator(min_length = 1))]
    token: String,
    /// What it may be; not looked at, since each kind can be told by itself.
    token_type_hint: Option<String>,
    /// The client, unless it is named by Basic.
    client_id: Option<String>,
    /// The secret of a confidential client, unless it is sent by Basic.
    client_secret: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`, beside `client_assertion`.
    client_assertion_type: Option<String>,
    /// A JWT of the client, signed with a key that it has registered (RFC 7523 section 2.2).
    client_assertion: Option<String>,
}

/// Nothing more is to be said.
#[derive(Object, Serialize)]
pub(super) struct Revoked {}

#[OpenApi(tag = "Tag::OAuth")]
impl RevokeTokenApi {
    /// Revoke a token.
    ///
    /// RFC 7009. The session that it belongs to ends, and with it all its tokens. A token that
    /// counts no more, or that nobody knows, is 200 too; the token of another client is refused.
    #[oai(path = "/oauth/revoke", method = "post", operation_id = "revokeToken")]
    async fn revoke(
        &self,
        request: &Request,
        form: Form<RevocationRequest>,
    ) -> Result<Answer<Revoked>, Refusal> {
        form.each_once(&["token_type_hint"])?;
        let token = form.required("token")?;
        let client = client::of(&self.0, request, &form, &caller(request)).await?;
        self.0.revoke_token(&client, token).await?;
        Ok(Answer::new(Revoked {}))
    }
}
