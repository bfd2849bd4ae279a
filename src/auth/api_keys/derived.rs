//! Access tokens that a key was exchanged for: they count as long as the key would be exchanged
//! for them again.

use crate::{
    auth::{Auth, AuthError},
    model::{
        claims::{KeyClaims, KeySubject},
        time::Timestamp,
    },
};

use super::{CachedKey, KeyHolder, KeyRefusal};

impl KeyHolder {
    /// Whom the key speaks of.
    #[must_use]
    pub fn subject(&self) -> KeySubject {
        let owner = self.key().owner;
        owner.map_or(KeySubject::Key(self.key().id), KeySubject::User)
    }

    /// The resource servers that it is for, where `configured` are those of whoever named none.
    #[must_use]
    pub fn audiences<'a>(&'a self, configured: &'a [String]) -> &'a [String] {
        if self.key().audiences.is_empty() {
            configured
        } else {
            &self.key().audiences
        }
    }

    /// Whether nothing binds it but what a token of it says as well: a resource server that
    /// verifies offline knows neither of networks nor of reading alone.
    #[must_use]
    pub fn is_exchangeable(&self) -> bool {
        !self.key().read_only && self.key().addresses.is_everywhere()
    }
}

impl Auth {
    /// The key behind a token, if it would still be exchanged for it: it counts, was not narrowed
    /// below what the token says, and its secret was not replaced since.
    pub(in crate::auth) async fn key_behind(
        &self,
        claims: &KeyClaims,
    ) -> Result<KeyHolder, AuthError> {
        let invalid = || AuthError::from(KeyRefusal::Invalid);
        let known = self.key_by_id(claims.act.sub).await?;
        let known = known.ok_or_else(invalid)?;
        let now = self.now();
        if known.was_replaced_since(claims.jti.created_at(), now) {
            return Err(invalid());
        }
        let holder = self.holder(known).await?;
        let audiences = holder.audiences(&self.terms.audiences);
        let still_for = |one: &String| audiences.contains(one);
        let ends_in_time = |end: Timestamp| claims.exp <= end.seconds();
        let holds = holder.is_exchangeable()
            && holder.subject() == claims.sub
            && claims.scope.is_subset(&holder.scopes)
            && claims.aud.as_slice().iter().all(still_for)
            && holder.key().expires_at.is_none_or(ends_in_time);
        if holds { Ok(holder) } else { Err(invalid()) }
    }
}

impl CachedKey {
    /// Whether a rotation since `moment` has left no older secret to count.
    fn was_replaced_since(&self, moment: Timestamp, now: Timestamp) -> bool {
        let rotated = self.key.rotated_at.is_some_and(|at| moment < at);
        let mut older = self.secrets.iter().filter_map(|secret| secret.valid_until);
        rotated && !older.any(|end| now < end)
    }
}
