//! What somebody who acts may do at most, and upon whom.

use std::fmt;

use super::{
    id::{ApiKeyId, UserId},
    scope::{Grants, Registry, Scope, Scopes},
};

/// What somebody who acts may do at most.
#[derive(Debug, Clone)]
pub enum Authority {
    /// The operator, at the command line of a machine that holds the keys: everything.
    Operator,
    /// The owner of a credential.
    Holder(Holder),
}

/// The owner of a credential, and what it lets them do now.
#[derive(Debug, Clone)]
pub struct Holder {
    actor: Actor,
    /// What they are granted now; a key what it was given.
    granted: Grants,
    /// What the owner of a key is granted now, where it has one.
    limit: Option<Grants>,
    /// The credential's scopes, cut to what is granted now.
    effective: Scopes,
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    User(UserId),
    /// A key, and whose it is; a service's is nobody's.
    Key(ApiKeyId, Option<UserId>),
}

impl Authority {
    /// That of `user`, who is granted `granted` now and presents a credential with `scopes`.
    #[must_use]
    pub fn of(user: UserId, granted: &Grants, scopes: &Scopes, registry: &Registry) -> Self {
        Self::Holder(Holder {
            actor: Actor::User(user),
            effective: granted.effective(Some(scopes), registry),
            granted: granted.clone(),
            limit: None,
        })
    }

    /// That of a key with `grants`, and of its owner, where it has one, with what they are granted
    /// now.
    #[must_use]
    pub fn of_key(
        key: ApiKeyId,
        grants: &Grants,
        owner: Option<(UserId, &Grants)>,
        effective: Scopes,
    ) -> Self {
        Self::Holder(Holder {
            actor: Actor::Key(key, owner.map(|(owner, _)| owner)),
            granted: grants.clone(),
            limit: owner.map(|(_, granted)| granted.clone()),
            effective,
        })
    }

    /// Whether it is this user's, in a session or by a key of theirs.
    #[must_use]
    pub fn is_of(&self, user: UserId) -> bool {
        match self {
            Self::Operator => false,
            Self::Holder(holder) => match holder.actor {
                Actor::User(actor) => actor == user,
                Actor::Key(_, owner) => owner == Some(user),
            },
        }
    }

    /// The person who acts, where it is one: neither the operator nor a key.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::Holder(Holder {
                actor: Actor::User(user),
                ..
            }) => Some(*user),
            _ => None,
        }
    }

    /// Whether it may make credentials, or let some do more: no key may.
    #[must_use]
    pub fn makes_credentials(&self) -> bool {
        match self {
            Self::Operator => true,
            Self::Holder(holder) => matches!(holder.actor, Actor::User(_)),
        }
    }

    /// What it includes of Signet's own and others' scopes; none for the operator, who needs none.
    #[must_use]
    pub fn effective(&self) -> Option<&Scopes> {
        match self {
            Self::Operator => None,
            Self::Holder(holder) => Some(&holder.effective),
        }
    }

    /// Whether it includes all of these.
    #[must_use]
    pub fn includes_all(&self, scopes: &Scopes) -> bool {
        self.effective().is_none_or(|own| scopes.is_subset(own))
    }

    /// Whether it includes `scope`.
    #[must_use]
    pub fn includes(&self, scope: &Scope) -> bool {
        match self {
            Self::Operator => true,
            Self::Holder(holder) => holder.effective.contains(scope),
        }
    }

    /// Whether it contains all of `grants`: whoever grants them, or acts on the credentials of
    /// somebody who holds them, must not reach further in this way than they do anyway. Each must
    /// be covered by one that is granted, and every scope that it reaches now be effective.
    #[must_use]
    pub fn contains(&self, grants: &Grants, registry: &Registry) -> bool {
        let Self::Holder(holder) = self else {
            return true;
        };
        grants.iter().all(|grant| {
            let limit = holder.limit.as_ref();
            let mut reached = registry.reach(grant).into_iter();
            holder.granted.cover(grant)
                && limit.is_none_or(|limit| limit.cover(grant))
                && reached.all(|scope| holder.effective.contains(&scope))
        })
    }
}

/// Who acts, as the log has it.
impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::Holder(holder) => holder.actor.fmt(f),
        }
    }
}

/// The id.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => user.fmt(f),
            Self::Key(key, _) => key.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{own_scope::OwnScope, scope::RegisteredScope, time::Timestamp};

    fn grants(all: &[&str]) -> Grants {
        all.iter().map(|grant| grant.parse().unwrap()).collect()
    }

    fn registry() -> Registry {
        let scope = |name| RegisteredScope::of_newcomer(name, "", Timestamp::default()).unwrap();
        ["pages.read", "pages.write"]
            .map(scope)
            .into_iter()
            .collect()
    }

    /// Whether a user with `granted`, by a token with `scopes`, may act on one with `theirs`.
    fn contains(granted: &[&str], scopes: &str, theirs: &[&str]) -> bool {
        let (user, registry) = (UserId::new(Timestamp::default(), [0; 10]), registry());
        let scopes = scopes.parse().unwrap();
        let authority = Authority::of(user, &grants(granted), &scopes, &registry);
        authority.contains(&grants(theirs), &registry)
    }

    /// All that Signet's own API asks for.
    fn own() -> String {
        let all: Scopes = OwnScope::ALL.iter().map(|own| own.scope()).collect();
        all.to_string()
    }

    #[test]
    fn nobody_reaches_further_than_their_credential_does() {
        assert!(contains(&[], "", &[]));
        assert!(contains(&["pages.*"], "pages.read", &["pages.read"]));
        assert!(!contains(&["pages.*"], "pages.read", &["pages.write"]));
        assert!(!contains(&["*"], "pages.write", &["signet.users.read"]));
        // A scope that was taken back counts no more, whatever the token says.
        assert!(!contains(&[], "pages.read", &["pages.read"]));
        // One that is not there today could be tomorrow.
        assert!(!contains(&["pages.*"], "pages.read", &["blog.read"]));
        assert!(contains(&["*"], "", &["blog.read"]));
    }

    #[test]
    fn a_key_reaches_no_further_than_its_owner() {
        let registry = registry();
        let key = ApiKeyId::new(Timestamp::default(), [0; 10]);
        let contains = |own: &[&str], owner: Option<&[&str]>, theirs: &[&str]| {
            let (own, owner) = (grants(own), owner.map(grants));
            let effective = own.within(owner.as_ref(), &registry);
            let user = UserId::new(Timestamp::default(), [0; 10]);
            let owner = owner.as_ref().map(|granted| (user, granted));
            let authority = Authority::of_key(key, &own, owner, effective);
            assert!(!authority.makes_credentials() && authority.user().is_none());
            assert_eq!(authority.is_of(user), owner.is_some());
            authority.contains(&grants(theirs), &registry)
        };
        assert!(contains(&["pages.*"], None, &["pages.*"]));
        assert!(!contains(&["pages.*"], Some(&["pages.read"]), &["pages.*"]));
        assert!(contains(
            &["pages.*"],
            Some(&["pages.read"]),
            &["pages.read"]
        ));
        assert!(!contains(&["pages.read"], Some(&["*"]), &["pages.write"]));
    }

    #[test]
    fn a_pattern_needs_a_wider_one_and_all_that_it_reaches() {
        let all = "pages.read pages.write";
        assert!(contains(&["pages.*"], all, &["pages.*"]));
        assert!(contains(&["*"], all, &["pages.*"]));
        assert!(!contains(&["*"], "pages.read", &["pages.*"]));
        // What is registered tomorrow would be theirs, and not the actor's.
        assert!(!contains(&["pages.read", "pages.write"], all, &["pages.*"]));
        assert!(!contains(&["pages.*"], all, &["*"]));
    }

    #[test]
    fn everything_reaches_what_administers_signet() {
        assert!(contains(
            &["signet.*"],
            &own(),
            &["signet.*", "signet.users.*"]
        ));
        assert!(contains(&["*"], &own(), &["signet.*"]));
        assert!(!contains(&["*"], "signet.users.write", &["signet.*"]));
        assert!(!contains(&["signet.users.*"], &own(), &["signet.*"]));
        assert!(!contains(&["*"], "pages.read pages.write", &["*"]));
        let all = format!("{} pages.read pages.write", own());
        assert!(contains(&["*"], &all, &["*"]));
    }
}
