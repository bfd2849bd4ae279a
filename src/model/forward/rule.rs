//! One rule: which requests it covers, and what those must present.

use super::{Accept, Carrier, HostName, Method, Original, Prefix};
use crate::model::scope::{Scope, Scopes};

/// A rule as it is written down; [`Rules`](super::Rules) takes only those that make sense.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The hosts that it covers; every host where empty.
    pub hosts: Vec<HostName>,
    /// The paths that it covers.
    pub path: Prefix,
    /// The methods that it covers; every method where empty.
    pub methods: Vec<Method>,
    /// What it takes, in the order in which it looks.
    pub accept: Vec<Accept>,
    /// How much of that must be presented.
    pub require: Require,
    /// The scopes that each credential must have.
    pub scopes: Scopes,
    /// One more scope that each must have: what lets anybody in at all (`api.access`).
    pub base_scope: Option<Scope>,
    /// Whom access tokens and keys must be for, one of them; the configured audiences where empty.
    pub audiences: Vec<String>,
    /// Methods that need no credential where none is presented.
    pub anonymous: Vec<Method>,
    /// Paths below its own where credentials are not looked at.
    pub public: Vec<Prefix>,
    /// The audience of the token that tells the application who asks; by headers where absent.
    pub token_audience: Option<String>,
}

/// How much of what a rule takes must be presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Require {
    /// The first that is presented decides.
    Any,
    /// Everything must be.
    All,
}

/// Why a rule makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Nothing could pass.
    #[error("lets nothing in: name what it accepts, or make it public or anonymous")]
    Nothing,
    /// Something is accepted twice.
    #[error("accepts {0} twice; write it once")]
    Twice(Accept),
    /// Two credentials cannot be in one place.
    #[error(
        "requires all of {0} and {1}, which a request carries in one place; use require = \"any\""
    )]
    OnePlace(Accept, Accept),
    /// One is all.
    #[error("requires all of a single method; leave `require` out")]
    Single,
    /// The anonymous method is not one of the rule's.
    #[error("lets {0} in without a credential but does not cover {0}; add it to `methods`")]
    AnonymousElsewhere(Method),
    /// The public path is not below the rule's.
    #[error("makes {0} public, which is not below its path {1}")]
    PublicElsewhere(Prefix, Prefix),
    /// Scopes of Signet's own.
    #[error("needs {0}, which administers Signet and is never given to an application")]
    OwnScope(Scope),
    /// Another rule takes every request before it.
    #[error("is never reached: rule {0} covers every request that it does; put it before that one")]
    Unreachable(usize),
    /// Another rule has the path in another case.
    #[error("has a path that differs from the one of rule {0} in case only; choose another")]
    Case(usize),
}

impl Rule {
    /// Whether it covers that host and method. Paths are judged apart, because of their case.
    pub(super) fn is_for(&self, original: &Original) -> bool {
        self.is_for_host(original)
            && (self.methods.is_empty() || self.methods.contains(&original.method))
    }

    pub(super) fn is_for_host(&self, original: &Original) -> bool {
        self.hosts.is_empty() || self.hosts.contains(&original.host.name)
    }

    /// Everything that a credential must be allowed to do.
    #[must_use]
    pub fn needs(&self) -> Scopes {
        let all = self.base_scope.iter().chain(self.scopes.iter());
        all.cloned().collect()
    }

    /// Whether a request passes that presents nothing. One that asks to be taken for another
    /// method does not.
    #[must_use]
    pub fn lets_in_anonymous(&self, original: &Original) -> bool {
        self.anonymous.contains(&original.method) && !original.overrides_method
    }

    /// What makes no sense about it by itself.
    pub(super) fn mistakes(&self) -> Vec<RuleError> {
        let mut mistakes = Vec::new();
        if self.accept.is_empty() && self.anonymous.is_empty() && self.public.is_empty() {
            mistakes.push(RuleError::Nothing);
        }
        if self.require == Require::All && self.accept.len() < 2 {
            mistakes.push(RuleError::Single);
        }
        for (at, one) in self.accept.iter().enumerate() {
            let earlier = &self.accept[..at];
            if earlier.iter().any(|other| other.is_same(one)) {
                mistakes.push(RuleError::Twice(one.clone()));
                continue;
            }
            let same_place = |other: &&Accept| other.carrier() == one.carrier();
            if let Some(other) = earlier.iter().find(same_place)
                && self.require == Require::All
                && one.carrier() != Carrier::Cookie
            {
                mistakes.push(RuleError::OnePlace(other.clone(), one.clone()));
            }
        }
        let is_covered =
            |method: &&Method| self.methods.is_empty() || self.methods.contains(method);
        let elsewhere = self.anonymous.iter().find(|method| !is_covered(method));
        mistakes.extend(elsewhere.cloned().map(RuleError::AnonymousElsewhere));
        let outside = self
            .public
            .iter()
            .find(|public| !self.path.contains(public));
        mistakes.extend(
            outside.map(|public| RuleError::PublicElsewhere(public.clone(), self.path.clone())),
        );
        let own = self.needs().iter().find(|scope| scope.is_own()).cloned();
        mistakes.extend(own.map(RuleError::OwnScope));
        mistakes
    }

    /// Whether it covers every request that another does.
    pub(super) fn swallows(&self, other: &Self) -> bool {
        fn is_wider<T: PartialEq>(one: &[T], other: &[T]) -> bool {
            one.is_empty() || (!other.is_empty() && other.iter().all(|item| one.contains(item)))
        }
        is_wider(&self.hosts, &other.hosts)
            && is_wider(&self.methods, &other.methods)
            && self.path.contains(&other.path)
    }

    /// Whether a host and a method may be both its own and another's.
    pub(super) fn meets(&self, other: &Self) -> bool {
        fn overlaps<T: PartialEq>(one: &[T], other: &[T]) -> bool {
            one.is_empty() || other.is_empty() || one.iter().any(|item| other.contains(item))
        }
        overlaps(&self.hosts, &other.hosts) && overlaps(&self.methods, &other.methods)
    }
}
