//! Methods of requests (RFC 9110 §9).

use std::{fmt, str::FromStr};

/// The longest that is read; `UPDATEREDIRECTREF` (RFC 4437) has 17 letters.
const MAX_LENGTH: usize = 32;

/// A method such as `GET`. Methods are compared byte for byte, and those of the standards are in
/// upper case, so any other spelling is no method: an application might take `get` for `GET`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Method(String);

/// The text is no method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a method is 1 to 32 upper-case letters, digits and `-`, such as GET")]
pub struct MethodError;

impl Method {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it only reads (RFC 9110 §9.2.1).
    #[must_use]
    pub fn is_safe(&self) -> bool {
        matches!(self.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }
}

impl FromStr for Method {
    type Err = MethodError;

    fn from_str(text: &str) -> Result<Self, MethodError> {
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(MethodError)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_have_one_spelling() {
        for text in ["GET", "PROPFIND", "VERSION-CONTROL", "M-SEARCH"] {
            assert_eq!(text.parse::<Method>().unwrap().as_str(), text);
        }
        let long = "A".repeat(33);
        for text in [
            "", "get", "Get", "GET ", " GET", "GET,POST", "GÉT", "G\tT", &long,
        ] {
            assert_eq!(text.parse::<Method>(), Err(MethodError), "{text:?}");
        }
    }
}
