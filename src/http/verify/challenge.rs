//! What a refused request is told to present: every 401 lists all that the rule takes (RFC 9110
//! §11.6.1), in one field, since some gateways pass on one alone.

use http::{HeaderValue, header};

use crate::http::cookie;
use crate::http::problem::{Code, Refusal};
use crate::model::forward::{Accept, Rule};

const REALM: &str = "realm=\"signet\"";

/// The refusal, with the challenges of the rule in place of those of our own API.
pub(super) fn with(refusal: Refusal, rule: &Rule, cookie_domain: Option<&str>) -> Refusal {
    let error = match refusal.code() {
        Code::InsufficientScope => {
            let needed = rule.needs();
            format!(", error=\"insufficient_scope\", scope=\"{needed}\"")
        }
        Code::InvalidAccessToken
        | Code::InvalidApiKey
        | Code::ApiKeyExpired
        | Code::ApiKeyRevoked
        | Code::ApiKeyDisabled
        | Code::OwnerDisabled => ", error=\"invalid_token\"".to_owned(),
        code if code.status() == http::StatusCode::UNAUTHORIZED => String::new(),
        _ => return refusal,
    };
    let refusal = match refusal.code() {
        Code::CredentialMissing | Code::UnsupportedAuthScheme => {
            refusal.because("Present one of what the header WWW-Authenticate lists.")
        }
        _ => refusal,
    };
    let mut challenges: Vec<String> = Vec::new();
    for accept in &rule.accept {
        let challenge = match accept {
            Accept::BearerJwt | Accept::BearerApiKey => format!("Bearer {REALM}{error}"),
            Accept::Keyword(keyword) => format!("{keyword} {REALM}"),
            Accept::Header(name) => format!("Api-Key {REALM}, header=\"{name}\""),
            Accept::Query(name) => format!("Api-Key {REALM}, query=\"{name}\""),
            Accept::Basic => format!("Basic {REALM}, charset=\"UTF-8\""),
            Accept::SessionCookie => {
                format!(
                    "Cookie {REALM}, cookie-name=\"{}\"",
                    cookie::session_name(cookie_domain)
                )
            }
        };
        if !challenges.contains(&challenge) {
            challenges.push(challenge);
        }
    }
    if challenges.is_empty() {
        challenges.push(format!("Bearer {REALM}{error}"));
    }
    match HeaderValue::try_from(challenges.join(", ")) {
        Ok(value) => refusal.instead(header::WWW_AUTHENTICATE, value),
        Err(_) => refusal,
    }
}
