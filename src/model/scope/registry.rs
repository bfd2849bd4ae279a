//! The registry: which scopes there are, and what a set of grants comes to.

use std::{collections::BTreeMap, ops::Bound};

use super::{Grant, OWN, Scope, ScopeError, Scopes};
use crate::model::{own_scope::OwnScope, text::misleads, time::Timestamp};

const MAX_DESCRIPTION_CHARS: usize = 200;

/// A scope that somebody registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredScope {
    /// Its name.
    pub name: Scope,
    /// What it allows, for people.
    pub description: String,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// The scopes that there are: those that were registered. Signet's own are built in, and part of
/// no registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry(BTreeMap<Scope, RegisteredScope>);

/// Why a scope cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// It is no scope at all.
    #[error(transparent)]
    Syntax(#[from] ScopeError),
    /// It would be one of Signet's own.
    #[error("scopes that begin with `signet.` are Signet's own and built in")]
    Own,
    /// It would be taken for a pattern, or patterns could not tell its segments apart.
    #[error("a scope has no `*`, and something before, between and after its dots")]
    Segments,
    /// Its description cannot be shown.
    #[error("a description has at most 200 characters, all of them printable")]
    Description,
}

impl RegistrationError {
    /// Where it stands in the body.
    #[must_use]
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::Syntax(_) | Self::Own | Self::Segments => "/name",
            Self::Description => "/description",
        }
    }

    /// Its name in answers.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Own => "reserved",
            Self::Syntax(_) | Self::Segments | Self::Description => "malformed",
        }
    }
}

impl RegisteredScope {
    /// Reads a scope that somebody wants to register.
    pub fn of_newcomer(
        name: &str,
        description: &str,
        created_at: Timestamp,
    ) -> Result<Self, RegistrationError> {
        let name: Scope = name.parse()?;
        if name.is_own() || name.as_str() == OWN.trim_end_matches('.') {
            return Err(RegistrationError::Own);
        }
        if name.as_str().contains('*') || name.as_str().split('.').any(str::is_empty) {
            return Err(RegistrationError::Segments);
        }
        let too_long = description.chars().count() > MAX_DESCRIPTION_CHARS;
        if too_long || description.chars().any(misleads) {
            return Err(RegistrationError::Description);
        }
        Ok(Self {
            name,
            description: description.to_owned(),
            created_at,
        })
    }
}

impl Registry {
    /// Of these scopes those that there are, patterns among them spelled out.
    #[must_use]
    pub fn there_is(&self, asked: &Scopes) -> Scopes {
        let asked = asked.iter().filter_map(|asked| asked.as_str().parse().ok());
        asked
            .flat_map(|asked: Grant| self.spell_out(&asked))
            .collect()
    }

    /// Whether there is such a scope: registered, or one of Signet's own.
    #[must_use]
    pub fn knows(&self, scope: &Scope) -> bool {
        self.0.contains_key(scope) || OwnScope::ALL.iter().any(|own| own.as_str() == scope.0)
    }

    /// A registered scope.
    #[must_use]
    pub fn get(&self, name: &Scope) -> Option<&RegisteredScope> {
        self.0.get(name)
    }

    /// The registered scopes by name.
    pub fn iter(&self) -> impl Iterator<Item = &RegisteredScope> {
        self.0.values()
    }

    /// All that a grant allows now: the one scope, or what matches the pattern.
    #[must_use]
    pub fn reach(&self, grant: &Grant) -> Vec<Scope> {
        let Some(stem) = grant.stem() else {
            let scope = Scope(grant.as_str().to_owned());
            return Vec::from_iter(self.knows(&scope).then_some(scope));
        };
        let begin = Bound::Included(Scope(stem.to_owned()));
        let registered = self.0.range((begin, Bound::Unbounded));
        let registered = registered.map(|(name, _)| name);
        let registered = registered.take_while(|name| name.0.starts_with(stem));
        let own = OwnScope::ALL.iter().map(|own| own.scope());
        let own = own.filter(|own| grant.allows(own));
        registered.cloned().chain(own).collect()
    }

    /// What a grant or a request stands for where nothing more is said: of what it reaches,
    /// Signet's own only if it says `signet.`.
    pub(super) fn spell_out(&self, grant: &Grant) -> Vec<Scope> {
        let mut reached = self.reach(grant);
        reached.retain(|scope| !scope.is_own() || grant.as_str().starts_with(OWN));
        reached
    }
}

impl FromIterator<RegisteredScope> for Registry {
    fn from_iter<T: IntoIterator<Item = RegisteredScope>>(scopes: T) -> Self {
        let named = |scope: RegisteredScope| (scope.name.clone(), scope);
        Self(scopes.into_iter().map(named).collect())
    }
}
