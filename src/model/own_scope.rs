//! Signet's own scopes: what its API asks of whoever administers Signet.

use super::scope::Scope;

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

            /// What it allows, for people.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$scope => $doc,)* }
            }
        }
    };
}

own_scopes! {
    ApiKeysRead = "signet.api-keys.read", "See API keys.";
    ApiKeysWrite = "signet.api-keys.write", "Create, change and end API keys.";
    ClientsRead = "signet.clients.read", "See clients.";
    ClientsWrite = "signet.clients.write", "Register clients, change them and replace their secrets.";
    Introspect = "signet.introspect", "Ask about credentials for one's own audiences.";
    IntrospectAny = "signet.introspect.any", "Ask about any credential.";
    ScopesRead = "signet.scopes.read", "See which scopes there are.";
    ScopesWrite = "signet.scopes.write", "Register scopes and take them out.";
    SigningKeysRead = "signet.signing-keys.read", "See signing keys, never their private parts.";
    SigningKeysWrite = "signet.signing-keys.write", "Rotate and end signing keys.";
    UsersRead = "signet.users.read", "See users and their sessions.";
    UsersWrite = "signet.users.write", "Change users and end their sessions.";
}

impl OwnScope {
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
    fn each_is_a_scope_by_the_name_of_signet() {
        for own in OwnScope::ALL {
            let scope: Scope = own.as_str().parse().unwrap();
            assert_eq!(scope, own.scope());
            assert!(scope.is_own());
        }
    }
}
