//! How a gateway is told that a request may pass, and who asks.

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::auth::verify::{Identity, Passed};
use crate::model::forward::FieldName;

/// What the headers are called, and what they say of methods.
pub struct Names {
    /// How the caller has proven who they are.
    pub method: HeaderName,
    /// When the credential expires.
    pub expires: HeaderName,
    /// The identifier of the access token, API key or session.
    pub token_id: HeaderName,
    /// The user's identifier.
    pub user_id: HeaderName,
    /// The username.
    pub username: HeaderName,
    /// What the caller may do.
    pub scopes: HeaderName,
    /// The signed token that says all this.
    pub token: HeaderName,
    /// What methods are called, by their kind; by that itself where they are not listed.
    pub methods: Vec<(&'static str, String)>,
}

/// The name of a header, as the wire has it.
#[must_use]
pub fn header_name(name: &FieldName) -> HeaderName {
    // Letters, digits and `-` are a name always.
    HeaderName::from_bytes(name.as_str().as_bytes())
        .unwrap_or(HeaderName::from_static("x-auth-unnamed"))
}

/// The headers of a request that may pass: every one of them, always. A gateway that copies them
/// so overwrites whatever a client sent under their names. With a token, that alone tells who asks.
pub(super) fn identity_headers(names: &Names, passed: Option<&Passed>) -> HeaderMap {
    let identity = passed.filter(|passed| passed.token.is_none());
    let identity = identity.map(|passed| &passed.identity);
    let token = passed.and_then(|passed| passed.token.as_deref());
    let text = |of: &dyn Fn(&Identity) -> Option<String>| value(identity.and_then(of));
    let scopes = |identity: &Identity| {
        let scopes = identity.scopes.iter().map(|scope| encoded(scope.as_str()));
        scopes.collect::<Vec<_>>().join(" ")
    };
    let user = |identity: &Identity| identity.user.clone();
    [
        (
            &names.method,
            text(&|one| Some(encoded(names.of_method(one.kind)))),
        ),
        (
            &names.expires,
            text(&|one| one.expires_at.map(|end| end.to_string())),
        ),
        (
            &names.token_id,
            text(&|one| one.token_id.as_deref().map(encoded)),
        ),
        (
            &names.user_id,
            text(&|one| user(one).map(|(id, _)| id.to_string())),
        ),
        (
            &names.username,
            text(&|one| user(one).map(|(_, name)| encoded(name.as_str()))),
        ),
        (&names.scopes, text(&|one| Some(scopes(one)))),
        (&names.token, value(token.map(str::to_owned))),
    ]
    .into_iter()
    .map(|(name, value)| (name.clone(), value))
    .collect()
}

impl Names {
    fn of_method<'n>(&'n self, kind: &'n str) -> &'n str {
        let named = self.methods.iter().find(|(known, _)| *known == kind);
        named.map_or(kind, |(_, name)| name)
    }
}

/// Empty where there is nothing to say. What is written here is visible ASCII.
fn value(text: Option<String>) -> HeaderValue {
    let value = HeaderValue::try_from(text.unwrap_or_default());
    value.unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Percent-encoded (RFC 3986 §2.1): visible ASCII stays as it is, but for `%`.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_visible_ascii() {
        assert_eq!(encoded("ada"), "ada");
        assert_eq!(encoded("jürgen"), "j%C3%BCrgen");
        assert_eq!(encoded("50%\r\nX: y"), "50%25%0D%0AX:%20y");
    }
}
