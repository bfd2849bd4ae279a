//! Creates keys.

use zeroize::Zeroizing;

use crate::{
    auth::{Auth, AuthError},
    crypto::random,
    model::{
        api_key::ApiKey,
        authority::Authority,
        id::{ApiKeyId, UserId},
        scope::{Grant, Grants},
        user::User,
    },
    store::api_keys::NewApiKey,
};

use super::wish::KeyWish;

/// A key with its text, which is shown once. Not printed, wiped when dropped.
pub struct IssuedKey {
    /// The key.
    pub key: ApiKey,
    /// Its text, for the answer to its maker and for nothing else.
    pub text: Zeroizing<String>,
}

impl Auth {
    /// Creates a key for `owner`, or a service's for nobody. It never has more than its maker's
    /// credential includes, nor than its owner is granted. Where no scopes are asked for, it has
    /// what both have, but Signet's own; a service's made by the operator has none.
    pub async fn create_api_key(
        &self,
        by: &Authority,
        owner: Option<UserId>,
        wish: KeyWish<'_>,
    ) -> Result<IssuedKey, AuthError> {
        if !by.makes_credentials() {
            return Err(AuthError::WouldEscalate);
        }
        let owner = match owner {
            Some(owner) => Some(self.reachable(by, owner).await?),
            None => None,
        };
        let wanted = self.read_wish(wish)?;
        let name = wanted
            .name
            .ok_or_else(|| AuthError::field("/name", "missing", "Give the key a name."))?;
        let scopes = match wanted.scopes {
            Some(scopes) => scopes,
            None => usual_scopes(by, owner.as_ref()),
        };
        self.check_scopes(by, owner.as_ref(), &scopes)?;
        let made = self.parts.api_key_reader.make(&*self.parts.rng);
        let new = NewApiKey {
            id: ApiKeyId::new(self.now(), random::bytes(&*self.parts.rng)),
            name,
            owner: owner.as_ref().map(|owner| owner.id),
            scopes,
            audiences: wanted.audiences.unwrap_or_default(),
            read_only: wanted.read_only.unwrap_or_default(),
            addresses: wanted.addresses.unwrap_or_default(),
            metadata: wanted.metadata.unwrap_or_default(),
            expires_at: wanted.expires_at.unwrap_or_else(|| Some(self.usual_end())),
            created_by: by.user(),
            secret: made.kept,
            max_per_user: self.terms.api_keys.max_per_user,
        };
        let key = self.parts.api_keys.create(new).await?;
        log_key("api_key.created", by, &key);
        Ok(IssuedKey {
            key,
            text: made.text,
        })
    }

    /// Refuses scopes beyond what the maker's credential includes or the owner is granted.
    pub(super) fn check_scopes(
        &self,
        by: &Authority,
        owner: Option<&User>,
        scopes: &Grants,
    ) -> Result<(), AuthError> {
        if !by.contains(scopes, &self.registry()) {
            return Err(AuthError::WouldEscalate);
        }
        let granted = |grant: &Grant| owner.is_none_or(|owner| owner.grants.cover(grant));
        if scopes.iter().all(granted) {
            return Ok(());
        }
        let detail = "Name scopes that the owner of the key is granted.";
        Err(AuthError::field("/scopes", "not_granted", detail))
    }

    /// A user on whose credentials `by` may act: themselves, or somebody who may do no more.
    pub(super) async fn reachable(&self, by: &Authority, user: UserId) -> Result<User, AuthError> {
        let found = self.existing(user).await?;
        if by.user() != Some(user) {
            self.check_reach(by, &found)?;
        }
        Ok(found)
    }
}

/// The scopes of a key of which nothing was said.
fn usual_scopes(by: &Authority, owner: Option<&User>) -> Grants {
    let everyday = |grant: &&Grant| !grant.as_str().starts_with("signet.");
    match (by.effective(), owner) {
        (Some(effective), owner) => {
            let grants = effective.iter().filter_map(|one| one.as_str().parse().ok());
            let grants: Vec<Grant> = grants.collect();
            let granted = |grant: &&Grant| owner.is_none_or(|owner| owner.grants.cover(grant));
            grants
                .iter()
                .filter(everyday)
                .filter(granted)
                .cloned()
                .collect()
        }
        (None, Some(owner)) => owner.grants.iter().filter(everyday).cloned().collect(),
        (None, None) => Grants::default(),
    }
}

/// Writes down what happened to a key, and who did it.
pub(super) fn log_key(event: &'static str, by: &Authority, key: &ApiKey) {
    tracing::info!(
        target: "signet::event", event, key = %key.id, actor = %by,
        owner = key.owner.map(tracing::field::display),
    );
    metrics::counter!("signet_api_key_changes_total", "event" => event).increment(1);
}
