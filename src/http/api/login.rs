//! `POST /v1/auth/login`.

use std::sync::Arc;

use poem::Request;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

use crate::{
    auth::{Auth, login::Login},
    http::{
        answer::{Answer, WithCookie},
        body::{Body, WITH_PASSWORD},
        cookie, csrf,
        problem::Refusal,
        secret::Secret,
    },
};

use super::{
    Tag,
    asking::asking,
    caller::caller,
    tokens::{Delivery, TokenPair, deliver},
};

/// Logs in.
pub struct LoginApi(pub(super) Arc<Auth>);

/// Who logs in, and for what.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    /// The username or e-mail address.
    #[oai(validator(min_length = 1, max_length = 254))]
    username: String,
    /// The password.
    #[oai(validator(min_length = 1, max_length = 1024))]
    password: Secret,
    /// The client; the default first-party client where absent. A confidential one authenticates by
    /// Basic.
    client_id: Option<String>,
    /// The scopes asked for, space-separated; everything granted but `signet.*` where absent.
    #[oai(validator(
        max_length = 2048,
        pattern = r"^([!#-\[\]-~]{1,128}( [!#-\[\]-~]{1,128})*)?$"
    ))]
    scope: Option<String>,
    /// Whom the access tokens are for; the configured audiences where absent.
    #[oai(validator(min_items = 1, min_length = 1))]
    audience: Option<Vec<String>>,
    /// How the refresh token travels: `body` (the default), `cookie`, or `cookie_and_session`: as
    /// `cookie`, with a session cookie beside it that forward-auth takes.
    #[serde(default)]
    #[oai(default)]
    delivery: Delivery,
}

#[OpenApi(tag = "Tag::Sessions")]
impl LoginApi {
    /// Log in with username and password.
    ///
    /// Opens a session and issues its first tokens. This is the first-party session API, not
    /// OAuth's `password` grant (RFC 9700 §2.4). Unknown names, wrong passwords and disabled users
    /// get one and the same refusal. With a delivery by cookie the request needs the header
    /// `X-Signet-Request: 1` and an origin that the client has registered. The body has 4 KiB at most.
    #[oai(path = "/v1/auth/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        request: &Request,
        body: Body<Credentials, WITH_PASSWORD>,
    ) -> Result<WithCookie<Answer<TokenPair>>, Refusal> {
        let Body(credentials) = body;
        let asking = asking(&self.0, request, credentials.client_id.as_deref()).await?;
        let cookie = match (credentials.delivery, self.0.client_of(&asking)) {
            (Delivery::Cookie | Delivery::CookieAndSession, Some(client)) => {
                csrf::check(request.headers(), &client.origins)?;
                cookie::find(
                    request.headers(),
                    &cookie::refresh_name(&client.id.to_string()),
                )?
            }
            _ => None,
        };
        let login = Login {
            name: &credentials.username,
            password: credentials.password.expose(),
            client: asking,
            scope: credentials.scope.as_deref(),
            audience: credentials.audience.as_deref().unwrap_or_default(),
            replaces: cookie,
            session_cookie: credentials.delivery == Delivery::CookieAndSession,
            caller: &caller(request),
        };
        let tokens = self.0.login(login).await?;
        let domain = self.0.terms().cookie_domain.as_deref();
        deliver(tokens, credentials.delivery, domain)
    }
}
