//! What is said of credentials.

use serde_json::{Value, json};

use super::{Request, USER};

pub(super) fn requests(schema: &str) -> &'static [Request] {
    match schema {
        "IntrospectionBatch" => &[(
            "two",
            "An access token and an API key",
            || json!({ "tokens": ["eyJ\u{2026}", "signet_ak_1\u{2026}"] }),
        )],
        "IntrospectionRequest" => &[(
            "key",
            "An API key",
            || json!({ "token": "signet_ak_1\u{2026}" }),
        )],
        _ => &[],
    }
}

pub(super) fn answer(schema: &str) -> Option<Value> {
    match schema {
        "TokenIntrospection" => Some(active()),
        "IntrospectionResults" => Some(json!({ "results": [active(), { "active": false }] })),
        _ => None,
    }
}

fn active() -> Value {
    json!({
        "active": true,
        "iss": "http://localhost:8080",
        "sub": USER,
        "username": "ada",
        "aud": "http://localhost:8080",
        "scope": "pages.read",
        "exp": 1_767_605_700,
        "iat": 1_767_605_400,
        "jti": "key_01981d30-4c1e-7b52-9f6a-7d0e2c4b8a15",
        "token_type": "api_key",
        "name": "CI pipeline",
        "read_only": false,
        "addresses": [],
        "metadata": {},
    })
}
