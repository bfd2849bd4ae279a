//! How a user looks, to people and to scripts.

use serde_json::{Value, json};

use crate::{
    cli::{admin::Admin, failure::Failure, output::pairs, password::NewPassword},
    model::{
        scope::Grant,
        user::{Email, User},
    },
};

/// A generated password is shown here and never again.
pub(super) fn print_with_password(
    admin: &Admin,
    user: &User,
    password: &NewPassword,
) -> Result<(), Failure> {
    if !password.generated {
        return admin.print_user(user);
    }
    let mut json = as_json(user);
    json["password"] = Value::from(password.text.as_str());
    admin.out.print(&json, || {
        let text = password.text.as_str();
        format!("{}password  {text}   (shown only now)\n", as_text(user))
    })
}

impl Admin {
    /// Prints a user.
    pub(super) fn print_user(&self, user: &User) -> Result<(), Failure> {
        self.out.print(&as_json(user), || as_text(user))
    }
}

pub(super) fn as_json(user: &User) -> Value {
    let grants: Vec<&str> = user.grants.iter().map(Grant::as_str).collect();
    json!({
        "id": user.id.to_string(),
        "username": user.username.as_str(),
        "email": user.email.as_ref().map(Email::as_str),
        "grants": grants,
        "created_at": user.created_at.to_string(),
        "disabled_at": user.disabled_at.map(|moment| moment.to_string()),
    })
}

fn as_text(user: &User) -> String {
    pairs(&[
        ("id", user.id.to_string()),
        ("username", user.username.to_string()),
        ("email", email(user)),
        ("grants", grants(user)),
        ("state", state(user).to_owned()),
        ("created", user.created_at.to_string()),
    ])
}

pub(super) fn email(user: &User) -> String {
    user.email
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default()
}

pub(super) fn grants(user: &User) -> String {
    let grants: Vec<&str> = user.grants.iter().map(Grant::as_str).collect();
    grants.join(" ")
}

pub(super) fn state(user: &User) -> &'static str {
    if user.disabled_at.is_some() {
        "disabled"
    } else {
        "enabled"
    }
}
