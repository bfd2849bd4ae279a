//! Scopes, the grants that allow them, and what is left of a request (RFC 6749 §3.3).

mod grant;
mod registry;

pub use grant::{Grant, GrantError, Grants};
pub use registry::{RegisteredScope, RegistrationError, Registry};

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What the names of Signet's own scopes begin with: never part of "everything", only in a token
/// that was asked to have them by name.
const OWN: &str = "signet.";
const MAX_LENGTH: usize = 128;

/// A scope-token of RFC 6749 §3.3, such as `pages.read`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(String);

impl Scope {
    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scope of a name that is known to be one.
    pub(super) fn named(name: &'static str) -> Self {
        Self(name.to_owned())
    }

    /// Whether it is one of Signet's own, which administer Signet.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.0.starts_with(OWN)
    }
}

/// The text is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope is 1 to 128 visible ASCII characters without space, `\"` and `\\`")]
pub struct ScopeError;

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let allowed = |byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        if (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ScopeError)
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, ScopeError> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A set of scopes, written as one space-separated string, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it holds `scope`.
    #[must_use]
    pub fn contains(&self, scope: &Scope) -> bool {
        self.0.contains(scope)
    }

    /// Whether every one of these is in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// Those that both hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// The scopes in order.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Whether one of them administers Signet.
    #[must_use]
    pub fn any_own(&self) -> bool {
        self.0.iter().any(Scope::is_own)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl FromStr for Scopes {
    type Err = ScopeError;

    /// Reads scopes separated by single spaces; the empty string holds none.
    fn from_str(text: &str) -> Result<Self, ScopeError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        text.split(' ').map(str::parse).collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_syntax_is_that_of_rfc_6749() {
        assert!("".parse::<Scope>().is_err());
        for refused in ["a b", "a\"b", "a\\b", "ä", "a\n"] {
            assert!(refused.parse::<Scope>().is_err(), "{refused:?}");
        }
        assert_eq!("b a b".parse::<Scopes>().unwrap().to_string(), "a b");
        assert!("a  b".parse::<Scopes>().is_err());
    }
}
