//! Where a request comes from, and what it is called in the log.
//!
//! Only `X-Forwarded-For` and `X-Request-Id` are read, and only when the peer is a trusted proxy:
//! anybody else could write anything into them.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

/// The networks whose forwarded headers are believed. Empty by default.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Trusts these networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether `address` is a trusted proxy.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client's address: `peer`, or, behind trusted proxies, the rightmost entry of
    /// `X-Forwarded-For` that is not one of them. Entries left of it are the client's own words.
    ///
    /// An entry that is not an address ends the search at the last proxy that could be named.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        for value in headers.get_all("x-forwarded-for").iter().rev() {
            for entry in value.as_bytes().rsplit(|byte| *byte == b',') {
                if !self.trusts(client) {
                    return client;
                }
                let Some(address) = parse(entry) else {
                    return client;
                };
                client = address;
            }
        }
        client
    }

    /// The request's name for the log: the proxy's, if it is a trusted one and well formed.
    #[must_use]
    pub fn request_id<'a>(&self, peer: IpAddr, headers: &'a HeaderMap) -> Option<&'a str> {
        let mut values = headers.get_all("x-request-id").iter();
        let id = values.next()?.to_str().ok()?;
        let well_formed = (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (well_formed && values.next().is_none() && self.trusts(peer)).then_some(id)
    }
}

/// An address as proxies write it: bare, or with a port, IPv6 then in brackets.
fn parse(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry).ok()?.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare
        .parse()
        .or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(vec![
            "10.0.0.0/8".parse().unwrap(),
            "::1/128".parse().unwrap(),
        ])
    }

    fn headers(name: &'static str, values: &[&'static str]) -> HeaderMap {
        let name = HeaderName::from_static(name);
        values
            .iter()
            .map(|value| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    fn client(peer: &str, forwarded: &[&'static str]) -> String {
        let headers = headers("x-forwarded-for", forwarded);
        proxies()
            .client(peer.parse().unwrap(), &headers)
            .to_string()
    }

    #[test]
    fn strangers_are_not_believed() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("::ffff:203.0.113.9", &[]), "203.0.113.9");
    }

    #[test]
    fn the_rightmost_untrusted_entry_counts() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(
            client("10.0.0.1", &["6.6.6.6, 198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(
            client("10.0.0.1", &["6.6.6.6, 198.51.100.1, 10.2.3.4"]),
            "198.51.100.1"
        );
        assert_eq!(
            client("10.0.0.1", &["6.6.6.6", "198.51.100.1 ,10.2.3.4"]),
            "198.51.100.1"
        );
        assert_eq!(client("::1", &["198.51.100.1:5123"]), "198.51.100.1");
        assert_eq!(client("::1", &["[2001:db8::7]:5123"]), "2001:db8::7");
        assert_eq!(client("::1", &["[2001:db8::7]"]), "2001:db8::7");
        assert_eq!(client("10.0.0.1", &["10.9.9.9, 10.2.3.4"]), "10.9.9.9");
        assert_eq!(
            client("10.0.0.1", &["198.51.100.1, unknown, 10.2.3.4"]),
            "10.2.3.4"
        );
        assert_eq!(client("10.0.0.1", &[""]), "10.0.0.1");
    }

    #[test]
    fn request_ids_come_from_proxies_only() {
        let id = |peer: &str, values: &[&'static str]| {
            let headers = headers("x-request-id", values);
            proxies()
                .request_id(peer.parse().unwrap(), &headers)
                .map(str::to_owned)
        };
        assert_eq!(id("10.0.0.1", &["Ab-9"]).as_deref(), Some("Ab-9"));
        assert_eq!(id("203.0.113.9", &["Ab-9"]), None);
        for bad in ["", "a b", "a_b", "a,b"] {
            assert_eq!(id("10.0.0.1", &[bad]), None);
        }
        assert_eq!(id("10.0.0.1", &["a", "b"]), None);
    }
}
