//! Names of header fields (RFC 9110 §5.1).

use std::{fmt, str::FromStr};

const MAX_LENGTH: usize = 64;
/// What others have to say, and what names the connection, the length or the host. An identity or
/// a credential has no place there.
const TAKEN: [&str; 20] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "location",
    "origin",
    "proxy-authorization",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "www-authenticate",
];
const TAKEN_FAMILIES: [&str; 5] = [
    "access-control-",
    "sec-",
    "x-forwarded-",
    "x-original-",
    "x-signet-",
];

/// The name of a header field that carries a credential to us or an identity to an application; in
/// the spelling that it was given. Letters, digits and `-` alone: `_` and `-` are one to many
/// applications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldName(String);

/// The text is no name that may be used so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldNameError {
    /// Other characters, none, or too many.
    #[error("a header's name is 1 to 64 letters, digits and `-`")]
    Spelling,
    /// The name has a meaning of its own.
    #[error("that header has a meaning of its own; choose another, such as X-Auth-Username")]
    Taken,
}

impl FieldName {
    /// Its text, as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names the same field.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl FromStr for FieldName {
    type Err = FieldNameError;

    fn from_str(text: &str) -> Result<Self, FieldNameError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(1..=MAX_LENGTH).contains(&text.len()) || !text.bytes().all(allowed) {
            return Err(FieldNameError::Spelling);
        }
        let lower = text.to_ascii_lowercase();
        let is_taken = TAKEN.contains(&lower.as_str())
            || TAKEN_FAMILIES
                .iter()
                .any(|family| lower.starts_with(family));
        if is_taken {
            return Err(FieldNameError::Taken);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_free() {
        for text in [
            "X-API-Key",
            "x-auth-username",
            "X-ArchiveBox-Auth-User-Username",
            "Api",
        ] {
            assert_eq!(text.parse::<FieldName>().unwrap().as_str(), text);
        }
        for text in ["", "X_API_Key", "X API", "X-Ä", "X:", &"x".repeat(65)] {
            let refused = text.parse::<FieldName>();
            assert_eq!(refused, Err(FieldNameError::Spelling), "{text:?}");
        }
        for text in [
            "Authorization",
            "COOKIE",
            "X-Forwarded-User",
            "X-Original-Url",
            "Host",
        ] {
            assert_eq!(
                text.parse::<FieldName>(),
                Err(FieldNameError::Taken),
                "{text}"
            );
        }
    }
}
