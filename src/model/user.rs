//! Users and the names by which they log in.

use std::{fmt, str::FromStr};

use precis_profiles::{UsernameCaseMapped, precis_core::profile::Profile};

use super::{id::UserId, scope::Grants, time::Timestamp};

const MAX_USERNAME_CHARS: usize = 64;
const MAX_EMAIL_BYTES: usize = 254;

/// A person who can log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The stable identifier; never reused.
    pub id: UserId,
    /// The name that they log in with.
    pub username: Username,
    /// The e-mail address that they may log in with too.
    pub email: Option<Email>,
    /// What they may be given.
    pub grants: Grants,
    /// Since when they are disabled, if they are.
    pub disabled_at: Option<Timestamp>,
    /// Sessions begun before this are over; equal counts as before.
    pub not_before: Timestamp,
    /// How often their credentials changed: a login in flight must not survive a change.
    pub credential_version: i64,
    /// When they were created.
    pub created_at: Timestamp,
}

impl User {
    /// Whether that is what they are called.
    #[must_use]
    pub fn logs_in_with(&self, name: &LoginName) -> bool {
        match name {
            LoginName::Username(username) => self.username == *username,
            LoginName::Email(email) => self.email.as_ref() == Some(email),
        }
    }

    /// Whether they may log in.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.disabled_at.is_none()
    }
}

/// A user's name, in the `UsernameCaseMapped` profile of RFC 8265 §3.3; never with an `@`, so that
/// nobody can take another's e-mail address as a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Username(String);

/// An e-mail address, folded alike; one `@`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

/// What somebody logs in with: a username or an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LoginName {
    /// A username.
    Username(Username),
    /// An e-mail address.
    Email(Email),
}

impl LoginName {
    /// The folded text that names are stored and looked up by.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Username(name) => name.as_str(),
            Self::Email(email) => email.as_str(),
        }
    }
}

/// The text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a username.
    #[error(
        "a username is 1 to 64 letters, digits and marks such as `.`, `-`, `_`, without spaces and `@`"
    )]
    Username,
    /// A username that commands would take for an id.
    #[error("a username that looks like a user's id would be taken for it: choose another")]
    LooksLikeId,
    /// Not an e-mail address.
    #[error("an e-mail address is a name, `@` and a domain, at most 254 bytes")]
    Email,
}

macro_rules! folded_text {
    ($name:ident) => {
        impl $name {
            /// The folded text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

folded_text!(Username);
folded_text!(Email);

impl Username {
    /// Reads a name that nobody has yet. Users are found by id or by name, so no name is an id.
    pub fn of_newcomer(text: &str) -> Result<Self, NameError> {
        let name: Self = text.parse()?;
        if name.0.parse::<UserId>().is_ok() {
            return Err(NameError::LooksLikeId);
        }
        Ok(name)
    }
}

impl FromStr for Username {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let folded = fold(text).ok_or(NameError::Username)?;
        if folded.contains('@') || folded.chars().count() > MAX_USERNAME_CHARS {
            return Err(NameError::Username);
        }
        Ok(Self(folded))
    }
}

impl FromStr for Email {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let folded = fold(text).ok_or(NameError::Email)?;
        let (local, domain) = folded.split_once('@').ok_or(NameError::Email)?;
        let labels = domain.split('.').all(|label| !label.is_empty());
        if local.is_empty() || !labels || domain.contains('@') || folded.len() > MAX_EMAIL_BYTES {
            return Err(NameError::Email);
        }
        Ok(Self(folded))
    }
}

impl FromStr for LoginName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.contains('@') {
            text.parse().map(Self::Email)
        } else {
            text.parse().map(Self::Username)
        }
    }
}

/// Case-folds and normalises; `None` for what the profile does not allow in a name.
fn fold(text: &str) -> Option<String> {
    if text.len() > 4 * MAX_EMAIL_BYTES {
        return None;
    }
    UsernameCaseMapped::new()
        .enforce(text)
        .ok()
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_once() {
        assert_eq!(
            "Ada.Lovelace".parse::<Username>().unwrap().as_str(),
            "ada.lovelace"
        );
        assert_eq!(
            "Jürgen".parse::<Username>().unwrap(),
            "JU\u{308}RGEN".parse().unwrap()
        );
        assert_eq!(
            "Ada@Example.ORG".parse::<Email>().unwrap().as_str(),
            "ada@example.org"
        );
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        let long = "a".repeat(65);
        for refused in ["", " ", "a b", "a@b.c", "a\0", "a\u{202e}b", long.as_str()] {
            assert!(refused.parse::<Username>().is_err(), "{refused:?}");
        }
        for refused in ["@", "a@", "@b", "a@b@c", "a@.c", "a@b..c", "ab"] {
            assert!(refused.parse::<Email>().is_err(), "{refused:?}");
        }
    }

    #[test]
    fn nobody_is_named_like_an_id() {
        let id = "USR_01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(Username::of_newcomer(id), Err(NameError::LooksLikeId));
        assert!(Username::of_newcomer("usr_1").is_ok());
    }

    #[test]
    fn a_login_name_is_an_address_where_it_has_an_at_sign() {
        assert!(matches!("ada".parse(), Ok(LoginName::Username(_))));
        assert!(matches!("ada@example.org".parse(), Ok(LoginName::Email(_))));
    }
}
