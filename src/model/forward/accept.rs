//! The ways in which a credential may be presented.

use std::{fmt, str::FromStr};

use super::{FieldName, FieldNameError};

const MAX_LENGTH: usize = 64;

/// One way in which a rule takes a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accept {
    /// An access token as `Authorization: Bearer`.
    BearerJwt,
    /// An API key as `Authorization: Bearer`.
    BearerApiKey,
    /// An API key as `Authorization` under a keyword of its own, such as `Api-Key`.
    Keyword(String),
    /// An API key in a header, bare or behind a keyword.
    Header(FieldName),
    /// An API key in a parameter of the query.
    Query(String),
    /// A name and a password as `Authorization: Basic` (RFC 7617).
    Basic,
    /// The session cookie that a login left in the browser.
    SessionCookie,
}

/// Where in a request a credential is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carrier {
    /// `Authorization`, which there is once.
    Authorization,
    /// The header of that name, in lower case.
    Header(String),
    /// The parameter of that name.
    Query(String),
    /// `Cookie`.
    Cookie,
}

/// The text names no way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// No such word.
    #[error(
        "there is no such method; write \"bearer_jwt\", \"bearer_api_key\", \"scheme:NAME\", \"header:NAME\", \"query:NAME\", \"basic\" or \"session_cookie\""
    )]
    Unknown,
    /// The keyword is none, or one that means something else.
    #[error(
        "the keyword is letters, digits and `-`, and not Bearer or Basic, such as \"scheme:Api-Key\""
    )]
    Keyword,
    /// The header's name cannot be used.
    #[error(transparent)]
    Header(#[from] FieldNameError),
    /// The parameter's name is none.
    #[error("the name is letters, digits, `-`, `_` and `.`, such as \"query:api_key\"")]
    Query,
}

impl Accept {
    /// The kinds there are, as configurations call them.
    pub const KINDS: [&str; 7] = [
        "bearer_jwt",
        "bearer_api_key",
        "scheme",
        "header",
        "query",
        "basic",
        "session_cookie",
    ];

    /// Its kind: what stands before the name.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        let at = match self {
            Self::BearerJwt => 0,
            Self::BearerApiKey => 1,
            Self::Keyword(_) => 2,
            Self::Header(_) => 3,
            Self::Query(_) => 4,
            Self::Basic => 5,
            Self::SessionCookie => 6,
        };
        Self::KINDS[at]
    }

    /// Where in a request it is.
    #[must_use]
    pub fn carrier(&self) -> Carrier {
        match self {
            Self::BearerJwt | Self::BearerApiKey | Self::Keyword(_) | Self::Basic => {
                Carrier::Authorization
            }
            Self::Header(name) => Carrier::Header(name.as_str().to_ascii_lowercase()),
            Self::Query(name) => Carrier::Query(name.clone()),
            Self::SessionCookie => Carrier::Cookie,
        }
    }

    /// Whether it is in `Authorization`, which there is once.
    #[must_use]
    pub fn is_in_authorization(&self) -> bool {
        self.carrier() == Carrier::Authorization
    }

    /// Whether it takes the same as another: keywords and headers are read in any case.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Keyword(one), Self::Keyword(two)) => one.eq_ignore_ascii_case(two),
            (Self::Header(one), Self::Header(two)) => one.is_same(two),
            (one, two) => one == two,
        }
    }
}

impl FromStr for Accept {
    type Err = AcceptError;

    fn from_str(text: &str) -> Result<Self, AcceptError> {
        let (kind, name) = match text.split_once(':') {
            Some((kind, name)) => (kind, Some(name)),
            None => (text, None),
        };
        match (kind, name) {
            ("bearer_jwt", None) => Ok(Self::BearerJwt),
            ("bearer_api_key", None) => Ok(Self::BearerApiKey),
            ("basic", None) => Ok(Self::Basic),
            ("session_cookie", None) => Ok(Self::SessionCookie),
            ("scheme", name) => keyword(name.unwrap_or_default()).map(Self::Keyword),
            ("header", name) => Ok(Self::Header(name.unwrap_or_default().parse()?)),
            ("query", name) => parameter(name.unwrap_or_default()).map(Self::Query),
            _ => Err(AcceptError::Unknown),
        }
    }
}

fn keyword(text: &str) -> Result<String, AcceptError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_word = (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed);
    let is_known = ["bearer", "basic"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(text));
    if is_word && !is_known {
        return Ok(text.to_owned());
    }
    Err(AcceptError::Keyword)
}

fn parameter(text: &str) -> Result<String, AcceptError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(text.to_owned());
    }
    Err(AcceptError::Query)
}

impl fmt::Display for Accept {
    /// Writes what [`FromStr`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        match self {
            Self::Keyword(name) | Self::Query(name) => write!(f, ":{name}"),
            Self::Header(name) => write!(f, ":{name}"),
            Self::BearerJwt | Self::BearerApiKey | Self::Basic | Self::SessionCookie => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_has_one_spelling() {
        for text in [
            "bearer_jwt",
            "bearer_api_key",
            "scheme:Api-Key",
            "header:X-API-Key",
            "query:api_key",
            "basic",
            "session_cookie",
        ] {
            let accept: Accept = text.parse().unwrap();
            assert_eq!(accept.to_string(), text);
            assert!(text.starts_with(accept.kind()));
        }
    }

    #[test]
    fn what_is_no_way_is_told_so() {
        for (text, error) in [
            ("", AcceptError::Unknown),
            ("jwt", AcceptError::Unknown),
            ("Bearer_jwt", AcceptError::Unknown),
            ("basic:x", AcceptError::Unknown),
            ("scheme", AcceptError::Keyword),
            ("scheme:", AcceptError::Keyword),
            ("scheme:bearer", AcceptError::Keyword),
            ("scheme:BASIC", AcceptError::Keyword),
            ("scheme:a b", AcceptError::Keyword),
            ("header", AcceptError::Header(FieldNameError::Spelling)),
            (
                "header:Authorization",
                AcceptError::Header(FieldNameError::Taken),
            ),
            ("query:", AcceptError::Query),
            ("query:a=b", AcceptError::Query),
        ] {
            assert_eq!(text.parse::<Accept>(), Err(error), "{text}");
        }
    }
}
