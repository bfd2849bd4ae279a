//! What somebody who acts may do at most, and upon whom.

use std::fmt;

use super::{
    id::UserId,
    scope::{Grants, Scope, Scopes},
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
    /// Who.
    user: UserId,
    /// What they are granted now.
    granted: Grants,
    /// The credential's scopes, cut to what is granted now.
    effective: Scopes,
}

impl Authority {
    /// That of `user`, who is granted `granted` now and presents a credential with `scopes`.
    #[must_use]
    pub fn of(user: UserId, granted: &Grants, scopes: &Scopes) -> Self {
        Self::Holder(Holder {
            user,
            effective: granted.effective(Some(scopes)),
            granted: granted.clone(),
        })
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
    /// somebody who holds them, must not reach further in this way than they do anyway. A pattern
    /// must be covered by one that is granted, and each scope of `registered` that it stands for
    /// be effective.
    #[must_use]
    pub fn contains(&self, grants: &Grants, registered: &Scopes) -> bool {
        let Self::Holder(Holder {
            granted, effective, ..
        }) = self
        else {
            return true;
        };
        grants.iter().all(|grant| {
            if let Some(scope) = grant.as_scope() {
                return effective.contains(&scope);
            }
            let mut stands_for = registered.iter().filter(|scope| grant.allows(scope));
            granted.cover(grant) && stands_for.all(|scope| effective.contains(scope))
        })
    }
}

/// Who acts, as the log has it.
impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::Holder(holder) => holder.user.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{own_scope::OwnScope, time::Timestamp};

    fn grants(all: &[&str]) -> Grants {
        all.iter().map(|grant| grant.parse().unwrap()).collect()
    }

    /// Whether a user with `granted`, by a token with `scopes`, may act on one with `theirs`.
    fn contains(granted: &[&str], scopes: &str, theirs: &[&str]) -> bool {
        let user = UserId::new(Timestamp::default(), [0; 10]);
        let authority = Authority::of(user, &grants(granted), &scopes.parse().unwrap());
        let mut registered: Vec<Scope> = OwnScope::all().iter().cloned().collect();
        registered.extend(["pages.read", "pages.write"].map(|scope| scope.parse().unwrap()));
        authority.contains(&grants(theirs), &registered.into_iter().collect())
    }

    #[test]
    fn nobody_reaches_further_than_their_credential_does() {
        assert!(contains(&[], "", &[]));
        assert!(contains(&["pages.*"], "pages.read", &["pages.read"]));
        assert!(!contains(&["pages.*"], "pages.read", &["pages.write"]));
        assert!(!contains(&["*"], "pages.write", &["signet.users.read"]));
        // A scope that was taken back counts no more, whatever the token says.
        assert!(!contains(&[], "pages.read", &["pages.read"]));
    }

    #[test]
    fn a_pattern_needs_a_wider_one_and_all_that_it_stands_for() {
        let all = "pages.read pages.write";
        assert!(contains(&["pages.*"], all, &["pages.*"]));
        assert!(contains(&["*"], all, &["pages.*", "*"]));
        assert!(!contains(&["*"], "pages.read", &["pages.*"]));
        // What is registered tomorrow would be theirs, and not the actor's.
        assert!(!contains(&["pages.read", "pages.write"], all, &["pages.*"]));
        assert!(!contains(&["pages.*"], all, &["*"]));
    }

    #[test]
    fn everything_does_not_cover_what_administers_signet() {
        let own = OwnScope::all().to_string();
        assert!(contains(&["signet.*"], &own, &["signet.*"]));
        assert!(!contains(&["*"], &own, &["signet.*"]));
        assert!(!contains(
            &["signet.*"],
            "signet.users.write",
            &["signet.*"]
        ));
        assert!(contains(&["signet.*"], &own, &["signet.users.*"]));
        assert!(!contains(&["signet.users.*"], &own, &["signet.*"]));
    }
}
