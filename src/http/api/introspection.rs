//! What is said of a credential, on the wire (RFC 7662 §2.2).

use poem_openapi::{
    Object,
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    auth::introspect::{Introspection, Kind},
    http::json_object::JsonObject,
    model::{api_key::ApiKey, claims::Audience},
};

/// What is said of a credential. Of one that does not count, or not for the caller, nothing but
/// `active`.
#[derive(Object, Serialize, Default)]
#[oai(skip_serializing_if_is_none)]
pub(in crate::http) struct TokenIntrospection {
    /// Whether it counts, and may be shown to the caller.
    active: bool,
    /// Who has issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    /// Whom it speaks of: a user, or a key that is a service's.
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    /// The name that the user logs in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// Whom it is for: a string when it is one, an array when there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<OneOrMany>,
    /// The client that a token was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// What it allows now, space-separated.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// When it ends, in seconds; absent of a key that never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    /// When it was made, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    /// Its identifier; of an API key the key's.
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    /// `Bearer` for access tokens, `api_key` for API keys, `refresh_token` for refresh tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<String>,
    /// The session of a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    /// When the user proved who they are, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    /// How they did.
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<Vec<String>>,
    /// The key that an access token was exchanged for.
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<KeyThatActs>,
    /// What an API key is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Whether an API key may only read.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_only: Option<bool>,
    /// The networks that an API key may be used from.
    #[serde(skip_serializing_if = "Option::is_none")]
    addresses: Option<Vec<String>>,
    /// What is attached to the API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<JsonObject>,
}

/// Who acts (RFC 8693 §4.1).
#[derive(Object, Serialize)]
struct KeyThatActs {
    /// The key's identifier.
    sub: String,
}

impl From<Option<Introspection>> for TokenIntrospection {
    fn from(said: Option<Introspection>) -> Self {
        let Some(said) = said else {
            return Self::default();
        };
        let shown = Self {
            active: true,
            iss: Some(said.iss),
            sub: Some(said.sub),
            username: said.username,
            aud: said.aud.map(OneOrMany),
            client_id: said.client_id.map(|client| client.to_string()),
            scope: (!said.scope.is_empty()).then(|| said.scope.to_string()),
            exp: said.exp,
            iat: Some(said.iat),
            jti: said.jti,
            ..Self::default()
        };
        match said.kind {
            Kind::Session {
                sid,
                auth_time,
                amr,
            } => Self {
                token_type: Some("Bearer".to_owned()),
                sid: Some(sid.to_string()),
                auth_time: Some(auth_time),
                amr: Some(amr),
                ..shown
            },
            Kind::Refresh(session) => Self {
                token_type: Some("refresh_token".to_owned()),
                sid: Some(session.to_string()),
                ..shown
            },
            Kind::Derived(key) => Self {
                token_type: Some("Bearer".to_owned()),
                act: Some(KeyThatActs {
                    sub: key.id.to_string(),
                }),
                metadata: Some(metadata(&key)),
                ..shown
            },
            Kind::Client => Self {
                token_type: Some("Bearer".to_owned()),
                ..shown
            },
            Kind::ApiKey(key) => Self {
                token_type: Some("api_key".to_owned()),
                name: Some(key.name.to_string()),
                read_only: Some(key.read_only),
                addresses: Some(key.addresses.iter().map(ToString::to_string).collect()),
                metadata: Some(metadata(&key)),
                ..shown
            },
        }
    }
}

fn metadata(key: &ApiKey) -> JsonObject {
    JsonObject(key.metadata.as_object().clone())
}

/// An audience as the token has it.
#[derive(Serialize)]
#[serde(transparent)]
struct OneOrMany(Audience);

impl Type for OneOrMany {
    const IS_REQUIRED: bool = true;

    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> std::borrow::Cow<'static, str> {
        "audience".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::ANY))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

/// Only for `Object`, which wants it: nobody sends one.
impl ParseFromJSON for OneOrMany {
    fn parse_from_json(_value: Option<Value>) -> ParseResult<Self> {
        Err(ParseError::custom("this is an answer's"))
    }
}

impl ToJSON for OneOrMany {
    fn to_json(&self) -> Option<Value> {
        serde_json::to_value(&self.0).ok()
    }
}
