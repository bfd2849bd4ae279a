//! The errors of the OAuth endpoints: RFC 6749 §5.2, and RFC 6750 §3.1 where a credential is
//! presented.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use poem::Response;
use poem_openapi::Object;
use serde::Serialize;

use super::{Code, FieldError, Refusal};

/// An error of an OAuth endpoint (RFC 6749 §5.2).
#[derive(Object, Serialize)]
pub struct OAuthError {
    /// The error, as RFC 6749, 6750 and 8693 name it.
    pub error: String,
    /// What to do about it, for people.
    pub error_description: String,
    /// Names this request in the server's log.
    pub request_id: String,
}

/// Whether what is under this path answers in this shape.
#[must_use]
pub fn answers_at(path: &str) -> bool {
    path.starts_with("/oauth/")
}

/// The status and the error of a code.
#[must_use]
pub const fn of(code: Code) -> (StatusCode, &'static str) {
    use StatusCode as S;
    match code {
        Code::CredentialMissing
        | Code::UnsupportedAuthScheme
        | Code::InvalidClient
        | Code::InvalidCredentials => (S::UNAUTHORIZED, "invalid_client"),
        Code::InvalidAccessToken
        | Code::InvalidApiKey
        | Code::ApiKeyExpired
        | Code::ApiKeyRevoked
        | Code::ApiKeyDisabled
        | Code::OwnerDisabled => (S::UNAUTHORIZED, "invalid_token"),
        Code::InsufficientScope => (S::FORBIDDEN, "insufficient_scope"),
        Code::NoRule
        | Code::WouldEscalate
        | Code::ApiKeyReadOnly
        | Code::AddressNotAllowed
        | Code::ReauthenticationRequired
        | Code::CsrfRefused => (S::FORBIDDEN, "access_denied"),
        Code::InvalidRefreshToken | Code::SessionEnded => (S::BAD_REQUEST, "invalid_grant"),
        Code::MalformedBody
        | Code::MalformedRequest
        | Code::MultipleCredentials
        | Code::DuplicateParameter
        | Code::TokenTooLarge
        | Code::UnsupportedMediaType
        | Code::ValidationFailed => (S::BAD_REQUEST, "invalid_request"),
        Code::NotFound
        | Code::MethodNotAllowed
        | Code::RequestTimeout
        | Code::Conflict
        | Code::UsernameTaken
        | Code::EmailTaken
        | Code::TooManySessions
        | Code::ApiKeyExists
        | Code::BodyTooLarge => (code.status(), "invalid_request"),
        Code::Throttled | Code::Unavailable => (code.status(), "temporarily_unavailable"),
        Code::InternalError => (code.status(), "server_error"),
    }
}

/// The errors that a wrong parameter may have; any other is `invalid_request`.
const OF_PARAMETERS: [&str; 6] = [
    "invalid_scope",
    "invalid_target",
    "invalid_grant",
    "unsupported_grant_type",
    "unauthorized_client",
    "unsupported_token_type",
];

impl OAuthError {
    /// Shapes a refusal of the request `request_id`.
    #[must_use]
    pub fn response(refusal: Refusal, request_id: &str) -> Response {
        let (status, error) = of(refusal.code());
        let detail = refusal.detail().to_owned();
        let more = refusal.into_more();
        let wrong = more.errors.into_iter().next();
        let named = |wrong: &FieldError| {
            let mut names = OF_PARAMETERS.into_iter();
            names.find(|name| *name == wrong.code)
        };
        let body = Self {
            error: wrong.as_ref().and_then(named).unwrap_or(error).to_owned(),
            error_description: wrong.map_or(detail, |wrong| {
                let name = wrong.pointer.trim_start_matches('/');
                let detail = wrong.detail;
                match name {
                    "" => detail,
                    name => format!("{name}: {detail}"),
                }
            }),
            request_id: request_id.to_owned(),
        };
        // Strings only: this cannot fail, and an empty body would still be an error.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::builder().status(status).body(Bytes::from(body));
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        let challenged = status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN;
        let told = more
            .headers
            .into_iter()
            .filter(|(name, _)| challenged || name != header::WWW_AUTHENTICATE);
        for (name, value) in told {
            headers.append(name, value);
        }
        response
    }
}
