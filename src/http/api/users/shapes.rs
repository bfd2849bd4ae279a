//! What requests say of users, and how users are answered.

use poem_openapi::Object;
use serde::{Deserialize, Serialize};

use crate::{
    auth::{sessions::Page, users::UserWish},
    http::{
        api::listing::{next_cursor, total},
        moment::Moment,
        problem::Refusal,
        secret::Secret,
    },
    model::user::User,
};

/// A user to create.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct UserCreation {
    /// The name to log in with: letters, digits and marks, no `@`.
    #[oai(validator(min_length = 1, max_length = 64))]
    pub username: String,
    /// An e-mail address to log in with too.
    #[oai(validator(min_length = 3, max_length = 254))]
    pub email: Option<String>,
    /// The password; without one the user cannot log in until it is set.
    #[oai(validator(min_length = 1, max_length = 1024))]
    pub password: Option<Secret>,
    /// Scopes, or patterns such as `pages.*`: no more than the caller's credential includes.
    #[serde(default)]
    #[oai(default, validator(max_items = 128))]
    pub grants: Vec<String>,
    /// The caller's own password, needed with `grants` unless they logged in within five minutes.
    #[oai(validator(min_length = 1, max_length = 1024))]
    pub current_password: Option<Secret>,
}

/// What to change of a user; what is absent stays.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct UserUpdate {
    /// The name to log in with: letters, digits and marks, no `@`.
    #[oai(validator(min_length = 1, max_length = 64))]
    username: Option<String>,
    /// An e-mail address to log in with too.
    #[oai(validator(min_length = 3, max_length = 254))]
    email: Option<String>,
    /// Whether the user has no e-mail address from now on.
    #[serde(default)]
    #[oai(default)]
    remove_email: bool,
}

/// What to give or to take.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantChange {
    /// Scopes, or patterns such as `pages.*`: no more than the caller's credential includes.
    #[oai(validator(min_items = 1, max_items = 128))]
    pub grants: Vec<String>,
    /// The caller's own password, needed unless they logged in within five minutes.
    #[oai(validator(min_length = 1, max_length = 1024))]
    pub current_password: Option<Secret>,
}

/// A password for somebody else.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct UserPassword {
    /// The new password.
    #[oai(validator(min_length = 1, max_length = 1024))]
    pub password: Secret,
}

/// A user.
#[derive(Object, Serialize)]
#[oai(rename = "User")]
pub(super) struct UserItem {
    /// The stable identifier, as in the access token's `sub`.
    id: String,
    /// The name that they log in with.
    username: String,
    /// The e-mail address, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// What they are granted: scopes and patterns.
    grants: Vec<String>,
    /// Since when they are disabled; absent while they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<Moment>,
    /// When they were created.
    created_at: Moment,
}

/// Some of the users.
#[derive(Object, Serialize)]
pub(super) struct UserPage {
    /// The users, the oldest first.
    items: Vec<UserItem>,
    /// What to pass as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// How many there are in all.
    total: i64,
}

impl UserUpdate {
    /// What it asks for. An address and none at once make no sense.
    pub(super) fn wish(&self) -> Result<UserWish<'_>, Refusal> {
        if self.remove_email && self.email.is_some() {
            let detail = "Leave out email, or this.";
            return Err(Refusal::field("/remove_email", "not_allowed", detail));
        }
        let email = self.email.as_deref().map(Some);
        Ok(UserWish {
            username: self.username.as_deref(),
            email: email.or(self.remove_email.then_some(None)),
        })
    }
}

impl From<User> for UserItem {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            username: user.username.to_string(),
            email: user.email.map(|email| email.to_string()),
            grants: user.grants.iter().map(ToString::to_string).collect(),
            disabled_at: user.disabled_at.map(Moment),
            created_at: Moment(user.created_at),
        }
    }
}

impl From<Page<User>> for UserPage {
    fn from(page: Page<User>) -> Self {
        Self {
            next_cursor: next_cursor(&page, |last| last.id.to_string()),
            total: total(&page),
            items: page.items.into_iter().map(UserItem::from).collect(),
        }
    }
}
