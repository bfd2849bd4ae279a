//! `/v1/me/api-keys`.

use std::sync::Arc;

use poem::Request;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use crate::{
    auth::{
        Auth,
        api_keys::{ApiKeyFilter, KeyOwner, KeyRef},
        authenticate::Principal,
    },
    http::{
        answer::{Answer, Created, NoContent},
        api::{
            Tag,
            caller::caller,
            listing::{Cursor, PageSize, named, paging},
            principal::Bearer,
        },
        body::Body,
        problem::Refusal,
        secret::Secret,
    },
    model::id::ApiKeyId,
};

use super::shapes::{
    ApiKeyCreation, ApiKeyItem, ApiKeyPage, ApiKeyRotation, ApiKeyUpdate, IssuedApiKey,
};

/// One's own keys.
pub struct MyApiKeysApi(pub(in crate::http::api) Arc<Auth>);

#[OpenApi(tag = "Tag::ApiKeys")]
impl MyApiKeysApi {
    /// Create an API key of one's own.
    ///
    /// It never has more than the access token that asks includes, nor later more than its owner is
    /// granted. Its text is in this answer and nowhere else. API keys create none.
    #[oai(
        path = "/v1/me/api-keys",
        method = "post",
        operation_id = "createMyApiKey"
    )]
    async fn create(
        &self,
        request: &Request,
        bearer: Bearer,
        body: Body<ApiKeyCreation>,
    ) -> Result<Created<IssuedApiKey>, Refusal> {
        let (Bearer(me), Body(mut new)) = (bearer, body);
        let by = self.0.authority(&me).await?;
        let password = new.current_password.take();
        self.prove(&me, password.as_ref(), request).await?;
        let owner = Some(me.claims.sub);
        let issued = self.0.create_api_key(&by, owner, new.wish()?).await?;
        Ok(Created::new(IssuedApiKey::new(issued, self.0.present())))
    }

    /// List one's own API keys.
    ///
    /// The newest first, a page at a time; those that are revoked or expired for a while too.
    #[oai(
        path = "/v1/me/api-keys",
        method = "get",
        operation_id = "listMyApiKeys"
    )]
    async fn list(
        &self,
        bearer: Bearer,
        /// Where to go on: the `next_cursor` of the page before.
        cursor: Query<Option<Cursor<ApiKeyId>>>,
        /// How many to list at most.
        #[oai(default)]
        limit: Query<PageSize>,
    ) -> Result<Answer<ApiKeyPage>, Refusal> {
        let filter = ApiKeyFilter {
            owner: Some(KeyOwner::User(bearer.0.claims.sub)),
            state: None,
        };
        let page = self.0.api_keys(&filter, paging(cursor, limit)).await?;
        Ok(Answer::new(ApiKeyPage::new(page, self.0.present())))
    }

    /// Show one of one's own API keys.
    ///
    /// All but its secret, which was shown once. Other people's keys are not found.
    #[oai(
        path = "/v1/me/api-keys/:id",
        method = "get",
        operation_id = "getMyApiKey"
    )]
    async fn get(
        &self,
        bearer: Bearer,
        /// The key's identifier.
        id: Path<String>,
    ) -> Result<Answer<ApiKeyItem>, Refusal> {
        let key = self.0.api_key(&mine(&bearer.0, &id.0)?).await?;
        Ok(Answer::new(ApiKeyItem::new(key, self.0.present())))
    }

    /// Change one of one's own API keys.
    ///
    /// What is left out stays as it is. To widen what the key may do needs the current password, or a
    /// login that is not over five minutes old.
    #[oai(
        path = "/v1/me/api-keys/:id",
        method = "patch",
        operation_id = "updateMyApiKey"
    )]
    async fn update(
        &self,
        request: &Request,
        bearer: Bearer,
        /// The key's identifier.
        id: Path<String>,
        body: Body<ApiKeyUpdate>,
    ) -> Result<Answer<ApiKeyItem>, Refusal> {
        let (Bearer(me), Body(mut patch)) = (bearer, body);
        let (by, key) = (self.0.authority(&me).await?, mine(&me, &id.0)?);
        let password = patch.current_password.take();
        let change = self.0.judge_key_change(&by, &key, patch.wish()?).await?;
        if change.widens {
            self.prove(&me, password.as_ref(), request).await?;
        }
        let key = self.0.change_api_key(&by, change).await?;
        Ok(Answer::new(ApiKeyItem::new(key, self.0.present())))
    }

    /// Give one of one's own API keys another secret.
    ///
    /// The older one is worthless at once, or after the overlap that is asked for.
    #[oai(
        path = "/v1/me/api-keys/:id/rotate",
        method = "post",
        operation_id = "rotateMyApiKey"
    )]
    async fn rotate(
        &self,
        request: &Request,
        bearer: Bearer,
        /// The key's identifier.
        id: Path<String>,
        body: Body<ApiKeyRotation>,
    ) -> Result<Answer<IssuedApiKey>, Refusal> {
        let (Bearer(me), Body(rotation)) = (bearer, body);
        let (by, key) = (self.0.authority(&me).await?, mine(&me, &id.0)?);
        let how = rotation.rotation()?;
        self.prove(&me, rotation.current_password.as_ref(), request)
            .await?;
        let issued = self.0.rotate_api_key(&by, &key, how).await?;
        Ok(Answer::new(IssuedApiKey::new(issued, self.0.present())))
    }

    /// End one of one's own API keys for good.
    ///
    /// It is refused from now on, everywhere within a second, and cannot be brought back.
    #[oai(
        path = "/v1/me/api-keys/:id",
        method = "delete",
        operation_id = "revokeMyApiKey"
    )]
    async fn revoke(
        &self,
        bearer: Bearer,
        /// The key's identifier.
        id: Path<String>,
    ) -> Result<NoContent, Refusal> {
        let by = self.0.authority(&bearer.0).await?;
        let key = mine(&bearer.0, &id.0)?;
        self.0.revoke_api_key(&by, &key).await?;
        Ok(NoContent::default())
    }
}

impl MyApiKeysApi {
    async fn prove(
        &self,
        me: &Principal,
        password: Option<&Secret>,
        request: &Request,
    ) -> Result<(), Refusal> {
        let password = password.map(Secret::expose);
        let caller = caller(request);
        Ok(self.0.reauthenticate_person(me, password, &caller).await?)
    }
}

/// The key that a path names, if it is the caller's.
fn mine(me: &Principal, id: &str) -> Result<KeyRef, Refusal> {
    Ok(KeyRef {
        id: named(id)?,
        of: Some(me.claims.sub),
    })
}
