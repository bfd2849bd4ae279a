//! Hosts, as a request names the one that it is for (RFC 9110 §7.2).

use std::{fmt, net::Ipv6Addr, str::FromStr};

const MAX_LENGTH: usize = 253;

/// A host's name in lower case: labels between single dots, or an IPv6 address in brackets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostName(String);

/// A host and the port that was named with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The name.
    pub name: HostName,
    /// The port, where one was named.
    pub port: Option<u16>,
}

/// The text is no host. What is left away elsewhere (a dot at the end, a user before `@`) is not
/// left away here: two readers would read two hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a host is letters, digits, `-`, `_` and single dots between, or an IPv6 address in brackets"
)]
pub struct HostError;

impl HostName {
    /// Its text, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        if let Some(address) = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let address: Ipv6Addr = address.parse().map_err(|_| HostError)?;
            return Ok(Self(format!("[{address}]")));
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let label = |label: &str| !label.is_empty() && label.bytes().all(allowed);
        if text.len() > MAX_LENGTH || !text.split('.').all(label) {
            return Err(HostError);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl FromStr for Host {
    type Err = HostError;

    /// Reads a host with or without a port.
    fn from_str(text: &str) -> Result<Self, HostError> {
        let (name, port) = match text.rsplit_once(':') {
            // The colons of an address in brackets are its own.
            Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
            _ => (text, None),
        };
        let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        let port = match port {
            Some(port) if digits(port) => Some(port.parse().map_err(|_| HostError)?),
            Some(_) => return Err(HostError),
            None => None,
        };
        Ok(Self {
            name: name.parse()?,
            port,
        })
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_folded_and_their_ports_told_apart() {
        let read = |text: &str| text.parse::<Host>().map(|host| (host.name.0, host.port));
        let name = |name: &str, port| Ok((name.to_owned(), port));
        assert_eq!(read("App.Example.COM"), name("app.example.com", None));
        assert_eq!(
            read("app.example.com:8443"),
            name("app.example.com", Some(8443))
        );
        assert_eq!(read("localhost"), name("localhost", None));
        assert_eq!(read("a_b.example"), name("a_b.example", None));
        assert_eq!(read("[::1]"), name("[::1]", None));
        assert_eq!(read("[0:0::1]:80"), name("[::1]", Some(80)));
    }

    #[test]
    fn what_two_readers_would_read_differently_is_no_host() {
        let long = "a".repeat(254);
        for text in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "a b",
            "user@a",
            "a/b",
            "a,b",
            "a:",
            "a:x",
            "a:+80",
            "a:65536",
            "a:80:80",
            "[::1",
            "::1",
            "[::1]80",
            "[::1%25eth0]",
            "ä.example",
            "a%2eb",
            "a\0",
            "*.example.com",
            &long,
        ] {
            assert_eq!(text.parse::<Host>(), Err(HostError), "{text:?}");
        }
    }
}
