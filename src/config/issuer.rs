//! The issuer: who signs.
//!
//! Verifiers compare it byte for byte (RFC 8414 §3.3), so one server must have one spelling.

use serde::{Deserialize, Deserializer, de::Error};

use crate::model::place::Place;

/// The name under which this server signs: `https://id.example.com`, a path allowed.
///
/// RFC 8414 §2: `https`, no query, no fragment. `http` only for loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// Reads an issuer; the error is the end of a sentence that begins with the setting's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let place = Place::parse(text)?;
        if text.contains(['?', '#']) {
            return Err(format!(
                "{text:?} has a query or fragment; an issuer has neither (RFC 8414 §2)"
            ));
        }
        if let Some(bare) = text.strip_suffix('/') {
            return Err(format!(
                "{text:?} ends in a slash, which verifiers compare too; write {bare:?}"
            ));
        }
        if !place.path.split('/').skip(1).all(is_plain_segment) {
            return Err(format!(
                "{text:?} has a path with empty, dot or escaped segments; write plain names between single slashes"
            ));
        }
        place.refuse_plain_http(text)?;
        Ok(Self(text.to_owned()))
    }

    /// The issuer as it stands in tokens and metadata.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names this machine only, as on a developer's laptop.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        Place::parse(&self.0).is_ok_and(|place| place.is_loopback())
    }

    /// The host alone, as browsers know it.
    #[must_use]
    pub fn host(&self) -> String {
        Place::parse(&self.0).map_or_else(|_| String::new(), |place| place.host.to_owned())
    }

    /// The audience of Signet's own API, `<issuer>/v1`.
    #[must_use]
    pub fn api_audience(&self) -> String {
        format!("{}/v1", self.0)
    }
}

impl<'de> Deserialize<'de> for Issuer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// A path segment that no proxy rewrites.
fn is_plain_segment(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..")
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_issuers_that_others_can_compare() {
        for text in [
            "https://id.example.com",
            "https://id.example.com:8443",
            "https://example.com/auth/signet",
            "http://localhost:8080",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://signet.localhost",
        ] {
            assert_eq!(Issuer::parse(text).unwrap().as_str(), text);
        }
        assert!(
            Issuer::parse("http://localhost:8080")
                .unwrap()
                .is_loopback()
        );
        assert!(
            !Issuer::parse("https://id.example.com")
                .unwrap()
                .is_loopback()
        );
        assert_eq!(
            Issuer::parse("https://a.example/x").unwrap().api_audience(),
            "https://a.example/x/v1"
        );
    }

    #[test]
    fn refuses_other_issuers_and_says_why() {
        for (text, part) in [
            ("http://id.example.com", "plain http"),
            ("http://127.0.0.1.example.com", "plain http"),
            ("http://localhost.example.com", "plain http"),
            ("https://id.example.com/", "ends in a slash"),
            ("https://id.example.com?x=1", "query or fragment"),
            ("https://id.example.com#x", "query or fragment"),
            ("https://id.example.com/a//b", "empty, dot or escaped"),
            ("https://id.example.com/a/../b", "empty, dot or escaped"),
            ("https://id.example.com/%61", "empty, dot or escaped"),
            ("id.example.com", "does not begin with"),
            ("HTTPS://id.example.com", "does not begin with"),
            ("ftp://id.example.com", "does not begin with"),
            ("https://ID.example.com", "no valid host"),
            ("https://", "no valid host"),
            ("https://user@example.com", "no valid host"),
            ("https://exämple.com", "no valid host"),
            ("https://a b", "no valid host"),
            ("https://example.com:0", "a port that is not"),
            ("https://example.com:080", "a port that is not"),
            ("https://example.com:x", "a port that is not"),
            ("https://[::1]x:1", "between host and port"),
        ] {
            let error = Issuer::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
