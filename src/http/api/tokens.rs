//! The answer of a login and of a refresh, in its two ways of delivery.

use http::header;
use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};

use crate::{
    auth::issue::Tokens,
    http::{
        answer::{Answer, WithCookie},
        cookie,
        problem::{Code, Refusal},
    },
};

use super::failure::seconds;

/// How the refresh token travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum, Deserialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(super) enum Delivery {
    /// In the answer's body: for applications that keep secrets themselves.
    #[default]
    Body,
    /// In a cookie that scripts cannot read: for pages in a browser.
    Cookie,
    /// The same, and a session cookie beside it: for applications behind a gateway.
    CookieAndSession,
}

/// An access token and, where it travels in the body, the refresh token beside it.
#[derive(Object, Serialize)]
pub(super) struct TokenPair {
    /// The access token: a signed JWT (RFC 9068). Send it as `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer` (RFC 6750).
    token_type: String,
    /// How long the access token is valid, in seconds.
    expires_in: i64,
    /// The refresh token. Absent where it was delivered as a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// What the access token allows, space-separated; empty where it allows nothing.
    scope: String,
    /// The session, as in the access token's `sid`.
    session_id: String,
    /// How long the session can last at most, in seconds.
    session_expires_in: i64,
}

/// Shapes `tokens` for their delivery.
pub(super) fn deliver(
    tokens: Tokens,
    delivery: Delivery,
    cookie_domain: Option<&str>,
) -> Result<WithCookie<Answer<TokenPair>>, Refusal> {
    let session_cookie = tokens.session_cookie.as_ref().and_then(|value| {
        cookie::set_session(value, tokens.session_expires_in.as_secs(), cookie_domain)
    });
    let age = tokens.session_expires_in.as_secs();
    let (refresh_token, cookie) = match delivery {
        Delivery::Body => (Some(tokens.refresh_token), None),
        Delivery::Cookie | Delivery::CookieAndSession => {
            let client = tokens.client.to_string();
            let cookie = cookie::set_refresh(&client, &tokens.refresh_token, age)
                .ok_or_else(|| Refusal::new(Code::InternalError).caused_by("cookie too large"))?;
            (None, Some(cookie))
        }
    };
    let pair = TokenPair {
        access_token: tokens.access_token,
        token_type: "Bearer".to_owned(),
        expires_in: whole(seconds(tokens.expires_in)),
        refresh_token,
        scope: tokens.scope.to_string(),
        session_id: tokens.session.to_string(),
        session_expires_in: whole(age),
    };
    let cookies = cookie.into_iter().chain(session_cookie);
    Ok(WithCookie(
        cookies.fold(Answer::new(pair), |answer, cookie| {
            answer.header(header::SET_COOKIE, cookie)
        }),
    ))
}

fn whole(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
