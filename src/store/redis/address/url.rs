//! Reading the URL. What is wrong is told without repeating it: nobody knows where in a URL that
//! does not parse the password is.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::{Host, Login, Place, RedisAddress, Tls};

const EXAMPLES: &str = "\"redis://user:password@host:6379/0\", \"rediss://…\" for TLS, \
    \"redis+sentinel://host1,host2/master/0\" or \"unix:///path/to/redis.sock\"";
const ESCAPES: &str = "has a character in the user or password that must be escaped; write %23 for \
    #, %2F for /, %40 for @ and %3F for ?";

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

const TLS_PARAMETERS: [&str; 3] = ["ssl_ca_certs", "ssl_certfile", "ssl_keyfile"];
const SENTINEL_PARAMETERS: [&str; 2] = ["sentinel_username", "sentinel_password"];
const SOCKET_PARAMETERS: [&str; 1] = ["db"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Server,
    Sentinels,
    Socket,
}

pub(super) fn parse(text: &str) -> Result<RedisAddress, String> {
    let (scheme, rest) = text
        .split_once("://")
        .ok_or_else(|| format!("is not a Redis URL; write {EXAMPLES}"))?;
    let (kind, tls) = match scheme {
        "redis" => (Kind::Server, false),
        "rediss" => (Kind::Server, true),
        "redis+sentinel" => (Kind::Sentinels, false),
        "rediss+sentinel" => (Kind::Sentinels, true),
        "unix" => (Kind::Socket, false),
        _ => {
            return Err(format!(
                "has the unknown scheme {scheme:?}; write {EXAMPLES}"
            ));
        }
    };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match place.find('/') {
        Some(at) => place.split_at(at),
        None => (place, ""),
    };
    if rest.contains('#') || query.contains(['@', '?']) || path.contains('@') {
        return Err(ESCAPES.to_owned());
    }
    let parameters = parameters(query, kind, tls)?;
    let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let parsed = Parsed {
        kind,
        login: read_login(login)?,
        hosts,
        path,
        parameters: &parameters,
    };
    Ok(RedisAddress {
        place: parsed.place()?,
        database: parsed.database()?,
        tls: tls.then(|| parsed.tls()).transpose()?,
        shown: format!(
            "{scheme}://{}{hosts}{path}{}",
            shown_login(login),
            shown_query(&parameters)
        ),
        login: parsed.login,
    })
}

struct Parsed<'t> {
    kind: Kind,
    login: Login,
    hosts: &'t str,
    /// With the slash that it begins with, if there is one.
    path: &'t str,
    parameters: &'t [(&'t str, &'t str)],
}

impl Parsed<'_> {
    fn place(&self) -> Result<Place, String> {
        match self.kind {
            Kind::Socket => {
                if !self.hosts.is_empty() || self.path.len() < 2 {
                    return Err("names no socket; write \"unix:///path/to/redis.sock\"".to_owned());
                }
                Ok(Place::Socket(PathBuf::from(decoded(self.path)?)))
            }
            Kind::Server => Ok(Place::Server(read_host(self.hosts, PORT)?)),
            Kind::Sentinels => {
                let hosts = self.hosts.split(',');
                let hosts: Result<Vec<Host>, String> =
                    hosts.map(|host| read_host(host, SENTINEL_PORT)).collect();
                Ok(Place::Sentinels {
                    hosts: hosts?,
                    master: self.master()?,
                    login: self.sentinel_login()?,
                })
            }
        }
    }

    fn master(&self) -> Result<String, String> {
        let name = self.path.trim_start_matches('/').split('/').next();
        match name {
            None | Some("") => Err(
                "does not name the master; write \"redis+sentinel://host1,host2/master/0\""
                    .to_owned(),
            ),
            Some(name) => decoded(name),
        }
    }

    fn sentinel_login(&self) -> Result<Login, String> {
        let value = |name| self.value(name).map(decoded).transpose();
        let (user, password) = (value("sentinel_username")?, value("sentinel_password")?);
        if user.is_some() && password.is_none() {
            return Err("has a sentinel_username without sentinel_password; add it".to_owned());
        }
        Ok(Login {
            user,
            password: password.map(Zeroizing::new),
        })
    }

    fn database(&self) -> Result<u32, String> {
        let number = match self.kind {
            Kind::Socket => self.value("db").unwrap_or_default(),
            Kind::Server => self.path.trim_start_matches('/'),
            Kind::Sentinels => {
                let path = self.path.trim_start_matches('/');
                path.split_once('/').map_or("", |(_, number)| number)
            }
        };
        if number.is_empty() {
            return Ok(0);
        }
        let plain = number.len() <= 5 && number.bytes().all(|byte| byte.is_ascii_digit());
        let wrong = || "has a database that is no number; write 0, or leave it out".to_owned();
        number.parse().ok().filter(|_| plain).ok_or_else(wrong)
    }

    fn tls(&self) -> Result<Tls, String> {
        let file = |name| {
            self.value(name)
                .map(|path| decoded(path).map(PathBuf::from))
                .transpose()
        };
        let certificate = match (file("ssl_certfile")?, file("ssl_keyfile")?) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                let sentence = "has only one of ssl_certfile and ssl_keyfile; name both or none";
                return Err(sentence.to_owned());
            }
        };
        Ok(Tls {
            authority: file("ssl_ca_certs")?,
            certificate,
        })
    }

    fn value(&self, name: &str) -> Option<&str> {
        let mut all = self.parameters.iter();
        all.find(|(key, _)| *key == name).map(|(_, value)| *value)
    }
}

/// The parameters of a query, each one that there is for this kind of address.
fn parameters(query: &str, kind: Kind, tls: bool) -> Result<Vec<(&str, &str)>, String> {
    let mut known: Vec<&str> = Vec::new();
    if tls {
        known.extend(TLS_PARAMETERS);
    }
    match kind {
        Kind::Server => {}
        Kind::Sentinels => known.extend(SENTINEL_PARAMETERS),
        Kind::Socket => known.extend(SOCKET_PARAMETERS),
    }
    let mut found: Vec<(&str, &str)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !known.contains(&name) {
            let known = match known.as_slice() {
                [] => "with this scheme there are none".to_owned(),
                known => format!("with this scheme there are {}", known.join(", ")),
            };
            return Err(format!("has the unknown parameter {name:?}; {known}"));
        }
        if value.is_empty() || found.iter().any(|(other, _)| *other == name) {
            return Err(format!("has {name} empty or twice; give it one value"));
        }
        found.push((name, value));
    }
    Ok(found)
}

fn read_login(text: &str) -> Result<Login, String> {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    if password.is_empty() && !text.is_empty() {
        return Err(
            "has a user without password; write \"redis://user:password@host\", or \
            \"redis://:password@host\" where there is only a password"
                .to_owned(),
        );
    }
    let filled = |text: &str| (!text.is_empty()).then(|| decoded(text)).transpose();
    Ok(Login {
        user: filled(user)?,
        password: filled(password)?.map(Zeroizing::new),
    })
}

fn read_host(text: &str, usual_port: u16) -> Result<Host, String> {
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').unwrap_or(("", "")),
        None => text.find(':').map_or((text, ""), |at| text.split_at(at)),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
    if name.is_empty() || !name.chars().all(plain) {
        return Err("names no host; write \"redis://host:6379\"".to_owned());
    }
    let port = match port.strip_prefix(':') {
        Some(number) => number.parse().ok().filter(|port| *port > 0),
        None if port.is_empty() => Some(usual_port),
        None => None,
    };
    let wrong = || "has a port that is no number of 1 to 65535".to_owned();
    Ok(Host {
        name: name.to_owned(),
        port: port.ok_or_else(wrong)?,
    })
}

fn shown_login(login: &str) -> String {
    match login.split_once(':') {
        None => String::new(),
        Some((user, _)) => format!("{user}:***@"),
    }
}

fn shown_query(parameters: &[(&str, &str)]) -> String {
    let shown = parameters.iter().map(|(name, value)| match *name {
        "sentinel_password" => format!("{name}=***"),
        _ => format!("{name}={value}"),
    });
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() {
        String::new()
    } else {
        format!("?{}", shown.join("&"))
    }
}

/// Undoes percent-encoding (RFC 3986 §2.1).
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        bytes.push(match byte {
            b'%' => {
                let (digits, after) = rest.split_first_chunk::<2>().ok_or_else(escape)?;
                rest = after;
                hex(*digits).ok_or_else(escape)?
            }
            byte => *byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| escape())
}

fn hex(digits: [u8; 2]) -> Option<u8> {
    let text = std::str::from_utf8(&digits).ok()?;
    u8::from_str_radix(text, 16)
        .ok()
        .filter(|_| digits[0] != b'+')
}

fn escape() -> String {
    "has a % that begins no escape such as %40; write %25 for a plain one".to_owned()
}

#[cfg(test)]
mod tests;
