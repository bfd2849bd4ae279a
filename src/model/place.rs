//! A place on the web: scheme, host, port and the rest of a URL.

use std::net::{Ipv4Addr, Ipv6Addr};

/// `scheme://host[:port]` and whatever follows.
pub(crate) struct Place<'t> {
    pub(crate) secure: bool,
    pub(crate) host: &'t str,
    pub(crate) port: Option<u16>,
    pub(crate) path: &'t str,
}

impl<'t> Place<'t> {
    /// Takes a URL apart; `https` or `http`, one spelling of host and port.
    pub(crate) fn parse(text: &'t str) -> Result<Self, String> {
        let (secure, rest) = match text.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => {
                return Err(format!(
                    "{text:?} does not begin with \"https://\"; write it as \"https://host\""
                ));
            }
        };
        let authority_ends = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_ends);
        let port_begins = match authority.rfind(']') {
            Some(bracket) => bracket + 1,
            None => authority.find(':').unwrap_or(authority.len()),
        };
        let (host, port) = authority.split_at(port_begins);
        if !is_host(host) {
            return Err(format!(
                "{text:?} has no valid host name in lower case (names outside ASCII as \"xn--…\"); write \"https://host\""
            ));
        }
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => None,
            Some(digits) => Some(parse_port(digits).ok_or_else(|| {
                format!("{text:?} has a port that is not 1–65535; correct it or leave it out")
            })?),
            None => {
                return Err(format!(
                    "{text:?} has something between host and port; write \"https://host:port\""
                ));
            }
        };
        Ok(Self {
            secure,
            host,
            port,
            path,
        })
    }

    /// Whether the host is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || bare
                .parse::<Ipv4Addr>()
                .is_ok_and(|address| address.is_loopback())
            || bare
                .parse::<Ipv6Addr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// Plain http is for this machine only.
    pub(crate) fn refuse_plain_http(&self, text: &str) -> Result<(), String> {
        if self.secure || self.is_loopback() {
            return Ok(());
        }
        Err(format!(
            "{text:?} is plain http, where anybody on the way reads tokens; write https (http is for localhost only)"
        ))
    }

    /// Scheme, host and port alone.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{}{port}", self.host)
    }
}

/// A lower-case DNS name, an IPv4 address or a bracketed IPv6 address; no user information.
fn is_host(host: &str) -> bool {
    if let Some(address) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return address
            .parse::<Ipv6Addr>()
            .is_ok_and(|parsed| parsed.to_string() == address);
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_'
            })
    };
    host.len() <= 253 && host.split('.').all(label)
}

/// A port without sign or leading zero: one spelling.
fn parse_port(digits: &str) -> Option<u16> {
    digits
        .parse()
        .ok()
        .filter(|port: &u16| *port != 0 && port.to_string() == digits)
}
