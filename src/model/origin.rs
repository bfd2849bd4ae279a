//! Origins of web pages, as browsers send them.
//!
//! They are compared byte for byte (RFC 6454 §6.2), so any other spelling would never match.

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use super::place::Place;

/// An exact web origin as a browser sends it: `https://app.example.com`, `http://localhost:5173`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin; the error is the end of a sentence that begins with the setting's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.contains('*') || text == "null" {
            return Err(format!(
                "{text:?} names more than one site; list each origin exactly, such as \"https://app.example.com\""
            ));
        }
        let place = Place::parse(text)?;
        if !place.path.is_empty() || text.contains(['?', '#']) {
            return Err(format!(
                "{text:?} has more than scheme, host and port; write \"{}\"",
                place.origin()
            ));
        }
        let default_port = if place.secure { 443 } else { 80 };
        if place.port == Some(default_port) {
            return Err(format!(
                "{text:?} names the default port, which browsers leave out; write it without \":{default_port}\""
            ));
        }
        place.refuse_plain_http(text)?;
        Ok(Self(text.to_owned()))
    }

    /// The origin, byte for byte as a browser's `Origin` header spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_exact_origins_only() {
        for text in [
            "https://app.example.com",
            "https://app.example.com:8443",
            "http://localhost:5173",
            "http://[::1]:1",
        ] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), text);
        }
        for (text, part) in [
            ("*", "more than one site"),
            ("null", "more than one site"),
            ("https://*.example.com", "more than one site"),
            (
                "https://app.example.com/",
                "write \"https://app.example.com\"",
            ),
            (
                "https://app.example.com/x",
                "write \"https://app.example.com\"",
            ),
            ("https://app.example.com:443", "default port"),
            ("http://localhost:80", "default port"),
            ("http://app.example.com", "plain http"),
            ("https://App.example.com", "no valid host"),
            ("app.example.com", "does not begin with"),
        ] {
            let error = Origin::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
