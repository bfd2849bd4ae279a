//! Signs what is said of a credential (RFC 9701).

use serde::Serialize;

use super::Asker;
use crate::{
    auth::{Auth, AuthError},
    crypto::introspection_token::{self, IntrospectionClaims},
};

impl Auth {
    /// A JWT for `asker` that says `said`, signed as the tokens of the client that asks; as those of
    /// the default client where a key does. None for whoever asks with an access token about that
    /// token itself: such a JWT is for resource servers (RFC 9701 §5).
    pub fn sign_introspection<T: Serialize>(
        &self,
        asker: &Asker,
        said: &T,
    ) -> Result<Option<String>, AuthError> {
        let Some(aud) = asker.as_audience() else {
            return Ok(None);
        };
        let client = asker.as_client().unwrap_or(&self.terms.default_client);
        let key = self.signing_key(client)?;
        let claims = IntrospectionClaims {
            iss: &self.terms.issuer,
            aud: &aud,
            iat: self.now().seconds(),
            token_introspection: said,
        };
        self.tokens_signed.add(key.kid(), 1);
        Ok(Some(introspection_token::sign(&key, &claims)?))
    }
}
