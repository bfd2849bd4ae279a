//! An API key: what a machine, or a person's script, proves itself with (docs/api-keys.md).
//!
//! What is kept of one, its states, and the words that its makers may choose. Its text is
//! [`api_key_text`](super::api_key_text)'s.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    id::{ApiKeyId, UserId},
    scope::Grants,
    text::misleads,
    time::Timestamp,
};

const MAX_NAME_CHARS: usize = 100;
const MAX_ADDRESSES: usize = 32;
const MAX_METADATA_BYTES: usize = 4096;

/// An API key without its secret.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiKey {
    /// The stable identifier; a rotation keeps it.
    pub id: ApiKeyId,
    /// What its holder calls it; taken once among an owner's keys that are not revoked.
    pub name: KeyName,
    /// Whose it is; nobody's where it is a service's.
    pub owner: Option<UserId>,
    /// The first characters of its newest text, by which people know it.
    pub display_prefix: String,
    /// What it may do at most: scopes and patterns.
    pub scopes: Grants,
    /// The resource servers that it is for; the configured ones where empty.
    pub audiences: Vec<String>,
    /// Whether it may only read.
    pub read_only: bool,
    /// Where it may be used from.
    pub addresses: Addresses,
    /// Whatever its makers attached to it.
    pub metadata: Metadata,
    /// When it expires, if it does.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute or so.
    pub last_used_at: Option<Timestamp>,
    /// Since when it is disabled, if it is.
    pub disabled_at: Option<Timestamp>,
    /// Since when it is revoked, if it is; for good.
    pub revoked_at: Option<Timestamp>,
    /// When its secret was last replaced, if it was.
    pub rotated_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Who created it; the operator at the command line where nobody is named.
    pub created_by: Option<UserId>,
    /// How often it was changed: who changes it says which version they have seen.
    pub version: i64,
}

/// Where a key stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKeyState {
    /// It can be used.
    Active,
    /// It cannot be used until it is enabled again.
    Disabled,
    /// Its time is over.
    Expired,
    /// It was ended for good.
    Revoked,
}

impl ApiKey {
    /// Where it stands at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> ApiKeyState {
        if self.revoked_at.is_some() {
            ApiKeyState::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now) {
            ApiKeyState::Expired
        } else if self.disabled_at.is_some() {
            ApiKeyState::Disabled
        } else {
            ApiKeyState::Active
        }
    }
}

impl ApiKeyState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Active, Self::Disabled, Self::Expired, Self::Revoked];

    /// Its name in answers and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// What a key is called: 1 to 100 characters that can be shown, none but spaces that cannot be seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(String);

/// The text is no name of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key's name is 1 to 100 printable characters, without space at its ends")]
pub struct KeyNameError;

impl KeyName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = KeyNameError;

    fn from_str(text: &str) -> Result<Self, KeyNameError> {
        let length = text.chars().take(MAX_NAME_CHARS + 1).count();
        let shown = text.trim() == text && !text.contains(misleads);
        if shown && (1..=MAX_NAME_CHARS).contains(&length) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyNameError)
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a key may be used from: these networks; anywhere where there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Addresses(Vec<IpNet>);

/// The list is none of networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressesError {
    /// An entry is no network.
    #[error("an address is written like 192.0.2.1 or 2001:db8::1, a network like 192.0.2.0/24")]
    Syntax,
    /// A network with bits where its addresses differ.
    #[error("a network is written by its first address, like 192.0.2.0/24")]
    HostBits,
    /// More than anybody needs.
    #[error("a key has at most 32 networks")]
    TooMany,
}

impl Addresses {
    /// Reads addresses and networks.
    pub fn parse<T: AsRef<str>>(entries: &[T]) -> Result<Self, AddressesError> {
        if entries.len() > MAX_ADDRESSES {
            return Err(AddressesError::TooMany);
        }
        let networks = entries.iter().map(|entry| network(entry.as_ref()));
        let mut networks: Vec<IpNet> = networks.collect::<Result<_, _>>()?;
        networks.sort_unstable();
        networks.dedup();
        Ok(Self(networks))
    }

    /// Whether a key may be used from anywhere.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a key may be used from `address`, an IPv4 one however it is written.
    #[must_use]
    pub fn allow(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.is_everywhere() || self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether they allow no address that `other` does not.
    #[must_use]
    pub fn are_within(&self, other: &Self) -> bool {
        let within = |inner: &IpNet| other.0.iter().any(|outer| outer.contains(inner));
        other.is_everywhere() || (!self.is_everywhere() && self.0.iter().all(within))
    }

    /// The networks in order.
    pub fn iter(&self) -> impl Iterator<Item = &IpNet> {
        self.0.iter()
    }
}

fn network(text: &str) -> Result<IpNet, AddressesError> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_canonical().into());
    }
    let network: IpNet = text.parse().map_err(|_| AddressesError::Syntax)?;
    if network.trunc() != network {
        return Err(AddressesError::HostBits);
    }
    match network {
        // Such addresses count as the IPv4 ones that they stand for.
        IpNet::V6(v6) if v6.addr().to_ipv4_mapped().is_some() => Err(AddressesError::Syntax),
        other => Ok(other),
    }
}

/// A JSON object that the makers of a key attach to it, returned wherever the key is described.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(Map<String, Value>);

/// The object is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("metadata is a JSON object of at most 4096 bytes")]
pub struct MetadataError;

impl Metadata {
    /// Takes an object, if it is small enough.
    pub fn new(object: Map<String, Value>) -> Result<Self, MetadataError> {
        let metadata = Self(object);
        if metadata.to_text().len() <= MAX_METADATA_BYTES {
            Ok(metadata)
        } else {
            Err(MetadataError)
        }
    }

    /// The object.
    #[must_use]
    pub const fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }

    /// It as JSON text.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

impl FromStr for Metadata {
    type Err = MetadataError;

    fn from_str(text: &str) -> Result<Self, MetadataError> {
        Self::new(serde_json::from_str(text).map_err(|_| MetadataError)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(entries: &[&str]) -> Addresses {
        Addresses::parse(entries).unwrap()
    }

    #[test]
    fn a_name_can_be_shown() {
        assert!("CI Pipeline ü".parse::<KeyName>().is_ok());
        let long = "a".repeat(101);
        for refused in ["", " ", "a ", " a", "a\n", "a\u{202e}b", long.as_str()] {
            assert!(refused.parse::<KeyName>().is_err(), "{refused:?}");
        }
    }

    #[test]
    fn networks_allow_what_is_in_them() {
        let some = addresses(&["192.0.2.0/24", "2001:db8::1"]);
        for inside in ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1"] {
            assert!(some.allow(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["192.0.3.7", "2001:db8::2", "::1"] {
            assert!(!some.allow(outside.parse().unwrap()), "{outside}");
        }
        assert!(addresses(&[]).allow("::1".parse().unwrap()));
    }

    #[test]
    fn a_list_is_within_a_wider_one_only() {
        let (wide, narrow) = (
            addresses(&["10.0.0.0/8"]),
            addresses(&["10.1.0.0/16", "10.9.9.9"]),
        );
        assert!(narrow.are_within(&wide) && !wide.are_within(&narrow));
        let everywhere = addresses(&[]);
        assert!(wide.are_within(&everywhere) && !everywhere.are_within(&wide));
        assert!(everywhere.are_within(&everywhere) && wide.are_within(&wide));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for refused in [
            "",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "localhost",
            "::ffff:10.0.0.0/104",
            "1",
        ] {
            assert!(Addresses::parse(&[refused]).is_err(), "{refused}");
        }
        assert_eq!(Addresses::parse(&["::1"; 33]), Err(AddressesError::TooMany));
    }

    #[test]
    fn metadata_is_a_small_object() {
        assert!(r#"{"project": {"id": 7}}"#.parse::<Metadata>().is_ok());
        let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(4096));
        for refused in ["[]", "null", "{", "7", large.as_str()] {
            assert!(refused.parse::<Metadata>().is_err(), "{refused}");
        }
    }
}
