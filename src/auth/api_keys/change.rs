//! Changes keys: what they may do, whether they count.

use crate::{
    auth::{Auth, AuthError, Conflict},
    model::{
        api_key::ApiKey,
        authority::Authority,
        id::{ApiKeyId, UserId},
        scope::Scopes,
        user::User,
    },
    store::api_keys::ApiKeyPatch,
};

use super::{
    create::log_key,
    wish::{KeyWish, widens},
};

/// A change to a key that was read and judged, and not made yet.
pub struct KeyChange {
    seen: ApiKey,
    patch: ApiKeyPatch,
    /// Whether it lets the key do more, longer, or from more places: the maker of such a change
    /// proves first who they are.
    pub widens: bool,
}

impl Auth {
    /// Judges a change to a key that `by` may act upon; of `owner` alone, where one is named.
    pub async fn judge_key_change(
        &self,
        by: &Authority,
        key: &KeyRef,
        wish: KeyWish<'_>,
    ) -> Result<KeyChange, AuthError> {
        let (seen, owner) = self.key_to_change(by, key).await?;
        let patch = self.read_wish(wish)?;
        if seen.revoked_at.is_some() {
            return Err(AuthError::Conflict(Conflict::ApiKeyMoved));
        }
        let widens = widens(&seen, &patch);
        if widens {
            self.check_widening(by, owner.as_ref(), &seen, &patch)?;
        }
        Ok(KeyChange {
            seen,
            patch,
            widens,
        })
    }

    /// Makes a change that was judged.
    pub async fn change_api_key(
        &self,
        by: &Authority,
        change: KeyChange,
    ) -> Result<ApiKey, AuthError> {
        let KeyChange { seen, patch, .. } = change;
        self.parts.api_keys.update(&seen, patch).await?;
        self.key_changed(Some("api_key.updated"), by, &seen).await
    }

    /// Disables a key until it is enabled again.
    pub async fn disable_api_key(
        &self,
        by: &Authority,
        key: ApiKeyId,
    ) -> Result<ApiKey, AuthError> {
        let (seen, _) = self.key_to_change(by, &KeyRef::any(key)).await?;
        let was_enabled = self.parts.api_keys.disable(key).await?;
        let event = was_enabled.then_some("api_key.disabled");
        self.key_changed(event, by, &seen).await
    }

    /// Lets a disabled key count again.
    pub async fn enable_api_key(&self, by: &Authority, key: ApiKeyId) -> Result<ApiKey, AuthError> {
        let (seen, _) = self.key_to_change(by, &KeyRef::any(key)).await?;
        let was_disabled = self.parts.api_keys.enable(key).await?;
        let event = was_disabled.then_some("api_key.enabled");
        self.key_changed(event, by, &seen).await
    }

    /// Ends a key for good.
    pub async fn revoke_api_key(&self, by: &Authority, key: &KeyRef) -> Result<ApiKey, AuthError> {
        let (seen, _) = self.key_to_change(by, key).await?;
        let counted = self.parts.api_keys.revoke(key.id).await?;
        let event = counted.then_some("api_key.revoked");
        self.key_changed(event, by, &seen).await
    }

    /// A key that `by` may act upon, and its owner.
    pub(super) async fn key_to_change(
        &self,
        by: &Authority,
        key: &KeyRef,
    ) -> Result<(ApiKey, Option<User>), AuthError> {
        let found = self.api_key(key).await?;
        let owner = match found.owner {
            Some(owner) => Some(self.reachable(by, owner).await?),
            None if by.contains(&found.scopes, &self.registry()) => None,
            None => return Err(AuthError::WouldEscalate),
        };
        Ok((found, owner))
    }

    /// What a key may do now, whether or not it counts.
    pub(super) fn scopes_of(&self, key: &ApiKey, owner: Option<&User>) -> Scopes {
        let limit = owner.map(|owner| &owner.grants);
        key.scopes.within(limit, &self.registry())
    }

    fn check_widening(
        &self,
        by: &Authority,
        owner: Option<&User>,
        seen: &ApiKey,
        patch: &ApiKeyPatch,
    ) -> Result<(), AuthError> {
        if !by.makes_credentials() {
            return Err(AuthError::WouldEscalate);
        }
        match &patch.scopes {
            Some(scopes) => self.check_scopes(by, owner, scopes),
            None if by.includes_all(&self.scopes_of(seen, owner)) => Ok(()),
            None => Err(AuthError::WouldEscalate),
        }
    }

    /// Tells of a change, where there was one, before anything can fail. Where there was none, it
    /// may have been made just before, and not be known here yet.
    pub(super) async fn key_changed(
        &self,
        event: Option<&'static str>,
        by: &Authority,
        seen: &ApiKey,
    ) -> Result<ApiKey, AuthError> {
        if let Some(event) = event {
            log_key(event, by, seen);
        }
        self.catch_up().await?;
        self.api_key(&KeyRef::any(seen.id)).await
    }
}

/// Which key is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRef {
    /// Its identifier.
    pub id: ApiKeyId,
    /// Whose it has to be: to somebody else's there is no such key.
    pub of: Option<UserId>,
}

impl KeyRef {
    /// The key of that identifier, whoever owns it.
    #[must_use]
    pub const fn any(id: ApiKeyId) -> Self {
        Self { id, of: None }
    }
}
