//! Signet's own scopes: what its API asks of whoever administers Signet.

use super::scope::{Scope, Scopes};

macro_rules! own_scopes {
    ($($scope:ident = $name:literal, $doc:literal;)*) => {
        /// A scope of Signet's own API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum OwnScope {
            $(#[doc = $doc] $scope,)*
        }

        impl OwnScope {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$scope),*];

            /// Its name in tokens and grants.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$scope => $name,)* }
            }
        }
    };
}

own_scopes! {
    UsersRead = "signet.users.read", "See users and their sessions.";
    UsersWrite = "signet.users.write", "Change users and end their sessions.";
}

impl OwnScope {
    /// All of them as scopes.
    #[must_use]
    pub fn all() -> Scopes {
        Self::ALL.iter().map(|own| own.scope()).collect()
    }

    /// It as a scope.
    #[must_use]
    pub fn scope(self) -> Scope {
        Scope::named(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_a_scope_that_no_pattern_of_others_allows() {
        assert_eq!(OwnScope::all().iter().count(), OwnScope::ALL.len());
        for own in OwnScope::ALL {
            let scope: Scope = own.as_str().parse().unwrap();
            assert_eq!(scope, own.scope());
            assert!(scope.is_own());
        }
    }
}
