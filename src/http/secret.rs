//! Text in a body that must not be seen again: passwords and refresh tokens.

use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use zeroize::Zeroizing;

use super::inline_type::string_type;

/// A secret from a request: not printed, not written out, wiped when dropped.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text, to hand on to the one verb that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

string_type!(Secret, "password");

/// Only for `Object`, which counts its characters where the schema has bounds.
impl AsRef<str> for Secret {
    fn as_ref(&self) -> &str {
        self.expose()
    }
}

/// Only for `Object`, which wants it; bodies are read by serde.
impl ParseFromJSON for Secret {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(Value::String(text)) => Ok(Self(Zeroizing::new(text))),
            _ => Err(ParseError::custom("a string is expected")),
        }
    }
}

/// Never written out.
impl ToJSON for Secret {
    fn to_json(&self) -> Option<Value> {
        None
    }
}
