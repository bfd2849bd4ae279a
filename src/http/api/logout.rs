//! `POST /v1/auth/logout`.

use std::sync::Arc;

use poem::Request;
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Response};
use serde::Deserialize;

use crate::{
    auth::{Auth, logout::Logout},
    http::{
        bearer::Presented,
        body::Body,
        cookie, csrf,
        problem::{Code, Refusal},
    },
};

use super::{Tag, tokens::with_cookie};

/// Logs out.
pub struct LogoutApi(pub(super) Arc<Auth>);

/// What to log out. An empty object logs out by access token or by cookie.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct LogoutGrant {
    /// A refresh token of the session, spent or not.
    refresh_token: Option<String>,
    /// The client whose cookie is meant; the default first-party client where absent.
    client_id: Option<String>,
}

/// The answer without content.
#[derive(ApiResponse)]
pub(super) enum Done {
    /// Done; also where there was nothing left to do.
    #[oai(status = 204)]
    Done,
}

#[OpenApi(tag = "Tag::Sessions")]
impl LogoutApi {
    /// Log out: end the session.
    ///
    /// Takes an access token (`Authorization: Bearer`), a refresh token of any generation, or the
    /// client's cookie, which is cleared. The answer is the same whether or not the session was
    /// still alive.
    #[oai(path = "/v1/auth/logout", method = "post", operation_id = "logout")]
    async fn logout(
        &self,
        request: &Request,
        body: Body<LogoutGrant>,
    ) -> Result<Response<Done>, Refusal> {
        let Body(grant) = body;
        let access = Presented::find(request.headers())?;
        match (access, &grant.refresh_token) {
            (Some(_), Some(_)) => Err(Refusal::new(Code::MultipleCredentials)),
            (Some(token), None) => self.end(Logout::AccessToken(token.expose())).await,
            (None, Some(token)) => self.end(Logout::RefreshToken(token)).await,
            (None, None) => self.by_cookie(request, grant.client_id.as_deref()).await,
        }
    }
}

impl LogoutApi {
    async fn end(&self, with: Logout<'_>) -> Result<Response<Done>, Refusal> {
        self.0.logout(with).await?;
        Ok(Response::new(Done::Done))
    }

    async fn by_cookie(
        &self,
        request: &Request,
        client: Option<&str>,
    ) -> Result<Response<Done>, Refusal> {
        let client = self.0.client_named(client);
        let client = client.ok_or_else(|| Refusal::new(Code::CsrfRefused))?;
        let id = client.id.to_string();
        let token = cookie::find(request.headers(), &cookie::refresh_name(&id))?;
        if token.is_none() && !csrf::is_claimed(request.headers()) {
            return Err(Refusal::new(Code::CredentialMissing));
        }
        csrf::check(request.headers(), &client.origins)?;
        if let Some(token) = token {
            self.0.logout(Logout::RefreshToken(token)).await?;
        }
        Ok(with_cookie(
            Response::new(Done::Done),
            cookie::clear_refresh(&id),
        ))
    }
}
