//! The claims of an access token (RFC 9068 §2.2).

use serde::{Deserialize, Serialize};

use super::{
    id::{ClientId, SessionId, TokenId, UserId},
    scope::Scopes,
};

/// What an access token says. Members stand in the order in which they are signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Who issued it (RFC 7519 §4.1.1).
    pub iss: String,
    /// Whom it speaks of (RFC 7519 §4.1.2).
    pub sub: UserId,
    /// Whom it is for (RFC 7519 §4.1.3).
    pub aud: Audience,
    /// The client that it was issued to (RFC 8693 §4.3).
    pub client_id: ClientId,
    /// When it was issued, in seconds, never ahead of the clock.
    pub iat: i64,
    /// When it expires, in seconds.
    pub exp: i64,
    /// Its own identifier.
    pub jti: TokenId,
    /// What it allows, space-separated (RFC 8693 §4.2); absent where it allows nothing.
    #[serde(
        default,
        with = "scope_string",
        skip_serializing_if = "Scopes::is_empty"
    )]
    pub scope: Scopes,
    /// The session that it belongs to (OpenID Connect Front-Channel Logout §3).
    pub sid: SessionId,
    /// When the user proved who they are, in seconds (OpenID Connect Core §2).
    pub auth_time: i64,
    /// How (RFC 8176).
    pub amr: Vec<String>,
}

/// Whom a token is for: a string when it is one, an array when there are several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// A single audience.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Audience {
    /// Whether `audience` is among them, byte for byte.
    #[must_use]
    pub fn contains(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

impl From<Vec<String>> for Audience {
    fn from(mut many: Vec<String>) -> Self {
        match (many.pop(), many.is_empty()) {
            (Some(one), true) => Self::One(one),
            (last, _) => {
                many.extend(last);
                Self::Many(many)
            }
        }
    }
}

mod scope_string {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    use super::Scopes;

    pub(super) fn serialize<S: Serializer>(scopes: &Scopes, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(scopes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Scopes, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_audience_is_a_string() {
        assert_eq!(Audience::from(vec!["a".into()]), Audience::One("a".into()));
        let two = Audience::from(vec!["a".into(), "b".into()]);
        assert_eq!(serde_json::to_string(&two).unwrap(), r#"["a","b"]"#);
        assert!(two.contains("b") && !two.contains("ab"));
    }
}
