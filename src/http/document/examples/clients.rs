//! Clients.

use serde_json::{Value, json};

use super::{CLIENT, Request};

pub(super) fn requests(schema: &str) -> &'static [Request] {
    match schema {
        "ClientCreation" => &[
            (
                "page",
                "Pages that log users in",
                || json!({ "kind": "public", "name": "Web", "origins": ["https://app.example.com"] }),
            ),
            ("service", "A server that acts for itself", || {
                json!({
                    "kind": "confidential", "name": "Nightly export", "scopes": ["pages.read"],
                    "audiences": ["https://api.example.com"], "access_lifetime": 600,
                })
            }),
            ("keys", "A server that proves itself by a key", || {
                json!({
                    "kind": "confidential", "name": "Sync", "scopes": ["pages.read"],
                    "jwks": { "keys": [{
                        "kty": "OKP", "crv": "Ed25519", "kid": "2026-01",
                        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                    }] },
                })
            }),
        ],
        "ClientUpdate" => &[("page", "A further origin", || {
            json!({
                "name": "Web",
                "origins": ["https://app.example.com", "https://beta.example.com"],
                "claims": { "tenant": "acme" },
            })
        })],
        "ClientSecretRotation" => &[(
            "overlap",
            "The older secret counts for a day",
            || json!({ "overlap": 86400 }),
        )],
        _ => &[],
    }
}

pub(super) fn answer(schema: &str) -> Option<Value> {
    let example = match schema {
        "Client" => client(),
        "IssuedClient" => json!({
            "client_secret": "signet_cs_…",
            "client": client(),
        }),
        "ClientPage" => json!({ "items": [client()], "total": 1 }),
        _ => return None,
    };
    Some(example)
}

fn client() -> Value {
    json!({
        "id": CLIENT,
        "kind": "confidential",
        "name": "Nightly export",
        "origins": [],
        "grant_types": ["client_credentials"],
        "scopes": ["pages.read"],
        "audiences": ["https://api.example.com"],
        "resources": [],
        "access_lifetime": 600,
        "keys_for_passwords": false,
        "refresh_introspection": false,
        "typ": "at+jwt",
        "created_at": "2026-01-05T08:30:00Z",
    })
}
