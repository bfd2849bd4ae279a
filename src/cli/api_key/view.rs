//! How a key looks, to people and to scripts.

use serde_json::{Value, json};

use crate::{
    auth::api_keys::IssuedKey,
    cli::{admin::Admin, failure::Failure, output::pairs},
    model::{api_key::ApiKey, scope::Grant, time::Timestamp},
};

/// A key's text is shown here and never again.
pub(super) fn print_issued(admin: &Admin, issued: &IssuedKey) -> Result<(), Failure> {
    let now = admin.auth().present();
    let mut json = as_json(&issued.key, now);
    json["api_key"] = Value::from(issued.text.as_str());
    admin.out.print(&json, || {
        let (text, key) = (issued.text.as_str(), as_text(&issued.key, now));
        format!("{key}api key     {text}   (shown only now)\n")
    })
}

impl Admin {
    /// Prints a key.
    pub(super) fn print_key(&self, key: &ApiKey) -> Result<(), Failure> {
        let now = self.auth().present();
        self.out.print(&as_json(key, now), || as_text(key, now))
    }
}

pub(super) fn as_json(key: &ApiKey, now: Timestamp) -> Value {
    let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
    json!({
        "id": key.id.to_string(),
        "name": key.name.as_str(),
        "owner_id": key.owner.map(|owner| owner.to_string()),
        "display_prefix": key.display_prefix,
        "state": key.state(now).as_str(),
        "scopes": key.scopes.iter().map(Grant::as_str).collect::<Vec<_>>(),
        "audience": key.audiences,
        "read_only": key.read_only,
        "addresses": addresses(key),
        "metadata": key.metadata.as_object(),
        "expires_at": moment(key.expires_at),
        "last_used_at": moment(key.last_used_at),
        "created_at": key.created_at.to_string(),
        "created_by": key.created_by.map(|user| user.to_string()),
        "rotated_at": moment(key.rotated_at),
        "revoked_at": moment(key.revoked_at),
    })
}

fn as_text(key: &ApiKey, now: Timestamp) -> String {
    let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
    pairs(&[
        ("id", key.id.to_string()),
        ("name", key.name.to_string()),
        ("owner", owner(key)),
        ("prefix", key.display_prefix.clone()),
        ("state", key.state(now).as_str().to_owned()),
        ("scopes", key.scopes.to_string()),
        ("audience", key.audiences.join(" ")),
        ("read only", key.read_only.to_string()),
        ("addresses", addresses(key).join(" ")),
        ("metadata", key.metadata.to_text()),
        ("expires", expires(key)),
        ("last used", moment(key.last_used_at).unwrap_or_default()),
        ("created", key.created_at.to_string()),
        ("rotated", moment(key.rotated_at).unwrap_or_default()),
        ("revoked", moment(key.revoked_at).unwrap_or_default()),
    ])
}

/// What a list tells of a key.
pub(super) fn row(key: &ApiKey, now: Timestamp) -> [String; 7] {
    let used = key.last_used_at.map(|moment| moment.to_string());
    [
        key.id.to_string(),
        key.name.to_string(),
        key.display_prefix.clone(),
        owner(key),
        key.state(now).as_str().to_owned(),
        expires(key),
        used.unwrap_or_default(),
    ]
}

fn owner(key: &ApiKey) -> String {
    key.owner
        .map_or_else(|| "a service".to_owned(), |owner| owner.to_string())
}

fn addresses(key: &ApiKey) -> Vec<String> {
    key.addresses.iter().map(ToString::to_string).collect()
}

fn expires(key: &ApiKey) -> String {
    key.expires_at
        .map_or_else(|| "never".to_owned(), |end| end.to_string())
}
