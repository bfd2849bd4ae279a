//! The registry of scopes.

use serde_json::{Value, json};

use super::Request;

pub(super) fn requests(schema: &str) -> &'static [Request] {
    match schema {
        "ScopeCreation" => &[(
            "scope",
            "A scope of yours",
            || json!({ "name": "pages.publish", "description": "Publish pages." }),
        )],
        _ => &[],
    }
}

pub(super) fn answer(schema: &str) -> Option<Value> {
    let example = match schema {
        "Scope" => registered(),
        "ScopePage" => json!({
            "items": [
                registered(),
                {
                    "name": "signet.users.read",
                    "description": "See users and their sessions.",
                    "built_in": true,
                },
            ],
            "total": 2,
        }),
        _ => return None,
    };
    Some(example)
}

fn registered() -> Value {
    json!({
        "name": "pages.publish",
        "description": "Publish pages.",
        "built_in": false,
        "created_at": "2026-01-05T08:30:00Z",
    })
}
