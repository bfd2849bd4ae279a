//! API keys.

use serde_json::{Value, json};

use super::{Request, USER};

const KEY: &str = "key_01981d30-4c1e-7b52-9f6a-7d0e2c4b8a15";
const TEXT: &str = "signet_ak_1\u{2026}";

pub(super) fn requests(schema: &str) -> &'static [Request] {
    match schema {
        "ApiKeyCreation" => &[
            (
                "key",
                "For thirty days, with what you may do",
                || json!({ "name": "CI pipeline", "current_password": "the one that signet demo printed" }),
            ),
            ("narrow", "Read only, from one network, for a day", || {
                json!({
                    "name": "nightly export",
                    "scopes": ["pages.read"],
                    "read_only": true,
                    "addresses": ["192.0.2.0/24"],
                    "metadata": { "project": "apollo" },
                    "expires_in": 86_400,
                    "current_password": "the one that signet demo printed",
                })
            }),
        ],
        "ApiKeyCreationFor" => &[(
            "service",
            "For a service",
            || json!({ "key": { "name": "nightly export", "scopes": ["pages.read"] } }),
        )],
        "ApiKeyUpdate" => &[(
            "narrower",
            "Less than before",
            || json!({ "name": "CI pipeline, staging", "read_only": true }),
        )],
        "ApiKeyRotation" => &[(
            "overlap",
            "The older secret counts for an hour",
            || json!({ "overlap": 3600, "current_password": "the one that signet demo printed" }),
        )],
        "PasswordForKey" => &[("key", "A key for a script", || {
            json!({
                "username": "demo",
                "password": "the one that signet demo printed",
                "name": "laptop",
            })
        })],
        _ => &[],
    }
}

pub(super) fn answer(schema: &str) -> Option<Value> {
    let example = match schema {
        "ApiKey" => key(),
        "IssuedApiKey" => json!({ "api_key": TEXT, "key": key() }),
        "ApiKeyPage" => json!({ "items": [key()], "total": 1 }),
        "KeyForPassword" => json!({
            "id": KEY,
            "api_key": TEXT,
            "username": "demo",
            "user_id": USER,
            "created_at": "2026-01-05T08:30:00Z",
            "expires_at": "2026-02-04T08:30:00Z",
        }),
        _ => return None,
    };
    Some(example)
}

fn key() -> Value {
    json!({
        "id": KEY,
        "name": "CI pipeline",
        "owner_id": USER,
        "display_prefix": "signet_ak_1Ab3dE9xK",
        "state": "active",
        "scopes": ["pages.read"],
        "audience": [],
        "read_only": false,
        "addresses": [],
        "metadata": { "project": "apollo" },
        "expires_at": "2026-02-04T08:30:00Z",
        "created_at": "2026-01-05T08:30:00Z",
        "created_by": USER,
    })
}
