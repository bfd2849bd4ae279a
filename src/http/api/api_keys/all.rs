//! `/v1/api-keys`.

use std::sync::Arc;

use poem::Request;
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::Deserialize;

use crate::{
    auth::{
        Auth,
        api_keys::{ApiKeyFilter, KeyOwner, KeyRef},
        authenticate::Credential,
    },
    http::{
        answer::{Answer, Created, NoContent},
        api::{
            Tag,
            administrator::{Administrator, ApiKeysRead, ApiKeysWrite},
            caller::caller,
            listing::{Cursor, PageSize, named, paging},
        },
        body::Body,
        problem::{Code, Refusal},
        secret::Secret,
    },
    model::{
        api_key::{ApiKey, ApiKeyState},
        id::ApiKeyId,
    },
};

use super::shapes::{
    ApiKeyCreation, ApiKeyItem, ApiKeyPage, ApiKeyRotation, ApiKeyUpdate, IssuedApiKey,
};

/// All keys.
pub struct ApiKeysApi(pub(in crate::http::api) Arc<Auth>);

/// A key to create for a user, or for a service.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeyCreationFor {
    /// The user whose key it will be; a service's where absent.
    #[oai(validator(
        pattern = "^usr_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$"
    ))]
    owner_id: Option<String>,
    /// The key.
    key: ApiKeyCreation,
}

/// Which keys to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "ApiKeyStateFilter", rename_all = "snake_case")]
enum StateFilter {
    Active,
    Disabled,
    Expired,
    Revoked,
}

#[OpenApi(tag = "Tag::ApiKeys")]
impl ApiKeysApi {
    /// Create an API key for a user or a service.
    ///
    /// It never has more than the credential that asks includes, nor more than its owner is granted.
    /// Refused for a user who is granted more than that credential includes. Its text is in this
    /// answer and nowhere else. API keys create none.
    #[oai(path = "/v1/api-keys", method = "post", operation_id = "createApiKey")]
    async fn create(
        &self,
        request: &Request,
        administrator: Administrator<ApiKeysWrite>,
        body: Body<ApiKeyCreationFor>,
    ) -> Result<Created<IssuedApiKey>, Refusal> {
        let (by, Body(mut new)) = (&administrator.authority, body);
        let owner = new.owner_id.as_deref().map(str::parse).transpose();
        let owner = owner.map_err(|_| {
            Refusal::field(
                "/owner_id",
                "malformed",
                "Name a user by `usr_` and a UUID.",
            )
        })?;
        let password = new.key.current_password.take();
        self.prove(&administrator.credential, password.as_ref(), request)
            .await?;
        let issued = self.0.create_api_key(by, owner, new.key.wish()?).await?;
        Ok(Created::new(IssuedApiKey::new(issued, self.0.present())))
    }

    /// List API keys.
    ///
    /// The newest first, a page at a time; those that are revoked or expired for a while too.
    #[oai(path = "/v1/api-keys", method = "get", operation_id = "listApiKeys")]
    async fn list(
        &self,
        _administrator: Administrator<ApiKeysRead>,
        /// Of this user, by `usr_` and a UUID, or of `none`: services'.
        #[oai(validator(
            max_length = 40,
            pattern = "^(none|usr_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})$"
        ))]
        owner: Query<Option<String>>,
        /// Those in this state.
        state: Query<Option<StateFilter>>,
        /// Where to go on: the `next_cursor` of the page before.
        cursor: Query<Option<Cursor<ApiKeyId>>>,
        /// How many to list at most.
        #[oai(default)]
        limit: Query<PageSize>,
    ) -> Result<Answer<ApiKeyPage>, Refusal> {
        let filter = ApiKeyFilter {
            owner: owner.0.as_deref().map(of_whom).transpose()?,
            state: state.0.map(ApiKeyState::from),
        };
        let page = self.0.api_keys(&filter, paging(cursor, limit)).await?;
        Ok(Answer::new(ApiKeyPage::new(page, self.0.present())))
    }

    /// Show an API key.
    #[oai(path = "/v1/api-keys/:id", method = "get", operation_id = "getApiKey")]
    async fn get(
        &self,
        _administrator: Administrator<ApiKeysRead>,
        /// The key's identifier.
        id: Path<String>,
    ) -> Result<Answer<ApiKeyItem>, Refusal> {
        let key = self.0.api_key(&KeyRef::any(named(&id.0)?)).await?;
        Ok(self.shown(key))
    }

    /// Change an API key.
    #[oai(
        path = "/v1/api-keys/:id",
        method = "patch",
        operation_id = "updateApiKey"
    )]
    async fn update(
        &self,
        request: &Request,
        administrator: Administrator<ApiKeysWrite>,
        /// The key's identifier.
        id: Path<String>,
        body: Body<ApiKeyUpdate>,
    ) -> Result<Answer<ApiKeyItem>, Refusal> {
        let (by, Body(mut patch)) = (&administrator.authority, body);
        let password = patch.current_password.take();
        let key = KeyRef::any(named(&id.0)?);
        let change = self.0.judge_key_change(by, &key, patch.wish()?).await?;
        if change.widens {
            self.prove(&administrator.credential, password.as_ref(), request)
                .await?;
        }
        Ok(self.shown(self.0.change_api_key(by, change).await?))
    }

    /// Disable an API key until it is enabled again.
    #[oai(
        path = "/v1/api-keys/:id/disable",
        method = "post",
        operation_id = "disableApiKey"
    )]
    async fn disable(
        &self,
        administrator: Administrator<ApiKeysWrite>,
        /// The key's identifier.
        id: Path<String>,
    ) -> Result<Answer<ApiKeyItem>, Refusal> {
        let key: ApiKeyId = named(&id.0)?;
        let disabled = self.0.disable_api_key(&administrator.authority, key);
        Ok(self.shown(disabled.await?))
    }

    /// Let a disabled API key count again.
    #[oai(
        path = "/v1/api-keys/:id/enable",
        method = "post",
        operation_id = "enableApiKey"
    )]
    async fn enable(
        &self,
        administrator: Administrator<ApiKeysWrite>,
        /// The key's identifier.
        id: Path<String>,
    ) -> Result<Answer<ApiKeyItem>, Refusal> {
        let key: ApiKeyId = named(&id.0)?;
        let enabled = self.0.enable_api_key(&administrator.authority, key);
        Ok(self.shown(enabled.await?))
    }

    /// Give an API key another secret.
    ///
    /// The older one is worthless at once, or after the overlap that is asked for.
    #[oai(
        path = "/v1/api-keys/:id/rotate",
        method = "post",
        operation_id = "rotateApiKey"
    )]
    async fn rotate(
        &self,
        request: &Request,
        administrator: Administrator<ApiKeysWrite>,
        /// The key's identifier.
        id: Path<String>,
        body: Body<ApiKeyRotation>,
    ) -> Result<Answer<IssuedApiKey>, Refusal> {
        let (by, Body(rotation)) = (&administrator.authority, body);
        let (key, how) = (KeyRef::any(named(&id.0)?), rotation.rotation()?);
        let password = rotation.current_password.as_ref();
        self.prove(&administrator.credential, password, request)
            .await?;
        let issued = self.0.rotate_api_key(by, &key, how).await?;
        Ok(Answer::new(IssuedApiKey::new(issued, self.0.present())))
    }

    /// End an API key for good.
    #[oai(
        path = "/v1/api-keys/:id",
        method = "delete",
        operation_id = "revokeApiKey"
    )]
    async fn revoke(
        &self,
        administrator: Administrator<ApiKeysWrite>,
        /// The key's identifier.
        id: Path<String>,
    ) -> Result<NoContent, Refusal> {
        let key = KeyRef::any(named(&id.0)?);
        self.0
            .revoke_api_key(&administrator.authority, &key)
            .await?;
        Ok(NoContent::default())
    }
}

impl ApiKeysApi {
    /// Has a person prove who they are. A key cannot, and is refused what would need it.
    async fn prove(
        &self,
        credential: &Credential,
        password: Option<&Secret>,
        request: &Request,
    ) -> Result<(), Refusal> {
        let person = credential.person();
        let person = person.ok_or_else(|| Refusal::new(Code::WouldEscalate))?;
        let password = password.map(Secret::expose);
        let caller = caller(request);
        Ok(self
            .0
            .reauthenticate_person(person, password, &caller)
            .await?)
    }

    fn shown(&self, key: ApiKey) -> Answer<ApiKeyItem> {
        Answer::new(ApiKeyItem::new(key, self.0.present()))
    }
}

impl From<StateFilter> for ApiKeyState {
    fn from(state: StateFilter) -> Self {
        match state {
            StateFilter::Active => Self::Active,
            StateFilter::Disabled => Self::Disabled,
            StateFilter::Expired => Self::Expired,
            StateFilter::Revoked => Self::Revoked,
        }
    }
}

fn of_whom(owner: &str) -> Result<KeyOwner, Refusal> {
    if owner == "none" {
        return Ok(KeyOwner::Service);
    }
    owner.parse().map(KeyOwner::User).map_err(|_| {
        Refusal::new(Code::MalformedRequest)
            .because("The parameter `owner` is neither a user's identifier nor `none`.")
    })
}
