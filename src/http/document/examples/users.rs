//! Users, as administrators see and change them.

use serde_json::{Value, json};

use super::{Request, USER};

pub(super) fn requests(schema: &str) -> &'static [Request] {
    match schema {
        "UserCreation" => &[("user", "A user who can log in", || {
            json!({
                "username": "ada",
                "email": "ada@example.com",
                "password": "several words, unrelated",
                "grants": ["pages.read"],
            })
        })],
        "UserUpdate" => &[(
            "names",
            "Another name, and no address",
            || json!({ "username": "ada.lovelace", "remove_email": true }),
        )],
        "GrantChange" => &[(
            "grants",
            "A scope and a pattern",
            || json!({ "grants": ["pages.read", "pages.*"] }),
        )],
        "UserPassword" => &[(
            "password",
            "Another password",
            || json!({ "password": "several words, unrelated" }),
        )],
        _ => &[],
    }
}

pub(super) fn answer(schema: &str) -> Option<Value> {
    match schema {
        "User" => Some(user()),
        "UserPage" => Some(json!({ "items": [user()], "total": 1 })),
        _ => None,
    }
}

fn user() -> Value {
    json!({
        "id": USER,
        "username": "ada",
        "email": "ada@example.com",
        "grants": ["pages.read"],
        "created_at": "2026-01-05T08:30:00Z",
    })
}
