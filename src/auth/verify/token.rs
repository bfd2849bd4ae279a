//! The signed token that tells an application who asks: it trusts the signature, not the wire.

use super::Identity;
use crate::{
    auth::{Auth, AuthError},
    crypto::{identity_token, random},
    model::{
        id::TokenId,
        identity_claims::IdentityClaims,
        time::{Timestamp, millis},
    },
};

impl Auth {
    /// A token for `audience`, which lives no longer than the credential behind it.
    pub(super) fn identity_token(
        &self,
        identity: &Identity,
        audience: &str,
    ) -> Result<String, AuthError> {
        let key = self.signing_key(&self.terms.default_client)?;
        let now = self.now();
        let iat = now.seconds();
        let exp = iat + millis(self.terms.identity_lifetime) / 1000;
        let ends = identity.expires_at.map(Timestamp::seconds);
        let username = identity.user.as_ref().map(|(_, name)| name.as_str());
        let claims = IdentityClaims {
            iss: &self.terms.issuer,
            sub: &identity.subject.to_string(),
            aud: audience,
            iat,
            exp: ends.map_or(exp, |end| end.min(exp)),
            jti: TokenId::new(now, random::bytes(&*self.parts.rng)),
            scope: &identity.scopes.to_string(),
            preferred_username: username,
            auth_method: identity.kind,
            token_id: identity.token_id.as_deref(),
            token_expires: ends,
        };
        let token = identity_token::sign(&key, &claims)?;
        self.tokens_signed.add(key.kid(), 1);
        Ok(token)
    }
}
