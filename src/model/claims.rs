//! The claims of an access token (RFC 9068 §2.2).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    client_claims::ClientClaims,
    id::{ApiKeyId, ClientId, SessionId, TokenId, UserId},
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

/// What an access token says that an API key was exchanged for (RFC 8693 §4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyClaims {
    /// As in [`Claims`].
    pub iss: String,
    /// The owner of the key, or the key itself where it is a service's.
    pub sub: KeySubject,
    /// As in [`Claims`].
    pub aud: Audience,
    /// The client that asked for the exchange.
    pub client_id: ClientId,
    /// As in [`Claims`].
    pub iat: i64,
    /// As in [`Claims`]; never after the key's own end.
    pub exp: i64,
    /// As in [`Claims`].
    pub jti: TokenId,
    /// As in [`Claims`].
    #[serde(
        default,
        with = "scope_string",
        skip_serializing_if = "Scopes::is_empty"
    )]
    pub scope: Scopes,
    /// Who acts (RFC 8693 §4.1): the key.
    pub act: KeyActor,
}

/// Whom a key speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum KeySubject {
    /// Its owner.
    User(UserId),
    /// Itself: it is a service's.
    Key(ApiKeyId),
}

/// The key that acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyActor {
    /// Its identifier.
    pub sub: ApiKeyId,
}

/// What any access token of ours says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedClaims {
    /// One of a session.
    Session(Claims),
    /// One that an API key was exchanged for.
    Key(KeyClaims),
    /// One that a client got for itself.
    Client(ClientClaims),
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
        self.as_slice().iter().any(|one| one == audience)
    }

    /// All of them.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
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

pub(super) mod scope_string {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    use super::Scopes;

    pub(in crate::model) fn serialize<S: Serializer>(
        scopes: &Scopes,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(scopes)
    }

    pub(in crate::model) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Scopes, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for KeySubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => user.fmt(f),
            Self::Key(key) => key.fmt(f),
        }
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
