//! `POST /oauth/token` (RFC 6749 §3.2).

use std::{sync::Arc, time::Duration};

use http::{HeaderValue, header};
use poem::Request;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;

use crate::{
    auth::{Auth, clients::Asking, refresh::Refresh},
    http::{
        answer::Answer,
        api::caller,
        problem::{Code, Refusal},
    },
    model::client::{Client, GrantType},
};

use super::{
    Tag, client,
    exchange::{self, exchange},
    form::Form,
};

/// Issues tokens.
pub struct TokenApi(pub(super) Arc<Auth>);

/// What may be asked for, by its grant type.
#[derive(Object)]
pub(super) struct TokenRequest {
    /// `refresh_token`, `client_credentials` or `urn:ietf:params:oauth:grant-type:token-exchange`.
    #[oai(validator(
        pattern = "^(refresh_token|client_credentials|urn:ietf:params:oauth:grant-type:token-exchange)$"
    ))]
    grant_type: String,
    /// The refresh token (`refresh_token`).
    refresh_token: Option<String>,
    /// The scopes asked for, space-separated: fewer than the session has, or than the client is
    /// allowed; all of them where absent.
    scope: Option<String>,
    /// Whom the token is for: of the session's, the client's or the key's audiences; all of them
    /// where absent (RFC 8707). It may be there several times.
    resource: Option<String>,
    /// Another name for `resource` (RFC 8693 section 2.1).
    audience: Option<String>,
    /// The API key (token exchange).
    subject_token: Option<String>,
    /// `urn:signet:token-type:api_key` (token exchange).
    subject_token_type: Option<String>,
    /// `urn:ietf:params:oauth:token-type:access_token`, or absent (token exchange).
    requested_token_type: Option<String>,
    /// The client, unless it is named by Basic.
    client_id: Option<String>,
    /// The secret of a confidential client, unless it is sent by Basic.
    client_secret: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`, beside `client_assertion`.
    client_assertion_type: Option<String>,
    /// A JWT of the client, signed with a key that it has registered (RFC 7523 section 2.2).
    client_assertion: Option<String>,
}

/// Tokens (RFC 6749 section 5.1).
#[derive(Object, Serialize)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct TokenResponse {
    /// The access token: a signed JWT (RFC 9068). Send it as `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer` (RFC 6750).
    token_type: String,
    /// How long the access token is valid, in seconds.
    expires_in: i64,
    /// The successor of the refresh token; a client has none for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// What the access token allows, space-separated; empty where it allows nothing.
    scope: String,
    /// `urn:ietf:params:oauth:token-type:access_token`, where a key was exchanged (RFC 8693 section
    /// 2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<String>,
}

#[OpenApi(tag = "Tag::OAuth")]
impl TokenApi {
    /// Get tokens.
    ///
    /// RFC 6749. A public client names itself by `client_id`; a confidential one authenticates by
    /// Basic, by `client_secret` in the body, or by `client_assertion` where it has keys (RFC 7523). Whoever holds an API key exchanges it for a short
    /// access token (RFC 8693), as the default client where none is named. `password` is not supported (RFC 9700 section 2.4).
    #[oai(path = "/oauth/token", method = "post", operation_id = "token")]
    async fn token(
        &self,
        request: &Request,
        form: Form<TokenRequest>,
    ) -> Result<Answer<TokenResponse>, Refusal> {
        let name = form.required("grant_type")?;
        let no_cache = HeaderValue::from_static("no-cache");
        if name == exchange::GRANT {
            let exchanged = exchange(&self.0, request, &form).await?;
            let response = TokenResponse {
                access_token: exchanged.access_token,
                token_type: "Bearer".to_owned(),
                expires_in: seconds(exchanged.expires_in),
                refresh_token: None,
                scope: exchanged.scope.to_string(),
                issued_token_type: Some(exchange::ACCESS_TOKEN.to_owned()),
            };
            return Ok(Answer::new(response).header(header::PRAGMA, no_cache));
        }
        form.each_once(&["scope", "refresh_token"])?;
        let unsupported = || {
            let detail = "Use refresh_token, client_credentials or token exchange.";
            Refusal::field("/grant_type", "unsupported_grant_type", detail)
        };
        let grant_type = GrantType::named(name).ok_or_else(unsupported)?;
        let client = client::of(&self.0, request, &form, &caller(request)).await?;
        if !client.may_use(grant_type) {
            let detail = "This client may not: see its grant_types.";
            return Err(Refusal::field("/grant_type", "unauthorized_client", detail));
        }
        let response = match grant_type {
            GrantType::RefreshToken => self.refresh(client, &form).await?,
            GrantType::ClientCredentials => self.for_itself(&client, &form)?,
        };
        Ok(Answer::new(response).header(header::PRAGMA, no_cache))
    }
}

impl TokenApi {
    async fn refresh(
        &self,
        client: Arc<Client>,
        form: &Form<TokenRequest>,
    ) -> Result<TokenResponse, Refusal> {
        let refresh = Refresh {
            token: form.required("refresh_token")?,
            client: Asking::Proven(client),
            scope: form.one("scope")?,
            audience: &audiences(form),
        };
        let tokens = self.0.refresh(refresh).await;
        let tokens = tokens.map_err(|error| alike(error.into()))?;
        Ok(TokenResponse {
            access_token: tokens.access_token,
            token_type: "Bearer".to_owned(),
            expires_in: seconds(tokens.expires_in),
            refresh_token: Some(tokens.refresh_token),
            scope: tokens.scope.to_string(),
            issued_token_type: None,
        })
    }

    fn for_itself(
        &self,
        client: &Client,
        form: &Form<TokenRequest>,
    ) -> Result<TokenResponse, Refusal> {
        let audience = audiences(form);
        let token = self.0.client_token(client, form.one("scope")?, &audience)?;
        Ok(TokenResponse {
            access_token: token.access_token,
            token_type: "Bearer".to_owned(),
            expires_in: seconds(token.expires_in),
            refresh_token: None,
            scope: token.scope.to_string(),
            issued_token_type: None,
        })
    }
}

/// Whom the token is to be for: `resource` (RFC 8707 §2) and `audience` (RFC 8693 §2.1) are two names
/// of it, and either may be there as often as needed.
pub(super) fn audiences(form: &Form<TokenRequest>) -> Vec<String> {
    let named = form.all("resource").chain(form.all("audience"));
    named.map(str::to_owned).collect()
}

/// Whatever a refresh token is refused for is one answer.
fn alike(refusal: Refusal) -> Refusal {
    match refusal.code() {
        Code::SessionEnded | Code::InvalidRefreshToken => {
            let detail = "The refresh token is unknown, expired, revoked, or another client's.";
            Refusal::field("", "invalid_grant", detail)
        }
        _ => refusal,
    }
}

fn seconds(length: Duration) -> i64 {
    i64::try_from(length.as_secs()).unwrap_or(i64::MAX)
}
