//! The stable codes of refusals: the one table from code to status and words.

use http::StatusCode;

/// Why a request was refused: the member `code` of every problem. docs/errors.md lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The body is not JSON, not UTF-8, or not there.
    MalformedBody,
    /// A header, parameter or cookie makes no sense.
    MalformedRequest,
    /// More than one credential was presented.
    MultipleCredentials,
    /// A query parameter was given twice.
    DuplicateParameter,
    /// The access token would be larger than resource servers accept.
    TokenTooLarge,
    /// No credential was presented.
    CredentialMissing,
    /// The `Authorization` scheme is not one that this route takes.
    UnsupportedAuthScheme,
    /// Username and password do not match, whatever the reason.
    InvalidCredentials,
    /// The client is unknown or disabled, or its secret is wrong or missing.
    InvalidClient,
    /// The access token is expired, revoked, forged, or meant for somebody else.
    InvalidAccessToken,
    /// The API key is not one of ours.
    InvalidApiKey,
    /// The API key's time is over.
    ApiKeyExpired,
    /// The API key was ended for good.
    ApiKeyRevoked,
    /// The API key does not count until it is enabled again.
    ApiKeyDisabled,
    /// The API key's owner does not count.
    OwnerDisabled,
    /// The refresh token is not one of ours, or not one of this client's.
    InvalidRefreshToken,
    /// The session behind the refresh token is over; `reason` says why.
    SessionEnded,
    /// The credential lacks a scope; `scopes` names what is needed.
    InsufficientScope,
    /// The one acted upon holds more than the caller's credential includes.
    WouldEscalate,
    /// The API key may only read.
    ApiKeyReadOnly,
    /// The API key may not be used from the caller's address.
    AddressNotAllowed,
    /// No rule of forward-auth covers the request.
    NoRule,
    /// The current password, asked for again, is wrong or missing.
    ReauthenticationRequired,
    /// A cookie request did not prove that the application's own page sent it.
    CsrfRefused,
    /// There is nothing under this path, or nothing that this caller may see.
    NotFound,
    /// The path exists, but not with this method; `Allow` names those it has.
    MethodNotAllowed,
    /// The request or its body took too long to arrive.
    RequestTimeout,
    /// The request contradicts the current state.
    Conflict,
    /// Somebody logs in with this username.
    UsernameTaken,
    /// Somebody logs in with this e-mail address.
    EmailTaken,
    /// The login is right, but the user has as many sessions as they may have.
    TooManySessions,
    /// There is a key of this name; `api_key_id` names it.
    ApiKeyExists,
    /// The body is larger than the limit.
    BodyTooLarge,
    /// The body is not of the media type that this route takes.
    UnsupportedMediaType,
    /// The body is JSON, but some of its fields are wrong; `errors` names each.
    ValidationFailed,
    /// Too many attempts; `Retry-After` says when to come back.
    Throttled,
    /// Our own fault.
    InternalError,
    /// Something we depend on is away or busy; `Retry-After` says when to come back.
    Unavailable,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The code as callers see it.
    pub name: &'static str,
    /// The status that it is answered with.
    pub status: StatusCode,
    /// What happened, for people; never changes for one code.
    pub title: &'static str,
    /// What to do next, unless the refusal has something more exact to say.
    pub detail: &'static str,
}

const fn row(
    status: StatusCode,
    name: &'static str,
    title: &'static str,
    detail: &'static str,
) -> Row {
    Row {
        name,
        status,
        title,
        detail,
    }
}

impl Code {
    /// Every code, in the order of the table.
    pub const ALL: [Self; 38] = [
        Self::MalformedBody,
        Self::MalformedRequest,
        Self::MultipleCredentials,
        Self::DuplicateParameter,
        Self::TokenTooLarge,
        Self::CredentialMissing,
        Self::UnsupportedAuthScheme,
        Self::InvalidCredentials,
        Self::InvalidClient,
        Self::InvalidAccessToken,
        Self::InvalidApiKey,
        Self::ApiKeyExpired,
        Self::ApiKeyRevoked,
        Self::ApiKeyDisabled,
        Self::OwnerDisabled,
        Self::InvalidRefreshToken,
        Self::SessionEnded,
        Self::InsufficientScope,
        Self::WouldEscalate,
        Self::ApiKeyReadOnly,
        Self::AddressNotAllowed,
        Self::NoRule,
        Self::ReauthenticationRequired,
        Self::CsrfRefused,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::Conflict,
        Self::UsernameTaken,
        Self::EmailTaken,
        Self::TooManySessions,
        Self::ApiKeyExists,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::ValidationFailed,
        Self::Throttled,
        Self::InternalError,
        Self::Unavailable,
    ];

    /// The status that this code is answered with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.row().status
    }

    /// The member `type` of the problem. RL-03: being throttled has a registered type.
    #[must_use]
    pub fn type_uri(self) -> String {
        match self {
            Self::Throttled => {
                "https://iana.org/assignments/http-problem-types#quota-exceeded".to_owned()
            }
            other => format!("urn:signet:problem:{}", other.row().name),
        }
    }

    /// The code's row of the table.
    #[must_use]
    #[rustfmt::skip] // one code, one row
    pub const fn row(self) -> Row {
        use StatusCode as S;
        match self {
            Self::MalformedBody => row(S::BAD_REQUEST, "malformed_body", "The body is not valid JSON", "Send one JSON object, encoded as UTF-8."),
            Self::MalformedRequest => row(S::BAD_REQUEST, "malformed_request", "The request is malformed", "Compare the request with the API description at /openapi.json."),
            Self::MultipleCredentials => row(S::BAD_REQUEST, "multiple_credentials", "More than one credential", "Present exactly one credential per request."),
            Self::DuplicateParameter => row(S::BAD_REQUEST, "duplicate_parameter", "A parameter was given twice", "Give each query parameter at most once."),
            Self::TokenTooLarge => row(S::BAD_REQUEST, "token_too_large", "The access token would be too large", "Ask for fewer scopes or audiences."),
            Self::CredentialMissing => row(S::UNAUTHORIZED, "credential_missing", "A credential is needed", "Send an access token as `Authorization: Bearer <token>`."),
            Self::UnsupportedAuthScheme => row(S::UNAUTHORIZED, "unsupported_auth_scheme", "The authorization scheme is not supported", "Send an access token as `Authorization: Bearer <token>`."),
            Self::InvalidCredentials => row(S::UNAUTHORIZED, "invalid_credentials", "The login was refused", "Check username and password, then try again."),
            Self::InvalidClient => row(S::UNAUTHORIZED, "invalid_client", "The client is not authenticated", "Check the client's identifier and its secret."),
            Self::InvalidAccessToken => row(S::UNAUTHORIZED, "invalid_access_token", "The access token is not valid", "Get a new access token by refreshing the session, or log in again."),
            Self::InvalidApiKey => row(S::UNAUTHORIZED, "invalid_api_key", "The API key is not valid", "Use a key that this server has made, whole and as it was shown."),
            Self::ApiKeyExpired => row(S::UNAUTHORIZED, "api_key_expired", "The API key has expired", "Rotate the key, or create another."),
            Self::ApiKeyRevoked => row(S::UNAUTHORIZED, "api_key_revoked", "The API key is revoked", "Create another key; a revoked one never counts again."),
            Self::ApiKeyDisabled => row(S::UNAUTHORIZED, "api_key_disabled", "The API key is disabled", "Ask an administrator to enable it again."),
            Self::OwnerDisabled => row(S::UNAUTHORIZED, "owner_disabled", "The owner of the API key is disabled", "Ask an administrator to enable the owner, or use a key of somebody else."),
            Self::InvalidRefreshToken => row(S::UNAUTHORIZED, "invalid_refresh_token", "The refresh token is not valid", "Log in again. If the token belongs to another client, name that client."),
            Self::SessionEnded => row(S::UNAUTHORIZED, "session_ended", "The session has ended", "Log in again."),
            Self::InsufficientScope => row(S::FORBIDDEN, "insufficient_scope", "A scope is missing", "Use a credential that has the scopes named in `scopes`."),
            Self::WouldEscalate => row(S::FORBIDDEN, "would_escalate", "The user is granted more than your credential includes", "Use a credential whose scopes include all that the user is granted."),
            Self::ApiKeyReadOnly => row(S::FORBIDDEN, "api_key_read_only", "The API key may only read", "Use a key that may write."),
            Self::AddressNotAllowed => row(S::FORBIDDEN, "address_not_allowed", "The API key may not be used from this address", "Use it from one of the networks that it is bound to, or have them changed."),
            Self::NoRule => row(S::FORBIDDEN, "no_rule", "No rule lets this request pass", "The operator decides in verify.rules which hosts, paths and methods may pass, and with what."),
            Self::ReauthenticationRequired => row(S::FORBIDDEN, "reauthentication_required", "The current password is needed", "Send the right current password as `current_password`; you are still logged in."),
            Self::CsrfRefused => row(S::FORBIDDEN, "csrf_refused", "The request did not come from a registered page", "Send `X-Signet-Request: 1` from a page whose origin is registered for the client. Outside a browser log in with delivery \"body\" and send refresh_token in the body."),
            Self::NotFound => row(S::NOT_FOUND, "not_found", "Not found", "Check the path and the identifiers in it; /openapi.json lists every route."),
            Self::MethodNotAllowed => row(S::METHOD_NOT_ALLOWED, "method_not_allowed", "The method is not allowed here", "Use one of the methods named in the header Allow."),
            Self::RequestTimeout => row(S::REQUEST_TIMEOUT, "request_timeout", "The request took too long to arrive", "Send the whole request without pausing, then try again."),
            Self::Conflict => row(S::CONFLICT, "conflict", "The request conflicts with the current state", "Read the current state, then try again."),
            Self::UsernameTaken => row(S::CONFLICT, "username_taken", "The username is taken", "Choose another username."),
            Self::EmailTaken => row(S::CONFLICT, "email_taken", "The e-mail address is taken", "Choose another address, or none."),
            Self::TooManySessions => row(S::CONFLICT, "too_many_sessions", "The user has too many sessions", "Log out elsewhere, or have an administrator end a session, then log in again."),
            Self::ApiKeyExists => row(S::CONFLICT, "api_key_exists", "There is an API key of this name", "Rotate the key that `api_key_id` names, or choose another name; its text is not kept and cannot be shown again."),
            Self::BodyTooLarge => row(S::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large", "Send a smaller body; the usual limit is 64 KiB."),
            Self::UnsupportedMediaType => row(S::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The media type is not supported", "Send `Content-Type: application/json`."),
            Self::ValidationFailed => row(S::UNPROCESSABLE_ENTITY, "validation_failed", "Some fields are not valid", "Correct the fields named in `errors`."),
            Self::Throttled => row(S::TOO_MANY_REQUESTS, "throttled", "Too many attempts", "Wait for the number of seconds in Retry-After, then try again."),
            Self::InternalError => row(S::INTERNAL_SERVER_ERROR, "internal_error", "Something went wrong on our side", "Try again; if it persists, give the operator the request_id."),
            Self::Unavailable => row(S::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable", "Nothing is wrong with your credential. Try again after the number of seconds in Retry-After."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_each_code_once_and_advice_for_everybody() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.row().name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            let Row {
                status,
                detail,
                title,
                ..
            } = code.row();
            assert!(status.is_client_error() || status.is_server_error());
            assert!(detail.is_ascii() && title.is_ascii() && !detail.is_empty());
        }
    }
}
