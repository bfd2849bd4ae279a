//! The domain of a cookie that several hosts share (RFC 6265 §5.1.3).

use serde::{Deserialize, Deserializer, de::Error};

use crate::model::forward::HostName;

/// A domain of at least two labels, such as `example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieDomain(String);

impl CookieDomain {
    /// Reads a domain; the error is the end of a sentence that begins with the setting's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let name: Option<HostName> = text.parse().ok();
        let is_domain = text.contains('.')
            && !text.starts_with('[')
            && !text.split('.').all(|label| label.parse::<u8>().is_ok());
        match name {
            Some(name) if is_domain && name.as_str() == text => Ok(Self(text.to_owned())),
            _ => Err(format!(
                "{text:?} is no domain of at least two names in lower case; write it as \"example.com\""
            )),
        }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a host may set cookies for it.
    #[must_use]
    pub fn is_of(&self, host: &str) -> bool {
        let rest = host.strip_suffix(self.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

impl<'de> Deserialize<'de> for CookieDomain {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_has_hosts() {
        let domain = CookieDomain::parse("example.com").unwrap();
        assert!(domain.is_of("example.com") && domain.is_of("id.example.com"));
        assert!(!domain.is_of("badexample.com") && !domain.is_of("com"));
        for text in [
            "com",
            "localhost",
            ".example.com",
            "Example.com",
            "10.0.0.1",
            "a.b:80",
            "",
        ] {
            assert!(CookieDomain::parse(text).is_err(), "{text}");
        }
    }
}
