//! Points in time in answers: RFC 3339, in UTC.

use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::inline_type::string_type;
use crate::model::time::Timestamp;

/// A point in time, documented as `date-time`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(pub Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

string_type!(Moment, "date-time");

/// Only for `Object`, which wants it: no request has one.
impl ParseFromJSON for Moment {
    fn parse_from_json(_value: Option<Value>) -> ParseResult<Self> {
        Err(ParseError::custom("moments are read only"))
    }
}

impl ToJSON for Moment {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.0.to_string()))
    }
}
