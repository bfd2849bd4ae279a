//! Where the database is: the URL of `store.database`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, de::Error};

/// A database that this build can open. PostgreSQL will be the second variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// One file on this machine: `sqlite://data/signet.db`, `sqlite:///var/lib/signet/signet.db`.
    Sqlite(PathBuf),
}

impl DatabaseUrl {
    /// Reads a URL; the error is the end of a sentence that begins with the setting's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| "is not a database URL; write \"sqlite://data/signet.db\"".to_owned())?;
        match scheme {
            "sqlite" => sqlite(rest),
            // The URL may hold a password, so it is not repeated.
            "postgres" | "postgresql" => Err("names PostgreSQL, which this version does not support yet; use \"sqlite://data/signet.db\"".to_owned()),
            _ => Err(format!("has the unknown scheme {scheme:?}; use \"sqlite://data/signet.db\"")),
        }
    }

    /// The file of an SQLite database.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Sqlite(path) => path,
        }
    }
}

impl std::fmt::Display for DatabaseUrl {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(out, "sqlite://{}", path.display()),
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
            assert_eq!(parsed.path(), Path::new(path));
            assert_eq!(parsed.to_string(), url);
        }
    }

    #[test]
    fn refuses_other_databases_without_repeating_their_passwords() {
        for (url, part) in [
            ("postgres://me:hunter2@db/signet", "does not support yet"),
            ("postgresql://me:hunter2@db/signet", "does not support yet"),
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
