//! Where Redis is: the URL of `store.redis`, read once.
//!
//! The forms are those that users of Redis know: `redis://`, `rediss://`, `unix://`, and for
//! Sentinel `redis+sentinel://host,host/master/database` with `sentinel_password` and the `ssl_`
//! names of redis-py.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Deserializer, de::Error as _};
use zeroize::Zeroizing;

mod url;

/// A Redis server, or the Sentinels who know it. Shown without its passwords.
#[derive(Clone)]
pub struct RedisAddress {
    pub(super) place: Place,
    pub(super) login: Login,
    pub(super) database: u32,
    pub(super) tls: Option<Tls>,
    shown: String,
}

/// Where to ask.
#[derive(Clone)]
pub(super) enum Place {
    Server(Host),
    Socket(PathBuf),
    Sentinels {
        hosts: Vec<Host>,
        master: String,
        login: Login,
    },
}

/// A name or address, and a port.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) port: u16,
}

/// Who we are there.
#[derive(Clone, Default)]
pub(super) struct Login {
    pub(super) user: Option<String>,
    pub(super) password: Option<Zeroizing<String>>,
}

/// Files for TLS; the system's authorities where none is named.
#[derive(Clone, Default)]
pub(super) struct Tls {
    pub(super) authority: Option<PathBuf>,
    pub(super) certificate: Option<(PathBuf, PathBuf)>,
}

impl RedisAddress {
    /// Reads a URL; the error is the end of a sentence that begins with the setting's name, and
    /// repeats no password.
    pub fn parse(text: &str) -> Result<Self, String> {
        url::parse(text.trim())
    }

    /// Whether the way there is open to others: over a network, without TLS.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        let hosts = match &self.place {
            Place::Server(host) => std::slice::from_ref(host),
            Place::Sentinels { hosts, .. } => hosts,
            Place::Socket(_) => &[],
        };
        self.tls.is_none() && !hosts.iter().all(Host::is_local)
    }
}

impl Host {
    fn is_local(&self) -> bool {
        matches!(self.name.as_str(), "localhost" | "127.0.0.1" | "::1")
    }
}

/// The URL as it may be shown.
impl fmt::Display for RedisAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.shown)
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "RedisAddress({})", self.shown)
    }
}

impl<'de> Deserialize<'de> for RedisAddress {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}
