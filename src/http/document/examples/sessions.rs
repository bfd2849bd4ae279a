//! Logging in, and what people see of themselves.

use serde_json::{Value, json};

use super::{CLIENT, Request, SCOPE, SESSION, USER};

pub(super) fn requests(schema: &str) -> &'static [Request] {
    match schema {
        "Credentials" => &[
            (
                "password",
                "The refresh token in the answer",
                || json!({ "username": "demo", "password": "the one that signet demo printed" }),
            ),
            ("cookie", "The refresh token as a cookie, for pages", || {
                json!({
                    "username": "demo",
                    "password": "the one that signet demo printed",
                    "delivery": "cookie",
                })
            }),
        ],
        "RefreshGrant" => &[
            (
                "token",
                "By the token",
                || json!({ "refresh_token": "signet_rt_\u{2026}" }),
            ),
            ("cookie", "By the cookie", || json!({})),
        ],
        "LogoutGrant" => &[
            ("bearer", "By the access token, or by the cookie", || {
                json!({})
            }),
            (
                "token",
                "By the refresh token",
                || json!({ "refresh_token": "signet_rt_\u{2026}" }),
            ),
        ],
        "NewPassword" => &[("change", "Another password", || {
            json!({
                "current_password": "the one that signet demo printed",
                "new_password": "several words, unrelated",
            })
        })],
        _ => &[],
    }
}

pub(super) fn answer(schema: &str) -> Option<Value> {
    let example = match schema {
        "TokenPair" => json!({
            "access_token": "eyJ\u{2026}",
            "token_type": "Bearer",
            "expires_in": 300,
            "refresh_token": "signet_rt_\u{2026}",
            "scope": SCOPE,
            "session_id": SESSION,
            "session_expires_in": 7_776_000,
        }),
        "Me" => json!({
            "id": USER,
            "username": "demo",
            "scope": SCOPE,
            "session_id": SESSION,
            "client_id": CLIENT,
            "created_at": "2026-01-05T08:30:00Z",
        }),
        "SessionPage" => json!({
            "items": [{
                "id": SESSION,
                "current": true,
                "client_id": CLIENT,
                "device": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "address": "203.0.113.7",
                "amr": ["pwd"],
                "created_at": "2026-01-05T09:12:44Z",
                "last_used_at": "2026-01-07T17:03:10Z",
                "expires_at": "2026-01-21T17:03:10Z",
            }],
            "total": 1,
        }),
        _ => return None,
    };
    Some(example)
}
