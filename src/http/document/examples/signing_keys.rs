//! Signing keys.

use serde_json::{Value, json};

use super::Request;

pub(super) fn requests(schema: &str) -> &'static [Request] {
    match schema {
        "RotateSigningKey" => &[
            ("default", "The key of the default algorithm", || json!({})),
            ("rsa", "The RSA key", || json!({ "alg": "RS256" })),
        ],
        _ => &[],
    }
}

pub(super) fn answer(schema: &str) -> Option<Value> {
    let example = match schema {
        "SigningKeyList" => json!({ "items": [active(), next()] }),
        "SigningKey" => active(),
        _ => return None,
    };
    Some(example)
}

fn active() -> Value {
    json!({
        "kid": "kzqYPqFQ5fWdXNkXlHEJ5d5i1lEw1kbAzZLcVmSG7uY",
        "alg": "ES256",
        "state": "active",
        "created_at": "2026-01-05T08:30:00Z",
        "published_at": "2026-01-05T08:30:00Z",
        "activated_at": "2026-02-04T08:30:00Z",
        "tokens_signed": 48213,
    })
}

fn next() -> Value {
    json!({
        "kid": "f1Hb4DZ5o5bLhC2m6rBv7cJ1K6w8m8l9x0yQk2n3p4s",
        "alg": "ES256",
        "state": "next",
        "created_at": "2026-02-04T08:30:00Z",
        "published_at": "2026-02-04T08:30:00Z",
        "ready_at": "2026-02-05T08:30:00Z",
        "tokens_signed": 0,
    })
}
