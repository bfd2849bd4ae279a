//! Grants: what a user may be given.

use std::{collections::BTreeSet, fmt, str::FromStr};

use super::{OWN, Scope, Scopes};

/// What a user may be given: a scope's name, or a pattern over whole dot segments (`pages.*`, `*`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant(String);

impl Grant {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scope that it names, where it is no pattern.
    #[must_use]
    pub fn as_scope(&self) -> Option<Scope> {
        (!self.is_pattern()).then(|| Scope(self.0.clone()))
    }

    /// Whether it allows `scope`. A pattern without `signet.` in it allows none of Signet's own.
    #[must_use]
    pub fn allows(&self, scope: &Scope) -> bool {
        let Some(stem) = self.stem() else {
            return self.0 == scope.0;
        };
        scope.0.len() > stem.len()
            && scope.0.starts_with(stem)
            && (!scope.is_own() || stem.starts_with(OWN))
    }

    /// Whether it allows whatever `other` allows, now and when there are more scopes.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self.stem(), other.stem()) {
            (_, None) => self.allows(&Scope(other.0.clone())),
            (None, Some(_)) => false,
            (Some(wide), Some(narrow)) => {
                narrow.starts_with(wide) && narrow.starts_with(OWN) == wide.starts_with(OWN)
            }
        }
    }

    fn is_pattern(&self) -> bool {
        self.stem().is_some()
    }

    /// What each scope begins with that it allows, where it is a pattern.
    fn stem(&self) -> Option<&str> {
        self.0.strip_suffix('*')
    }
}

/// The text is no grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a grant is a scope, `*`, or whole dot segments and `.*` such as `pages.*`")]
pub struct GrantError;

impl FromStr for Grant {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let name = text.strip_suffix(".*").unwrap_or(text);
        let wildcard_inside = name.contains('*') && name != "*";
        if wildcard_inside || name.parse::<Scope>().is_err() {
            return Err(GrantError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a user holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants(BTreeSet<Grant>);

impl Grants {
    /// Whether one of them allows `scope`.
    #[must_use]
    pub fn allow(&self, scope: &Scope) -> bool {
        self.0.iter().any(|grant| grant.allows(scope))
    }

    /// Whether one of them allows whatever `grant` allows.
    #[must_use]
    pub fn cover(&self, grant: &Grant) -> bool {
        self.0.iter().any(|own| own.covers(grant))
    }

    /// What a token may carry: of `asked` what is granted; where nothing was asked for, every
    /// granted scope but Signet's own.
    #[must_use]
    pub fn effective(&self, asked: Option<&Scopes>) -> Scopes {
        match asked {
            Some(asked) => asked
                .iter()
                .filter(|scope| self.allow(scope))
                .cloned()
                .collect(),
            None => self.named().filter(|scope| !scope.is_own()).collect(),
        }
    }

    /// The grants in order.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.0.iter()
    }

    /// Adds one; whether it is new.
    pub fn insert(&mut self, grant: Grant) -> bool {
        self.0.insert(grant)
    }

    /// Takes one away; whether it was there.
    pub fn remove(&mut self, grant: &Grant) -> bool {
        self.0.remove(grant)
    }

    fn named(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().filter_map(Grant::as_scope)
    }
}

/// As they are stored: separated by spaces, in order.
impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grants: Vec<&str> = self.iter().map(Grant::as_str).collect();
        f.write_str(&grants.join(" "))
    }
}

impl FromIterator<Grant> for Grants {
    fn from_iter<T: IntoIterator<Item = Grant>>(grants: T) -> Self {
        Self(grants.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        text.parse().unwrap()
    }

    #[test]
    fn a_pattern_stands_for_whole_segments() {
        let pages: Grant = "pages.*".parse().unwrap();
        assert!(pages.allows(&scope("pages.read")) && pages.allows(&scope("pages.drafts.read")));
        assert!(!pages.allows(&scope("pages")) && !pages.allows(&scope("pagesx.read")));
        for refused in ["pa*", "*.read", "pages.*.read", "", ".*", "**"] {
            assert!(refused.parse::<Grant>().is_err(), "{refused}");
        }
    }

    #[test]
    fn everything_never_includes_our_own_scopes() {
        let star: Grant = "*".parse().unwrap();
        assert!(star.allows(&scope("pages.read")) && !star.allows(&scope("signet.users.read")));
        let own: Grant = "signet.*".parse().unwrap();
        assert!(own.allows(&scope("signet.users.read")));
    }

    #[test]
    fn a_request_is_cut_to_what_is_granted() {
        let grants: Grants = ["pages.*", "blog.read", "signet.users.read"]
            .map(|g| g.parse().unwrap())
            .into_iter()
            .collect();
        let asked = "pages.read blog.write signet.users.read".parse().unwrap();
        assert_eq!(
            grants.effective(Some(&asked)).to_string(),
            "pages.read signet.users.read"
        );
        assert_eq!(grants.effective(None).to_string(), "blog.read");
    }
}
