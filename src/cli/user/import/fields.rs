//! What the lines of all forms come to: an arrival, or the field at fault.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::access;
use crate::auth::import::Arrival;

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: u64,
}

/// One user of a file.
pub(super) struct Entry {
    pub(super) place: Place,
    pub(super) found: Result<Found, Refusal>,
}

/// A user, and what of the line does not come along.
pub(super) struct Found {
    pub(super) arrival: Arrival,
    /// Grants that the line says are not granted.
    pub(super) not_granted: Vec<String>,
    /// Fields that Signet has no place for.
    pub(super) ignored: Vec<String>,
}

/// Why a line is refused. Never with a password or its hash in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) field: &'static str,
    pub(super) reason: String,
}

impl Refusal {
    pub(super) fn new(field: &'static str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { field, reason }
    }

    /// The line cannot be understood at all.
    pub(super) fn line(reason: impl Into<String>) -> Self {
        Self::new("line", reason)
    }
}

/// The names of the fields, in CSV's heading and as JSON's members.
pub(super) const FIELDS: [&str; 5] = ["username", "email", "grants", "disabled", "password_hash"];

/// Reads the fields as we name them. Another name is a typing error.
pub(super) fn own(mut object: Map<String, Value>) -> Result<Found, Refusal> {
    if let Some(unknown) = object.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        let known = FIELDS.join(", ");
        return Err(Refusal::line(format!(
            "there is no field {unknown:?}; there are {known}"
        )));
    }
    let username = text(&mut object, "username", "username")?;
    let (grants, not_granted) = access::grants(object.remove("grants").unwrap_or_default())?;
    let arrival = Arrival {
        username: username.ok_or_else(|| Refusal::new("username", "it is missing"))?,
        email: text(&mut object, "email", "email")?,
        grants,
        disabled: disabled(&object.remove("disabled").unwrap_or_default())?,
        password_hash: hash(text(&mut object, "password_hash", "password_hash")?),
    };
    Ok(Found {
        arrival,
        not_granted,
        ignored: Vec::new(),
    })
}

/// Takes a text out; empty counts as absent.
pub(super) fn text(
    object: &mut Map<String, Value>,
    name: &str,
    field: &'static str,
) -> Result<Option<String>, Refusal> {
    match object.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(_) => Err(Refusal::new(field, "it is no text")),
    }
}

/// `!` in front marks a password that cannot be used, in Django and in /etc/shadow.
pub(super) fn hash(text: Option<String>) -> Option<Zeroizing<String>> {
    text.map(Zeroizing::new)
        .filter(|text| !text.starts_with('!'))
}

fn disabled(value: &Value) -> Result<bool, Refusal> {
    access::truth(value).ok_or_else(|| Refusal::new("disabled", "it is neither true nor false"))
}
