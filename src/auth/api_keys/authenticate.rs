//! Tells who presents an API key.

use std::sync::Arc;

use crate::{
    auth::{Auth, AuthError, acting::acts},
    crypto::api_key::PresentedKey,
    model::{
        api_key::{ApiKey, ApiKeyState},
        authority::Actor,
        time::Timestamp,
        user::User,
    },
};

use super::{CachedKey, KeyHolder, KeyRefusal, KeyUse};

impl Auth {
    /// Whether a credential calls itself an API key: by its prefix alone it is judged as one.
    #[must_use]
    pub fn is_api_key(&self, text: &str) -> bool {
        self.parts.api_key_reader.is_named(text)
    }

    /// The holder of a key that counts, now and for this use. Checksum and front tag come before
    /// any look at the store; what is found there is cached.
    pub async fn authenticate_key(&self, text: &str, used: KeyUse) -> Result<KeyHolder, AuthError> {
        let holder = self.holder_of(text).await?;
        if !holder.key().addresses.allow(used.address) {
            return Err(KeyRefusal::AddressNotAllowed.into());
        }
        if used.writes && holder.key().read_only {
            return Err(KeyRefusal::ReadOnly.into());
        }
        self.note_use(&holder.known);
        acts(Actor::Key(holder.key().id, holder.key().owner));
        Ok(holder)
    }

    /// The holder of a key that counts now, whatever for.
    pub(in crate::auth) async fn holder_of(&self, text: &str) -> Result<KeyHolder, AuthError> {
        let presented = self.parts.api_key_reader.open(text).map_err(|error| {
            tracing::debug!(%error, "API key refused");
            KeyRefusal::Invalid
        })?;
        self.keep_fresh().await?;
        let known = self.key_of(&presented.lookup).await?;
        let known = known.ok_or(KeyRefusal::Invalid)?;
        if !known.is_proven_by(&presented, self.now()) {
            return Err(KeyRefusal::Invalid.into());
        }
        let holder = self.holder(known).await;
        holder.inspect_err(|error| {
            tracing::debug!(%error, "API key refused");
        })
    }

    /// What a key that counts may do now.
    pub(super) async fn holder(&self, known: Arc<CachedKey>) -> Result<KeyHolder, AuthError> {
        let owner = self.living_owner(&known.key, self.now()).await?;
        let owner_grants = owner.as_ref().map(|owner| &owner.grants);
        let scopes = known.key.scopes.within(owner_grants, &self.registry());
        Ok(KeyHolder {
            known,
            owner,
            scopes,
        })
    }

    /// The owner of a key that counts and has one, as they are now.
    async fn living_owner(
        &self,
        key: &ApiKey,
        now: Timestamp,
    ) -> Result<Option<Arc<User>>, AuthError> {
        match key.state(now) {
            ApiKeyState::Active => {}
            ApiKeyState::Disabled => return Err(KeyRefusal::Disabled.into()),
            ApiKeyState::Expired => return Err(KeyRefusal::Expired.into()),
            ApiKeyState::Revoked => return Err(KeyRefusal::Revoked.into()),
        }
        match key.owner {
            None => Ok(None),
            Some(owner) => match self.enabled_user(owner).await? {
                Some(owner) => Ok(Some(owner)),
                None => Err(KeyRefusal::OwnerDisabled.into()),
            },
        }
    }
}

impl CachedKey {
    /// Whether what was presented is one of its secrets that count.
    fn is_proven_by(&self, presented: &PresentedKey, now: Timestamp) -> bool {
        let mut secrets = self.secrets.iter();
        secrets.any(|secret| {
            secret.lookup == presented.lookup
                && secret.valid_until.is_none_or(|end| now < end)
                && presented.is_of(&secret.digest)
        })
    }
}

impl From<KeyRefusal> for AuthError {
    fn from(refusal: KeyRefusal) -> Self {
        Self::ApiKey(refusal)
    }
}
