//! The one error shape: RFC 9457 problem details with a stable `code`.
//!
//! Owns the shape on the wire ([`Problem`]), the table of codes ([`Code`]) and the value that
//! travels from wherever a request is refused to the edge ([`Refusal`]). It does not know which
//! failure of `auth` is which code: that match stands beside the operations.

mod code;
pub mod oauth;
mod quota;
mod refusal;

pub use code::{Code, Row};
pub use oauth::OAuthError;
pub use quota::Quota;
pub use refusal::{FieldError, Refusal};

use bytes::Bytes;
use http::{HeaderValue, header};
use poem::Response;
use poem_openapi::Object;
use serde::Serialize;

/// The media type of every error of the first-party API.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An error, as every route of this API answers it (RFC 9457).
#[derive(Object, Serialize)]
#[oai(skip_serializing_if_is_none)]
pub struct Problem {
    /// Identifies the kind of problem; `code` says the same in one word.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    pub type_uri: String,
    /// What happened, in words that are the same for every problem of this kind.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What to do about it.
    pub detail: String,
    /// The path of the request.
    pub instance: String,
    /// Stable and machine-readable: decide by this.
    pub code: String,
    /// Names this request in the server's log.
    pub request_id: String,
    /// One entry for each field that is wrong (code `validation_failed`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<FieldError>>,
    /// Why the session ended (code `session_ended`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The scopes that are needed (code `insufficient_scope`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// The key that has the name already (code `api_key_exists`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_id: Option<String>,
    /// The quota policies that are exhausted (code `throttled`).
    #[oai(rename = "violated-policies")]
    #[serde(rename = "violated-policies", skip_serializing_if = "Option::is_none")]
    pub violated_policies: Option<Vec<String>>,
}

/// Shapes a refusal of the request `request_id` to `path`, as the routes there do.
#[must_use]
pub fn shape(refusal: Refusal, path: &str, request_id: &str) -> Response {
    if oauth::answers_at(path) {
        OAuthError::response(refusal, request_id)
    } else {
        Problem::response(refusal, path, request_id)
    }
}

impl Problem {
    /// Shapes a refusal of the request `request_id` to `path`.
    #[must_use]
    pub fn response(refusal: Refusal, path: &str, request_id: &str) -> Response {
        let code = refusal.code();
        let row = code.row();
        let detail = refusal.detail().to_owned();
        let more = refusal.into_more();
        let problem = Self {
            type_uri: code.type_uri(),
            title: row.title.to_owned(),
            status: row.status.as_u16(),
            detail,
            instance: path.to_owned(),
            code: row.name.to_owned(),
            request_id: request_id.to_owned(),
            errors: (!more.errors.is_empty()).then_some(more.errors),
            reason: more.reason.map(str::to_owned),
            scopes: (!more.scopes.is_empty()).then_some(more.scopes),
            api_key_id: more.api_key_id,
            violated_policies: more.policy.map(|name| vec![name.to_owned()]),
        };
        // Strings and numbers only: this cannot fail, and an empty body would still be an error.
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = Response::builder()
            .status(row.status)
            .body(Bytes::from(body));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        for (name, value) in more.headers {
            headers.append(name, value);
        }
        response
    }
}
