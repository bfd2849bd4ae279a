//! What operations answer beyond the codes that follow from their bodies, parameters and security.

use super::problem::Code;

type Codes = &'static [Code];

/// What an operation answers beyond what follows from its description.
pub(super) fn codes(operation: &str) -> Codes {
    let subjects = [oauth, sessions, users, api_keys, introspection, gateways];
    let mut found = subjects.iter().map(|codes| codes(operation));
    found.find(|codes| !codes.is_empty()).unwrap_or(&[])
}

fn oauth(operation: &str) -> Codes {
    match operation {
        "token" => &[
            Code::InvalidClient,
            Code::MultipleCredentials,
            Code::InvalidRefreshToken,
            Code::TokenTooLarge,
            Code::Throttled,
        ],
        "revokeToken" => &[
            Code::InvalidClient,
            Code::MultipleCredentials,
            Code::Throttled,
        ],
        _ => &[],
    }
}

fn sessions(operation: &str) -> Codes {
    match operation {
        "login" => &[
            Code::MalformedRequest,
            Code::MultipleCredentials,
            Code::InvalidClient,
            Code::TokenTooLarge,
            Code::InvalidCredentials,
            Code::TooManySessions,
            Code::CsrfRefused,
            Code::Throttled,
        ],
        "refresh" => &[
            Code::MalformedRequest,
            Code::MultipleCredentials,
            Code::InvalidClient,
            Code::TokenTooLarge,
            Code::CredentialMissing,
            Code::InvalidRefreshToken,
            Code::SessionEnded,
            Code::CsrfRefused,
            Code::Throttled,
        ],
        "logout" => &[
            Code::MalformedRequest,
            Code::MultipleCredentials,
            Code::CredentialMissing,
            Code::UnsupportedAuthScheme,
            Code::InvalidAccessToken,
            Code::CsrfRefused,
        ],
        "changePassword" => &[
            Code::ReauthenticationRequired,
            Code::Conflict,
            Code::Throttled,
        ],
        _ => &[],
    }
}

fn introspection(operation: &str) -> Codes {
    match operation {
        "introspectToken" | "introspectTokens" => &[
            Code::InvalidClient,
            Code::InvalidApiKey,
            Code::ApiKeyExpired,
            Code::ApiKeyRevoked,
            Code::ApiKeyDisabled,
            Code::OwnerDisabled,
            Code::AddressNotAllowed,
            Code::Throttled,
        ],
        _ => &[],
    }
}

fn users(operation: &str) -> Codes {
    match operation {
        "createUser" => &[
            Code::WouldEscalate,
            Code::ReauthenticationRequired,
            Code::UsernameTaken,
            Code::EmailTaken,
            Code::Conflict,
            Code::Throttled,
        ],
        "updateUser" => &[
            Code::WouldEscalate,
            Code::UsernameTaken,
            Code::EmailTaken,
            Code::Conflict,
        ],
        "grantUser" | "ungrantUser" | "createClient" | "updateClient" | "rotateClientSecret" => &[
            Code::WouldEscalate,
            Code::ReauthenticationRequired,
            Code::Conflict,
            Code::Throttled,
        ],
        "setUserPassword" => &[
            Code::WouldEscalate,
            Code::ReauthenticationRequired,
            Code::Conflict,
        ],
        "disableUser" | "enableUser" | "deleteUser" | "disableClient" | "enableClient"
        | "deleteClient" => &[Code::WouldEscalate, Code::Conflict],
        "addScope" | "removeScope" | "revokeSigningKey" => &[Code::Conflict],
        "rotateSigningKey" => &[Code::NotFound, Code::Conflict],
        "revokeUserSessions" | "revokeUserSession" => &[Code::WouldEscalate],
        _ => &[],
    }
}

fn api_keys(operation: &str) -> Codes {
    match operation {
        "createMyApiKey" | "updateMyApiKey" | "rotateMyApiKey" => &[
            Code::WouldEscalate,
            Code::ReauthenticationRequired,
            Code::ApiKeyExists,
            Code::Conflict,
            Code::Throttled,
        ],
        "createApiKey" | "updateApiKey" | "rotateApiKey" => &[
            Code::NotFound,
            Code::WouldEscalate,
            Code::ReauthenticationRequired,
            Code::ApiKeyExists,
            Code::Conflict,
            Code::Throttled,
        ],
        "createApiKeyWithPassword" => &[
            Code::MalformedRequest,
            Code::MultipleCredentials,
            Code::InvalidClient,
            Code::InvalidCredentials,
            Code::WouldEscalate,
            Code::ApiKeyExists,
            Code::Conflict,
            Code::Throttled,
        ],
        "disableApiKey" | "enableApiKey" | "revokeApiKey" => &[Code::WouldEscalate],
        _ => &[],
    }
}

fn gateways(operation: &str) -> Codes {
    match operation {
        "verifyRequest" => &[
            Code::MultipleCredentials,
            Code::CredentialMissing,
            Code::UnsupportedAuthScheme,
            Code::InvalidCredentials,
            Code::InvalidAccessToken,
            Code::InvalidApiKey,
            Code::ApiKeyExpired,
            Code::ApiKeyRevoked,
            Code::ApiKeyDisabled,
            Code::OwnerDisabled,
            Code::SessionEnded,
            Code::InsufficientScope,
            Code::ApiKeyReadOnly,
            Code::AddressNotAllowed,
            Code::CsrfRefused,
            Code::NoRule,
            Code::Throttled,
        ],
        _ => &[],
    }
}
