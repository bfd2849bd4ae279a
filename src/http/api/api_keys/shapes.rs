//! What requests say of keys, and how keys are answered.

use std::time::Duration;

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};

use crate::{
    auth::{
        api_keys::{Expiry, IssuedKey, KeyRotation, KeyWish},
        sessions::Page,
    },
    http::{
        api::listing::{next_cursor, total},
        json_object::JsonObject,
        moment::Moment,
        problem::Refusal,
        secret::Secret,
    },
    model::{
        api_key::{ApiKey, ApiKeyState},
        time::Timestamp,
    },
};

/// A key to create.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeyCreation {
    /// What it is called: once among one's keys that are not revoked.
    #[oai(validator(min_length = 1, max_length = 100))]
    pub name: String,
    /// Scopes and patterns of scopes such as `pages.*`. Where absent, what the credential that asks
    /// includes, but `signet.*`.
    #[oai(validator(max_items = 256))]
    pub scopes: Option<Vec<String>>,
    /// The resource servers that it is for; the configured audiences where absent.
    #[oai(validator(min_items = 1, max_items = 32))]
    pub audience: Option<Vec<String>>,
    /// Whether it may only read.
    #[serde(default)]
    #[oai(default)]
    pub read_only: bool,
    /// The addresses and networks that it may be used from; anywhere where absent.
    #[oai(validator(max_items = 32))]
    pub addresses: Option<Vec<String>>,
    /// Whatever belongs to it, 4 KiB at most; introspection returns it.
    pub metadata: Option<JsonObject>,
    /// How long it lives, in seconds; 30 days where absent, unless configured otherwise.
    #[oai(validator(minimum(value = "1"), maximum(value = "315360000")))]
    pub expires_in: Option<i64>,
    /// Whether it never expires, where that is allowed.
    #[serde(default)]
    #[oai(default)]
    pub never_expires: bool,
    /// The current password: needed unless the access token is for this API alone and the login
    /// was within the last five minutes.
    #[oai(validator(min_length = 1, max_length = 1024))]
    pub current_password: Option<Secret>,
}

/// What to change about a key; what is absent stays.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeyUpdate {
    /// What it is called.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: Option<String>,
    /// Scopes and patterns.
    #[oai(validator(max_items = 256))]
    scopes: Option<Vec<String>>,
    /// The resource servers that it is for; the configured audiences where empty.
    #[oai(validator(max_items = 32))]
    audience: Option<Vec<String>>,
    /// Whether it may only read.
    read_only: Option<bool>,
    /// The addresses and networks that it may be used from; anywhere where empty.
    #[oai(validator(max_items = 32))]
    addresses: Option<Vec<String>>,
    /// Whatever belongs to it.
    metadata: Option<JsonObject>,
    /// How long it lives from now on, in seconds.
    #[oai(validator(minimum(value = "1"), maximum(value = "315360000")))]
    expires_in: Option<i64>,
    /// Whether it never expires, where that is allowed.
    #[serde(default)]
    #[oai(default)]
    never_expires: bool,
    /// The current password: needed as for a new key, where the change lets the key do more, longer
    /// or from more places.
    #[oai(validator(min_length = 1, max_length = 1024))]
    pub current_password: Option<Secret>,
}

/// How to rotate a key.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeyRotation {
    /// For how many seconds the older secret counts still, 30 days at most.
    #[serde(default)]
    #[oai(default, validator(minimum(value = "0"), maximum(value = "2592000")))]
    overlap: i64,
    /// How long the key lives from now on, in seconds. Where absent, until it would have ended, or
    /// as long as a new one where it has.
    #[oai(validator(minimum(value = "1"), maximum(value = "315360000")))]
    expires_in: Option<i64>,
    /// Whether it never expires, where that is allowed.
    #[serde(default)]
    #[oai(default)]
    never_expires: bool,
    /// The current password: needed as for a new key.
    #[oai(validator(min_length = 1, max_length = 1024))]
    pub current_password: Option<Secret>,
}

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename = "ApiKeyState", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It can be used.
    Active,
    /// It cannot be used until it is enabled again.
    Disabled,
    /// Its time is over.
    Expired,
    /// It was ended for good.
    Revoked,
}

/// An API key without its secret.
#[derive(Object, Serialize)]
#[oai(rename = "ApiKey")]
pub(super) struct ApiKeyItem {
    /// Its identifier; a rotation keeps it.
    pub id: String,
    /// What it is called.
    name: String,
    /// The user whose key it is; absent of a service's.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_id: Option<String>,
    /// The first characters of its text, by which people know it.
    display_prefix: String,
    /// Where it stands.
    state: State,
    /// Scopes and patterns: what it may do, as far as its owner is granted it.
    scopes: Vec<String>,
    /// The resource servers that it is for; empty where they are the configured ones.
    audience: Vec<String>,
    /// Whether it may only read.
    read_only: bool,
    /// The networks that it may be used from; empty where that is anywhere.
    addresses: Vec<String>,
    /// Whatever belongs to it.
    metadata: JsonObject,
    /// When it expires; absent where it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Moment>,
    /// When it was last used, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Moment>,
    /// When it was created.
    created_at: Moment,
    /// The user who created it; absent where the operator did.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    /// When its secret was last replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    rotated_at: Option<Moment>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Moment>,
}

/// An API key and its text, which is shown only now.
#[derive(Object, Serialize)]
pub(super) struct IssuedApiKey {
    /// The key's text: send it as `Authorization: Bearer` or `Authorization: Api-Key`. It cannot be
    /// shown again.
    api_key: String,
    /// What is known of it.
    key: ApiKeyItem,
}

/// Some keys.
#[derive(Object, Serialize)]
pub(super) struct ApiKeyPage {
    /// The keys, the newest first.
    items: Vec<ApiKeyItem>,
    /// What to pass as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// How many there are in all.
    total: i64,
}

impl ApiKeyCreation {
    /// What it asks for.
    pub(super) fn wish(&mut self) -> Result<KeyWish<'_>, Refusal> {
        Ok(KeyWish {
            expiry: expiry(self.expires_in, self.never_expires)?,
            name: Some(&self.name),
            scopes: self.scopes.as_deref(),
            audience: self.audience.as_deref(),
            read_only: Some(self.read_only),
            addresses: self.addresses.as_deref(),
            metadata: self.metadata.take().map(|object| object.0),
        })
    }
}

impl ApiKeyUpdate {
    /// What it asks for.
    pub(super) fn wish(&mut self) -> Result<KeyWish<'_>, Refusal> {
        Ok(KeyWish {
            expiry: expiry(self.expires_in, self.never_expires)?,
            name: self.name.as_deref(),
            scopes: self.scopes.as_deref(),
            audience: self.audience.as_deref(),
            read_only: self.read_only,
            addresses: self.addresses.as_deref(),
            metadata: self.metadata.take().map(|object| object.0),
        })
    }
}

impl ApiKeyRotation {
    /// What it asks for.
    pub(super) fn rotation(&self) -> Result<KeyRotation, Refusal> {
        Ok(KeyRotation {
            overlap: length(self.overlap),
            expiry: expiry(self.expires_in, self.never_expires)?,
        })
    }
}

impl ApiKeyItem {
    /// The key as it stands at `now`.
    pub(super) fn new(key: ApiKey, now: Timestamp) -> Self {
        Self {
            state: match key.state(now) {
                ApiKeyState::Active => State::Active,
                ApiKeyState::Disabled => State::Disabled,
                ApiKeyState::Expired => State::Expired,
                ApiKeyState::Revoked => State::Revoked,
            },
            id: key.id.to_string(),
            name: key.name.to_string(),
            owner_id: key.owner.map(|owner| owner.to_string()),
            display_prefix: key.display_prefix,
            scopes: key.scopes.iter().map(ToString::to_string).collect(),
            audience: key.audiences,
            read_only: key.read_only,
            addresses: key.addresses.iter().map(ToString::to_string).collect(),
            metadata: JsonObject(key.metadata.as_object().clone()),
            expires_at: key.expires_at.map(Moment),
            last_used_at: key.last_used_at.map(Moment),
            created_at: Moment(key.created_at),
            created_by: key.created_by.map(|user| user.to_string()),
            rotated_at: key.rotated_at.map(Moment),
            revoked_at: key.revoked_at.map(Moment),
        }
    }
}

impl IssuedApiKey {
    /// The key and its text.
    pub(super) fn new(issued: IssuedKey, now: Timestamp) -> Self {
        Self {
            api_key: issued.text.to_string(),
            key: ApiKeyItem::new(issued.key, now),
        }
    }
}

impl ApiKeyPage {
    /// A page of keys as they stand at `now`.
    pub(super) fn new(page: Page<ApiKey>, now: Timestamp) -> Self {
        Self {
            next_cursor: next_cursor(&page, |last| last.id.to_string()),
            total: total(&page),
            items: page
                .items
                .into_iter()
                .map(|key| ApiKeyItem::new(key, now))
                .collect(),
        }
    }
}

/// How long a key is to live; both ways of saying it at once make no sense.
pub(super) fn expiry(seconds: Option<i64>, never: bool) -> Result<Option<Expiry>, Refusal> {
    match (seconds, never) {
        (Some(_), true) => Err(Refusal::field(
            "/never_expires",
            "not_allowed",
            "Leave out expires_in, or this.",
        )),
        (Some(seconds), false) => Ok(Some(Expiry::In(length(seconds)))),
        (None, true) => Ok(Some(Expiry::Never)),
        (None, false) => Ok(None),
    }
}

/// The schemas allow nothing negative.
fn length(seconds: i64) -> Duration {
    Duration::from_secs(seconds.unsigned_abs())
}
