//! The error answers of each operation.
//!
//! Explicit statuses, one schema: a `default` answer or a range breaks generators. Both media
//! types are listed because some know only the first; what is sent is the second.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Codes, examples, scopes};
use crate::http::problem::{Code, MEDIA_TYPE, Row, oauth};

const WITH_ANY: &[Code] = &[
    Code::MalformedRequest,
    Code::DuplicateParameter,
    Code::InternalError,
    Code::Unavailable,
];
const WITH_BODY: &[Code] = &[
    Code::MalformedBody,
    Code::RequestTimeout,
    Code::BodyTooLarge,
    Code::UnsupportedMediaType,
    Code::ValidationFailed,
];
const WITH_CREDENTIAL: &[Code] = &[
    Code::MultipleCredentials,
    Code::CredentialMissing,
    Code::UnsupportedAuthScheme,
    Code::InvalidAccessToken,
];

/// Whoever needs a scope may present a key.
const WITH_SCOPE: &[Code] = &[
    Code::InvalidApiKey,
    Code::ApiKeyExpired,
    Code::ApiKeyRevoked,
    Code::ApiKeyDisabled,
    Code::OwnerDisabled,
    Code::AddressNotAllowed,
    Code::InsufficientScope,
];

/// Adds the error answers of one operation, in the order of their statuses.
pub(super) fn add(operation: &mut Value, codes: Codes) {
    let own = operation["operationId"].as_str().map_or(&[][..], codes);
    let is_oauth = operation["tags"][0] == "OAuth";
    let mut by_status: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for code in Code::ALL {
        if own.contains(&code) || follows(operation, code) {
            let mut row = code.row();
            if is_oauth {
                (row.status, row.name) = oauth::of(code);
            }
            let status = row.status.as_u16().to_string();
            by_status.entry(status).or_default().push(row);
        }
    }
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    responses.extend(by_status.into_iter().map(|(status, rows)| {
        let response = if is_oauth {
            oauth_response(&rows)
        } else {
            response(&rows)
        };
        (status, response)
    }));
}

/// Whether a code follows from what the operation takes.
fn follows(operation: &Value, code: Code) -> bool {
    let takes = |location: &str| {
        let parameters = operation["parameters"].as_array();
        parameters.is_some_and(|all| all.iter().any(|parameter| parameter["in"] == location))
    };
    WITH_ANY.contains(&code)
        || (WITH_BODY.contains(&code) && operation.get("requestBody").is_some())
        || (WITH_CREDENTIAL.contains(&code) && names_bearer(operation))
        || (WITH_SCOPE.contains(&code) && scopes::is_needed(operation))
        || (code == Code::ApiKeyReadOnly && scopes::writes(operation))
        || (code == Code::NotFound && takes("path"))
}

fn names_bearer(operation: &Value) -> bool {
    let schemes = operation["security"].as_array();
    schemes.is_some_and(|all| all.iter().any(|scheme| scheme.get("bearerAuth").is_some()))
}

fn response(rows: &[Row]) -> Value {
    let lines: Vec<_> = rows
        .iter()
        .map(|row| format!("`{}`: {}.", row.name, row.title))
        .collect();
    let media = json!({
        "schema": { "$ref": "#/components/schemas/Problem" },
        "examples": examples::references(rows),
    });
    let mut response = json!({
        "description": lines.join(" "),
        "content": { "application/json": media, MEDIA_TYPE: media },
    });
    response["headers"] = rows
        .iter()
        .flat_map(headers)
        .map(|name| (name.to_owned(), json!({})))
        .collect::<Map<_, _>>()
        .into();
    response
}

/// The error of an OAuth endpoint.
fn oauth_response(rows: &[Row]) -> Value {
    let mut lines: Vec<_> = rows
        .iter()
        .map(|row| format!("`{}`: {}.", row.name, row.title))
        .collect();
    lines.dedup();
    let example = rows.first().map(|row| {
        json!({
            "error": row.name,
            "error_description": row.detail,
            "request_id": "460dcd3279b7ac8876d6f90928218a72",
        })
    });
    let mut response = json!({
        "description": lines.join(" "),
        "content": { "application/json": {
            "schema": { "$ref": "#/components/schemas/OAuthError" },
            "example": example,
        } },
    });
    response["headers"] = rows
        .iter()
        .flat_map(headers)
        .map(|name| (name.to_owned(), json!({})))
        .collect::<Map<_, _>>()
        .into();
    response
}

/// The headers that come with a code, beside those that come with every answer.
fn headers(row: &Row) -> impl Iterator<Item = &'static str> {
    let challenge = (row.status == StatusCode::UNAUTHORIZED).then_some("WWW-Authenticate");
    let own: &[_] = match row.name {
        "throttled" | "temporarily_unavailable" => {
            &["Retry-After", "RateLimit-Policy", "RateLimit"]
        }
        "unavailable" => &["Retry-After"],
        "invalid_credentials" => &["RateLimit-Policy", "RateLimit"],
        "insufficient_scope" => &["WWW-Authenticate"],
        // Clears the cookie of a session that is over.
        "session_ended" => &["Set-Cookie"],
        _ => &[],
    };
    challenge.into_iter().chain(own.iter().copied())
}
