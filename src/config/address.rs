//! Addresses: where the metrics listener is, and which proxies are believed.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error};

/// An address to listen on, or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// Nothing listens.
    Off,
    /// Listens here.
    At(SocketAddr),
}

impl Listen {
    /// Reads `off` or `address:port`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        parse_socket(text)
            .map(Self::At)
            .map_err(|error| format!("{error}, or \"off\""))
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// For `#[config(deserialize_with = …)]`: `address:port`.
pub(super) fn socket<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    parse_socket(&String::deserialize(from)?).map_err(D::Error::custom)
}

/// For `#[config(deserialize_with = …)]`: networks or single addresses.
pub(super) fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts
        .iter()
        .map(|text| parse_network(text).map_err(D::Error::custom))
        .collect()
}

fn parse_socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("{text:?} is not an address and port; write \"127.0.0.1:8080\" or \"[::]:8080\"")
    })
}

fn parse_network(text: &str) -> Result<IpNet, String> {
    let network = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| {
            format!("{text:?} is not an address or network; write \"10.0.0.5\" or \"10.0.0.0/8\"")
        })?;
    if network.prefix_len() == 0 {
        return Err(format!(
            "{text:?} trusts everybody to say where a request comes from; name your proxies' addresses"
        ));
    }
    if network.network() != network.addr() {
        return Err(format!(
            "{text:?} has address bits beyond its prefix; write \"{}\"",
            network.trunc()
        ));
    }
    Ok(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_listeners() {
        assert_eq!(Listen::parse("off"), Ok(Listen::Off));
        assert_eq!(
            Listen::parse("[::1]:9090"),
            Ok(Listen::At("[::1]:9090".parse().unwrap()))
        );
        for text in [
            "localhost:9090",
            "9090",
            ":9090",
            "127.0.0.1",
            "127.0.0.1:99999",
        ] {
            assert!(
                Listen::parse(text)
                    .unwrap_err()
                    .contains("is not an address and port"),
                "{text}"
            );
        }
    }

    #[test]
    fn reads_networks_and_addresses() {
        assert_eq!(
            parse_network("10.0.0.0/8").unwrap().to_string(),
            "10.0.0.0/8"
        );
        assert_eq!(
            parse_network("10.0.0.5").unwrap().to_string(),
            "10.0.0.5/32"
        );
        assert_eq!(parse_network("fd00::/8").unwrap().to_string(), "fd00::/8");
    }

    #[test]
    fn refuses_networks_that_trust_too_much_or_say_too_little() {
        for (text, part) in [
            ("0.0.0.0/0", "trusts everybody"),
            ("::/0", "trusts everybody"),
            ("10.0.0.5/8", "write \"10.0.0.0/8\""),
            ("10.0.0.0/33", "is not an address or network"),
            ("proxy.local", "is not an address or network"),
        ] {
            let error = parse_network(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
