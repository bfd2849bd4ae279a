//! Shows keys.

use crate::{
    auth::{Auth, AuthError},
    model::{
        api_key::ApiKey,
        id::{ApiKeyId, UserId},
        time::Timestamp,
    },
    store::{
        api_keys::ApiKeyFilter,
        paging::{Page, Paging},
    },
};

use super::KeyRef;

impl Auth {
    /// A key, counting or not.
    pub async fn api_key(&self, key: &KeyRef) -> Result<ApiKey, AuthError> {
        let found = self.parts.api_keys.by_id(key.id).await?;
        let found = found.map(|found| self.with_usage(found.key));
        let meant = |found: &ApiKey| key.of.is_none() || found.owner == key.of;
        found.filter(meant).ok_or(AuthError::NotFound)
    }

    /// The key that has this name among its owner's and is not revoked.
    pub async fn api_key_named(
        &self,
        owner: Option<UserId>,
        name: &str,
    ) -> Result<ApiKey, AuthError> {
        let found = self.parts.api_keys.by_name(owner, name).await?;
        found
            .map(|found| self.with_usage(found))
            .ok_or(AuthError::NotFound)
    }

    /// The keys, the newest first.
    pub async fn api_keys(
        &self,
        filter: &ApiKeyFilter,
        paging: Paging<ApiKeyId>,
    ) -> Result<Page<ApiKey>, AuthError> {
        let mut page = self.parts.api_keys.list(filter, paging).await?;
        let items = page.items.into_iter().map(|key| self.with_usage(key));
        page.items = items.collect();
        Ok(page)
    }

    /// The present, by which a key's state is told.
    #[must_use]
    pub fn present(&self) -> Timestamp {
        self.now()
    }
}
