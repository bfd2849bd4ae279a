//! By an access token.

use super::{Identity, for_application};
use crate::{
    auth::{Auth, AuthError, seen_tokens::SeenToken},
    crypto::access::{self, Expectation},
    model::{forward::Rule, time::Timestamp},
};

impl Auth {
    /// Whom an access token for the rule's audiences speaks of, if its session goes on. Scopes that
    /// were taken back since do not count.
    pub(super) async fn by_access_token(
        &self,
        kind: &'static str,
        token: &str,
        rule: &Rule,
    ) -> Result<Identity, AuthError> {
        let seen = self.seen(token)?;
        let claims = &seen.claims;
        self.check_for_rule(&seen, rule)?;
        self.check_going_on(&seen).await?;
        let user = self.enabled_user(claims.sub).await?;
        let user = user.ok_or(AuthError::InvalidAccessToken)?;
        let scopes = user.grants.effective(Some(&claims.scope), &self.registry());
        Ok(Identity {
            token_id: Some(claims.jti.to_string()),
            expires_at: Some(Timestamp::from_seconds(claims.exp)),
            ..Identity::of_user(kind, &user, for_application(&scopes))
        })
    }

    /// Refuses a token that is expired or for somebody else. One that is for our own API alone is
    /// never for an application.
    fn check_for_rule(&self, seen: &SeenToken, rule: &Rule) -> Result<(), AuthError> {
        let claims = &seen.claims;
        let audience = self.audience_of(rule, |audience| claims.aud.contains(audience));
        let expected = Expectation {
            issuer: &self.terms.issuer,
            audience: audience.ok_or(AuthError::InvalidAccessToken)?,
            typ: seen.typ.as_str(),
            leeway: self.terms.leeway,
            now: self.now(),
        };
        access::check(&expected, claims).map_err(|error| {
            tracing::debug!(%error, "access token refused");
            AuthError::InvalidAccessToken
        })
    }

    /// The first audience of a rule that a credential is for. Our own API is nobody's there: what
    /// administers Signet never passes as something that an application may see.
    pub(super) fn audience_of<'a>(
        &'a self,
        rule: &'a Rule,
        is_for: impl Fn(&str) -> bool,
    ) -> Option<&'a str> {
        let audiences = if rule.audiences.is_empty() {
            &self.terms.audiences
        } else {
            &rule.audiences
        };
        let mut audiences = audiences.iter().map(String::as_str);
        audiences.find(|audience| *audience != self.terms.own_audience && is_for(audience))
    }
}
