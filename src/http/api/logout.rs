//! `POST /v1/auth/logout`.

use std::sync::Arc;

use poem::Request;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

use crate::{
    auth::{Auth, logout::Logout},
    http::{
        answer::{NoContent, WithCookie},
        body::Body,
        cookie, csrf,
        problem::{Code, Refusal},
        secret::Secret,
    },
};

use super::{Tag, cookie_scheme::CookieScheme, principal::MaybeBearer};

/// Logs out.
pub struct LogoutApi(pub(super) Arc<Auth>);

/// What to log out. An empty object logs out by access token or by cookie.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct LogoutGrant {
    /// A refresh token of the session, spent or not.
    refresh_token: Option<Secret>,
    /// The client whose cookie is meant; the default first-party client where absent.
    client_id: Option<String>,
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
        bearer: MaybeBearer<'_>,
        _cookie: CookieScheme,
        body: Body<LogoutGrant>,
    ) -> Result<WithCookie<NoContent>, Refusal> {
        let Body(grant) = body;
        match (bearer.0, &grant.refresh_token) {
            (Some(_), Some(_)) => Err(Refusal::new(Code::MultipleCredentials)),
            (Some(token), None) => self.end(Logout::AccessToken(token)).await,
            (None, Some(token)) => self.end(Logout::RefreshToken(token.expose())).await,
            (None, None) => self.by_cookie(request, grant.client_id.as_deref()).await,
        }
    }
}

impl LogoutApi {
    async fn end(&self, with: Logout<'_>) -> Result<WithCookie<NoContent>, Refusal> {
        self.0.logout(with).await?;
        Ok(WithCookie(NoContent::default()))
    }

    async fn by_cookie(
        &self,
        request: &Request,
        client: Option<&str>,
    ) -> Result<WithCookie<NoContent>, Refusal> {
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
        let domain = self.0.terms().cookie_domain.as_deref();
        let beside = cookie::find(request.headers(), cookie::session_name(domain));
        let beside = (!matches!(beside, Ok(None))).then(|| cookie::clear_session(domain));
        let cleared = [cookie::clear_refresh(&id), beside.flatten()];
        let cleared = cleared.into_iter().flatten();
        Ok(WithCookie(
            cleared.fold(NoContent::default(), NoContent::cookie),
        ))
    }
}
