//! The request that a gateway asks about.

use super::{Host, Method, OriginalPath};

/// A request as its gateway tells of it: only what can be judged without doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// Its method.
    pub method: Method,
    /// How it came in; not every gateway tells.
    pub scheme: Option<Scheme>,
    /// The host that it is for.
    pub host: Host,
    /// Its path.
    pub path: OriginalPath,
    /// Its query, raw.
    pub query: Option<String>,
    /// Whether a header asks the application to take it for one of another method.
    pub overrides_method: bool,
    /// Whether it opens a socket (RFC 6455): it reads by its method, and is not bound by that.
    pub opens_socket: bool,
}

/// How a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// Reads what gateways call it; Traefik tells of `wss` too.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "http" | "ws" => Some(Self::Http),
            "https" | "wss" => Some(Self::Https),
            _ => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Original {
    /// Whether it changes nothing and opens nothing.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        self.method.is_safe() && !self.overrides_method && !self.opens_socket
    }

    /// The origin of the site that it is for, as a browser spells it (RFC 6454 §6.2).
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        let scheme = self.scheme?;
        let (name, scheme_name) = (&self.host.name, scheme.as_str());
        Some(
            match self.host.port.filter(|port| *port != scheme.default_port()) {
                Some(port) => format!("{scheme_name}://{name}:{port}"),
                None => format!("{scheme_name}://{name}"),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(scheme: &str, host: &str) -> Option<String> {
        let original = Original {
            method: "POST".parse().unwrap(),
            scheme: Scheme::read(scheme),
            host: host.parse().unwrap(),
            path: OriginalPath::read(b"/").unwrap(),
            query: None,
            overrides_method: false,
            opens_socket: false,
        };
        original.origin()
    }

    #[test]
    fn an_origin_is_spelt_as_browsers_do() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(origin("https", "App.Example"), some("https://app.example"));
        assert_eq!(
            origin("https", "app.example:443"),
            some("https://app.example")
        );
        assert_eq!(
            origin("wss", "app.example:8443"),
            some("https://app.example:8443")
        );
        assert_eq!(
            origin("http", "app.example:443"),
            some("http://app.example:443")
        );
        assert_eq!(origin("HTTPS", "app.example"), None);
    }
}
