//! `POST /v1/auth/api-key`.

use std::sync::Arc;

use poem::Request;
use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};

use crate::{
    auth::{Auth, api_keys::PasswordKey},
    http::{
        answer::Created,
        api::{Tag, asking::asking, caller::caller},
        body::{Body, WITH_PASSWORD},
        moment::Moment,
        problem::Refusal,
        secret::Secret,
    },
};

/// A key for a password.
pub struct PasswordKeyApi(pub(in crate::http::api) Arc<Auth>);

/// Whose key, and what it is called.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordForKey {
    /// The username or e-mail address.
    #[oai(validator(min_length = 1, max_length = 254))]
    username: String,
    /// The password.
    #[oai(validator(min_length = 1, max_length = 1024))]
    password: Secret,
    /// What the key is called: once among one's keys that are not revoked.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// The client; the default first-party client where absent. A confidential one authenticates by
    /// Basic.
    client_id: Option<String>,
    /// Scopes and patterns, never `signet.*`; everything granted but those where absent.
    #[oai(validator(max_items = 256))]
    scopes: Option<Vec<String>>,
    /// Whether a key of this name is given another secret, and the older one ends.
    #[serde(default)]
    #[oai(default)]
    rotate: bool,
}

/// The key, which is shown only now.
#[derive(Object, Serialize)]
pub(super) struct KeyForPassword {
    /// Its identifier.
    id: String,
    /// Its text: send it as `Authorization: Bearer` or `Authorization: Api-Key`.
    api_key: String,
    /// Whose it is.
    username: String,
    /// The same, by identifier.
    user_id: String,
    /// When it was created.
    created_at: Moment,
    /// When it expires; absent where it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Moment>,
}

#[OpenApi(tag = "Tag::ApiKeys")]
impl PasswordKeyApi {
    /// Create an API key with username and password.
    ///
    /// For scripts that know a password and no access token. Off unless the client allows it. A key
    /// that exists is not shown again: its name is taken (`api_key_exists`), unless `rotate` says to
    /// give it another secret. Refused like a login. The body has 4 KiB at most.
    #[oai(
        path = "/v1/auth/api-key",
        method = "post",
        operation_id = "createApiKeyWithPassword"
    )]
    async fn create(
        &self,
        request: &Request,
        body: Body<PasswordForKey, WITH_PASSWORD>,
    ) -> Result<Created<KeyForPassword>, Refusal> {
        let Body(wanted) = body;
        let asking = asking(&self.0, request, wanted.client_id.as_deref()).await?;
        let wanted = PasswordKey {
            login_name: &wanted.username,
            password: wanted.password.expose(),
            client: asking,
            name: &wanted.name,
            scopes: wanted.scopes.as_deref(),
            rotate: wanted.rotate,
            caller: &caller(request),
        };
        let (issued, user) = self.0.api_key_for_password(wanted).await?;
        Ok(Created::new(KeyForPassword {
            id: issued.key.id.to_string(),
            api_key: issued.text.to_string(),
            username: user.username.to_string(),
            user_id: user.id.to_string(),
            created_at: Moment(issued.key.created_at),
            expires_at: issued.key.expires_at.map(Moment),
        }))
    }
}
