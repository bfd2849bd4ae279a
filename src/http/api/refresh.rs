//! `POST /v1/auth/refresh`.

use std::sync::Arc;

use http::header;
use poem::Request;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

use crate::{
    auth::{Auth, AuthError, refresh::Refresh},
    http::{
        answer::{Answer, WithCookie},
        body::Body,
        cookie, csrf,
        problem::{Code, Refusal},
        secret::Secret,
    },
};

use super::{
    Tag,
    asking::asking,
    cookie_scheme::CookieScheme,
    tokens::{Delivery, TokenPair, deliver},
};

/// Refreshes.
pub struct RefreshApi(pub(super) Arc<Auth>);

/// What to refresh. An empty object refreshes by cookie.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshGrant {
    /// The refresh token; the one in the client's cookie where absent.
    refresh_token: Option<Secret>,
    /// The client; the default first-party client where absent. A confidential one authenticates by
    /// Basic.
    client_id: Option<String>,
    /// Fewer scopes for this access token than the session has, space-separated.
    #[oai(validator(
        max_length = 2048,
        pattern = r"^([!#-\[\]-~]{1,128}( [!#-\[\]-~]{1,128})*)?$"
    ))]
    scope: Option<String>,
}

#[OpenApi(tag = "Tag::Sessions")]
impl RefreshApi {
    /// Exchange a refresh token for new tokens.
    ///
    /// Each refresh token is used once: the answer holds its successor. A repetition within the
    /// reuse interval (a lost answer, a second tab) gets the same successor again; a later one
    /// ends the session. The answer travels as the token did: in the body, or as a cookie, which
    /// needs `X-Signet-Request: 1` and a registered origin.
    #[oai(path = "/v1/auth/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(
        &self,
        request: &Request,
        _cookie: CookieScheme,
        body: Body<RefreshGrant>,
    ) -> Result<WithCookie<Answer<TokenPair>>, Refusal> {
        let Body(grant) = body;
        let asking = asking(&self.0, request, grant.client_id.as_deref()).await?;
        let scope = grant.scope.as_deref();
        if let Some(token) = &grant.refresh_token {
            let tokens = self
                .0
                .refresh(Refresh {
                    token: token.expose(),
                    client: asking,
                    scope,
                    audience: &[],
                })
                .await?;
            return deliver(tokens, Delivery::Body, None);
        }
        let known = self.0.client_of(&asking);
        let known = known.ok_or_else(|| Refusal::new(Code::InvalidRefreshToken))?;
        csrf::check(request.headers(), &known.origins)?;
        let id = known.id.to_string();
        let token = cookie::find(request.headers(), &cookie::refresh_name(&id))?
            .ok_or_else(|| Refusal::new(Code::CredentialMissing))?;
        match self
            .0
            .refresh(Refresh {
                token,
                client: asking,
                scope,
                audience: &[],
            })
            .await
        {
            Ok(tokens) => deliver(tokens, Delivery::Cookie, None),
            Err(error) => Err(cleared_where_over(error, &id)),
        }
    }
}

/// The refusal; with a cookie that clears the old one only where the session is proven over.
fn cleared_where_over(error: AuthError, client: &str) -> Refusal {
    let over = matches!(error, AuthError::SessionEnded(_));
    let refusal = Refusal::from(error);
    match cookie::clear_refresh(client).filter(|_| over) {
        Some(cookie) => refusal.header(header::SET_COOKIE, cookie),
        None => refusal,
    }
}
