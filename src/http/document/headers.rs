//! The headers of answers: named by the answers' own types, put into words here, once.

use serde_json::{Map, Value, json};

/// What each header says, and its type.
const WORDS: [(&str, &str, &str); 15] = [
    (
        "X-Request-Id",
        "Names this request in the server's log.",
        "string",
    ),
    (
        "Cache-Control",
        "`no-store`, but for the public documents: those say how long they may be kept (RFC 9111).",
        "string",
    ),
    (
        "ETag",
        "The document's strong validator, for `If-None-Match` (RFC 9110 section 8.8.3).",
        "string",
    ),
    (
        "Set-Cookie",
        "Sets or clears the refresh cookie `__Host-signet_refresh-CLIENT`, where the token travels \
         in one: `HttpOnly`, `Secure`, `SameSite=Strict`; and the session cookie \
         `__Host-signet_session` of forward-auth, which is `SameSite=Lax`.",
        "string",
    ),
    (
        "WWW-Authenticate",
        "Which credential is wanted (RFC 6750 section 3).",
        "string",
    ),
    ("Retry-After", "When to come back, in seconds.", "integer"),
    ("RateLimit-Policy", "The quota and its window.", "string"),
    ("RateLimit", "What remains of it.", "string"),
    (
        "X-Auth-Method",
        "How the caller has proven who they are. The names of these headers are configurable; each \
         is empty where there is nothing to say, as of a request that needs no credential.",
        "string",
    ),
    (
        "X-Auth-Expires",
        "When the credential expires (RFC 3339).",
        "string",
    ),
    (
        "X-Auth-Token-Id",
        "The identifier of the access token, API key or session.",
        "string",
    ),
    ("X-Auth-User-Id", "The user's identifier.", "string"),
    (
        "X-Auth-Username",
        "The username, percent-encoded.",
        "string",
    ),
    (
        "X-Auth-Scopes",
        "What the caller may do, space-separated.",
        "string",
    ),
    (
        "X-Auth-Jwt",
        "A token that is signed for the application and says all this, where the rule asks for one; \
         the others are empty then.",
        "string",
    ),
];
/// What every answer carries.
const EVERYWHERE: [&str; 2] = ["X-Request-Id", "Cache-Control"];

/// All of them, for the document's components.
pub(super) fn all() -> Value {
    let headers = WORDS.iter().map(|(name, description, kind)| {
        let schema = match *kind {
            "integer" => json!({ "type": kind, "format": "int32" }),
            _ => json!({ "type": kind }),
        };
        let header = json!({ "description": description, "schema": schema });
        ((*name).to_owned(), header)
    });
    headers.collect::<Map<_, _>>().into()
}

/// Names the headers of an operation's answers as the standards write them (poem-openapi shouts:
/// `RETRY-AFTER`), refers to their words, and adds those that every answer carries.
pub(super) fn mend(operation: &mut Value) {
    let responses = operation["responses"].as_object_mut().into_iter();
    for response in responses.flat_map(|responses| responses.values_mut()) {
        let named = response.get("headers").and_then(Value::as_object);
        let own: Vec<&str> = WORDS
            .iter()
            .map(|(name, ..)| *name)
            .filter(|name| {
                EVERYWHERE.contains(name)
                    || named.is_some_and(|named| {
                        named.keys().any(|other| other.eq_ignore_ascii_case(name))
                    })
            })
            .collect();
        response["headers"] = own
            .into_iter()
            .map(|name| (name.to_owned(), reference(name)))
            .collect::<Map<_, _>>()
            .into();
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}
