//! Grants: what a user may be given.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{OWN, Registry, Scope, Scopes};

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

    /// Whether it allows `scope`. `*` allows Signet's own too: what keeps those out of everyday
    /// tokens is that they are never given unasked.
    #[must_use]
    pub fn allows(&self, scope: &Scope) -> bool {
        match self.stem() {
            Some(stem) => scope.0.len() > stem.len() && scope.0.starts_with(stem),
            None => self.0 == scope.0,
        }
    }

    /// Whether it allows whatever `other` allows, now and when there are more scopes.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self.stem(), other.stem()) {
            (_, None) => self.allows(&Scope(other.0.clone())),
            (None, Some(_)) => false,
            (Some(wide), Some(narrow)) => narrow.starts_with(wide),
        }
    }

    fn is_pattern(&self) -> bool {
        self.stem().is_some()
    }

    /// What each scope begins with that it allows, where it is a pattern.
    pub(super) fn stem(&self) -> Option<&str> {
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

    /// Whether one of them that says `signet.` allows this scope of Signet's own: what counts where
    /// nobody asks for it by name.
    #[must_use]
    pub fn say(&self, own: &Scope) -> bool {
        let mut said = self.0.iter().filter(|grant| grant.0.starts_with(OWN));
        said.any(|grant| grant.allows(own))
    }

    /// What a token may carry: of `asked`, patterns in it spelled out, what is granted and there;
    /// where nothing was asked for, every granted scope but Signet's own.
    #[must_use]
    pub fn effective(&self, asked: Option<&Scopes>, registry: &Registry) -> Scopes {
        let Some(asked) = asked else {
            let granted = self.iter().flat_map(|grant| registry.spell_out(grant));
            return granted.filter(|scope| !scope.is_own()).collect();
        };
        let there_is = registry.there_is(asked);
        let granted = there_is.iter().filter(|scope| self.allow(scope));
        granted.cloned().collect()
    }

    /// What a key with these grants may do, of what there is: what `limit` allows, where there is
    /// one. Signet's own where they are named.
    #[must_use]
    pub fn within(&self, limit: Option<&Self>, registry: &Registry) -> Scopes {
        self.iter()
            .flat_map(|grant| registry.spell_out(grant))
            .filter(|scope| limit.is_none_or(|limit| limit.allow(scope)))
            .collect()
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
}

/// As they are stored: separated by spaces, in order.
impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grants: Vec<&str> = self.iter().map(Grant::as_str).collect();
        f.write_str(&grants.join(" "))
    }
}

impl FromStr for Grants {
    type Err = GrantError;

    /// Reads grants separated by single spaces; the empty string holds none.
    fn from_str(text: &str) -> Result<Self, GrantError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        text.split(' ').map(str::parse).collect()
    }
}

impl Serialize for Grants {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Grants {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl FromIterator<Grant> for Grants {
    fn from_iter<T: IntoIterator<Item = Grant>>(grants: T) -> Self {
        Self(grants.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::RegisteredScope;
    use super::*;
    use crate::model::time::Timestamp;

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
    fn a_wide_pattern_covers_narrow_ones() {
        let covers = |wide: &str, narrow: &str| {
            let wide: Grant = wide.parse().unwrap();
            wide.covers(&narrow.parse().unwrap())
        };
        for (wide, narrow) in [
            ("*", "pages.*"),
            ("*", "*"),
            ("*", "signet.*"),
            ("a.*", "a.b.*"),
        ] {
            assert!(covers(wide, narrow), "{wide} {narrow}");
            assert_eq!(covers(narrow, wide), wide == narrow, "{narrow} {wide}");
        }
        assert!(covers("a.*", "a.b") && covers("a", "a"));
        assert!(!covers("a.b", "a.*") && !covers("a.*", "ab.*"));
    }

    /// What is left of a request of somebody with these grants.
    fn left(grants: &[&str], asked: Option<&str>) -> String {
        let registered = ["blog.read", "pages", "pages.drafts.read", "pages.read"];
        let registry: Registry = registered
            .map(|name| RegisteredScope::of_newcomer(name, "", Timestamp::default()).unwrap())
            .into_iter()
            .collect();
        let grants: Grants = grants.iter().map(|grant| grant.parse().unwrap()).collect();
        let asked = asked.map(|asked| asked.parse().unwrap());
        grants.effective(asked.as_ref(), &registry).to_string()
    }

    #[test]
    fn nothing_asked_is_everything_granted_that_there_is() {
        assert_eq!(
            left(&["*"], None),
            "blog.read pages pages.drafts.read pages.read"
        );
        assert_eq!(left(&["pages.*"], None), "pages.drafts.read pages.read");
        assert_eq!(left(&["blog.read", "blog.write"], None), "blog.read");
        assert_eq!(left(&["signet.*", "signet.users.read"], None), "");
        assert_eq!(left(&[], None), "");
    }

    #[test]
    fn a_request_is_cut_to_what_is_granted_and_there() {
        let asked = Some("blog.write pages.read signet.users.read");
        assert_eq!(left(&["*"], asked), "pages.read signet.users.read");
        assert_eq!(
            left(&["pages.*", "signet.*"], asked),
            "pages.read signet.users.read"
        );
        assert_eq!(left(&["pages.*", "blog.*"], asked), "pages.read");
        assert_eq!(left(&["*"], Some("signet.unheard.of")), "");
        assert_eq!(left(&["*"], Some("")), "");
    }

    #[test]
    fn a_key_never_has_more_than_its_limit() {
        let registry: Registry = ["blog.read", "pages.read", "pages.write"]
            .map(|name| RegisteredScope::of_newcomer(name, "", Timestamp::default()).unwrap())
            .into_iter()
            .collect();
        let grants = |all: &[&str]| -> Grants { all.iter().map(|g| g.parse().unwrap()).collect() };
        let within = |key: &[&str], limit: Option<&[&str]>| {
            let limit = limit.map(grants);
            grants(key).within(limit.as_ref(), &registry).to_string()
        };
        assert_eq!(within(&["pages.*"], None), "pages.read pages.write");
        assert_eq!(within(&["pages.*"], Some(&["pages.read"])), "pages.read");
        assert_eq!(within(&["*"], Some(&["pages.*"])), "pages.read pages.write");
        assert_eq!(within(&["blog.write"], None), "");
        assert_eq!(within(&["*"], Some(&[])), "");
        let own = "signet.users.read";
        assert!(!within(&["*"], Some(&["*"])).contains(own));
        assert_eq!(within(&[own], Some(&["*"])), own);
        assert_eq!(within(&[own], Some(&["pages.*"])), "");
    }

    #[test]
    fn a_pattern_is_asked_for_as_what_it_stands_for() {
        assert_eq!(
            left(&["pages.read", "blog.*"], Some("pages.*")),
            "pages.read"
        );
        assert_eq!(left(&["*"], Some("*")), left(&["*"], None));
        assert_eq!(
            left(&["*"], Some("signet.users.*")),
            "signet.users.read signet.users.write"
        );
        assert_eq!(left(&["*"], Some("pa* pages.*.read *.read")), "");
    }
}
