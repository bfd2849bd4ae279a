//! Signs what is said of a credential (RFC 9701).

use serde::Serialize;

use super::Asker;
use crate::{
    auth::{Auth, AuthError},
    crypto::introspection_token::{self, IntrospectionClaims},
};

impl Auth {
    /// A JWT for `asker` that says `said`, signed as the tokens of the client that asks; as those of
    /// the default client where none does.
    pub fn sign_introspection<T: Serialize>(
        &self,
        asker: &Asker,
        said: &T,
    ) -> Result<String, AuthError> {
        let client = asker.as_client().unwrap_or(&self.terms.default_client);
        let key = self.signing_key(client)?;
        let claims = IntrospectionClaims {
            iss: &self.terms.issuer,
            aud: &asker.name(),
            iat: self.now().seconds(),
            token_introspection: said,
        };
        Ok(introspection_token::sign(&key, &claims)?)
    }
}
