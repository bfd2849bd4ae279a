//! Where the database is: the URL of `store.database`.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Deserializer, de::Error};

use super::Secret;

const EXAMPLES: &str = "\"sqlite://data/signet.db\" or \"postgres://user:password@host/database\"";
/// What a PostgreSQL URL may have after `?`.
const PARAMETERS: [&str; 6] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "application_name",
];
const SSL_MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/// A database that this build can open.
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    /// One file on this machine: `sqlite://data/signet.db`, `sqlite:///var/lib/signet/signet.db`.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(PostgresUrl),
}

/// The URL of a database on a PostgreSQL server; shown without its password.
#[derive(Clone, Debug)]
pub struct PostgresUrl {
    whole: Secret,
    shown: String,
    /// Whether the way there is open to others: over a network, the server's name not verified.
    pub is_exposed: bool,
}

impl DatabaseUrl {
    /// Reads a URL; the error is the end of a sentence that begins with the setting's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text
            .trim()
            .split_once("://")
            .ok_or_else(|| format!("is not a database URL; write {EXAMPLES}"))?;
        match scheme {
            "sqlite" => sqlite(rest),
            "postgres" | "postgresql" => postgres(rest).map(Self::Postgres),
            // The URL may hold a password, so it is not repeated.
            _ => Err(format!(
                "has the unknown scheme {scheme:?}; write {EXAMPLES}"
            )),
        }
    }

    /// The whole URL, for the one place that connects.
    #[must_use]
    pub fn expose(&self) -> String {
        match self {
            Self::Sqlite(_) => self.to_string(),
            Self::Postgres(url) => url.whole.expose().to_owned(),
        }
    }
}

/// The URL as it may be shown.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(out, "sqlite://{}", path.display()),
            Self::Postgres(url) => out.write_str(&url.shown),
        }
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

fn sqlite(path: &str) -> Result<DatabaseUrl, String> {
    if path.contains(['?', '#', '%']) {
        return Err("has parameters or escapes, which Signet sets itself; write only \"sqlite://\" and a path".to_owned());
    }
    if path.is_empty() || path.ends_with('/') || path == ":memory:" {
        return Err("names no file; write \"sqlite://data/signet.db\" (for a throwaway database use `signet demo`)".to_owned());
    }
    Ok(DatabaseUrl::Sqlite(PathBuf::from(path)))
}

fn postgres(rest: &str) -> Result<PostgresUrl, String> {
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = place.split_once('/').unwrap_or((place, ""));
    if database.is_empty() {
        return Err(
            "names no database; write \"postgres://user:password@host/database\"".to_owned(),
        );
    }
    if authority.contains('#') || database.contains(['#', '/', '@']) {
        return Err("has a character in the user or password that must be escaped; write %23 for #, %2F for /, %40 for @ and %3F for ?".to_owned());
    }
    let parameters = parameters(query)?;
    let (login, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let user = login.split_once(':').map_or(login, |(user, _)| user);
    let shown_login = match (login.is_empty(), login.len() > user.len()) {
        (true, _) => String::new(),
        (false, false) => format!("{user}@"),
        (false, true) => format!("{user}:***@"),
    };
    let shown_query = if query.is_empty() { "" } else { "?" };
    let value = |name: &str| {
        let found = parameters.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| *value)
    };
    let is_local = [Some(host), value("host")]
        .into_iter()
        .flatten()
        .any(|host| {
            let name = host.trim_end_matches(|c: char| c.is_ascii_digit());
            let name = name.strip_suffix(':').unwrap_or(host);
            host.starts_with(['/', '%']) || matches!(name, "localhost" | "127.0.0.1" | "[::1]")
        })
        || (host.is_empty() && value("host").is_none());
    Ok(PostgresUrl {
        whole: Secret::new(format!("postgres://{rest}")),
        shown: format!("postgres://{shown_login}{host}/{database}{shown_query}{query}"),
        is_exposed: !is_local && value("sslmode") != Some("verify-full"),
    })
}

/// The parameters of a query, each one that we know.
fn parameters(query: &str) -> Result<Vec<(&str, &str)>, String> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !PARAMETERS.contains(&name) {
                let known = PARAMETERS.join(", ");
                return Err(format!(
                    "has the unknown parameter {name:?}; there are {known}"
                ));
            }
            if name == "sslmode" && !SSL_MODES.contains(&value) {
                let known = SSL_MODES.join(", ");
                return Err(format!(
                    "has the unknown sslmode {value:?}; use one of {known}"
                ));
            }
            Ok((name, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_relative_and_absolute_paths() {
        for (url, path) in [
            ("sqlite://data/signet.db", "data/signet.db"),
            ("sqlite:///var/lib/signet.db", "/var/lib/signet.db"),
        ] {
            let parsed = DatabaseUrl::parse(url).unwrap();
            assert!(
                matches!(&parsed, DatabaseUrl::Sqlite(at) if at == path.as_ref() as &std::path::Path)
            );
            assert_eq!(
                (parsed.to_string(), parsed.expose()),
                (url.to_owned(), url.to_owned())
            );
        }
    }

    #[test]
    fn shows_a_server_without_its_password() {
        for (url, shown, exposed) in [
            (
                "postgres://me:hunter2@db.example:5433/signet?sslmode=require",
                "postgres://me:***@db.example:5433/signet?sslmode=require",
                true,
            ),
            (
                "postgresql://me:hunter2@db/signet?sslmode=verify-full&sslrootcert=/etc/ca.pem",
                "postgres://me:***@db/signet?sslmode=verify-full&sslrootcert=/etc/ca.pem",
                false,
            ),
            (
                "postgres://me@localhost/signet",
                "postgres://me@localhost/signet",
                false,
            ),
            (
                "postgres://me@127.0.0.1:5433/signet",
                "postgres://me@127.0.0.1:5433/signet",
                false,
            ),
            (
                "postgres:///signet?host=/var/run/postgresql",
                "postgres:///signet?host=/var/run/postgresql",
                false,
            ),
            (
                "postgres://me@%2Fvar%2Frun%2Fpostgresql/signet",
                "postgres://me@%2Fvar%2Frun%2Fpostgresql/signet",
                false,
            ),
        ] {
            let parsed = DatabaseUrl::parse(url).unwrap();
            assert_eq!(parsed.to_string(), shown);
            assert!(!format!("{parsed:?}").contains("hunter2"));
            assert_eq!(parsed.expose().contains("hunter2"), url.contains("hunter2"));
            assert!(matches!(parsed, DatabaseUrl::Postgres(url) if url.is_exposed == exposed));
        }
    }

    #[test]
    fn refuses_what_it_does_not_know_without_repeating_passwords() {
        for (url, part) in [
            ("postgres://me:hunter2@db", "names no database"),
            ("postgres://me:hunter2@db/", "names no database"),
            ("postgres://me:hunter2/3@db/signet", "must be escaped"),
            (
                "postgres://me:hunter2@db/signet?sslmode=allow",
                "unknown sslmode \"allow\"",
            ),
            (
                "postgres://me:hunter2@db/signet?options=x",
                "unknown parameter \"options\"",
            ),
            ("mysql://me:hunter2@db/signet", "unknown scheme \"mysql\""),
            ("data/signet.db", "is not a database URL"),
            ("sqlite://", "names no file"),
            ("sqlite://:memory:", "names no file"),
            ("sqlite://data/", "names no file"),
            ("sqlite://data/signet.db?mode=rwc", "has parameters"),
        ] {
            let error = DatabaseUrl::parse(url).unwrap_err();
            assert!(
                error.contains(part) && !error.contains("hunter2"),
                "{url}: {error}"
            );
        }
    }
}
