//! `PUT /v1/me/password`.

use std::sync::Arc;

use poem::Request;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

use crate::{
    auth::{Auth, change_password::PasswordChange},
    http::{
        answer::NoContent,
        body::{Body, WITH_PASSWORD},
        problem::Refusal,
        secret::Secret,
    },
};

use super::{Tag, caller::caller, principal::Bearer};

/// Changes the caller's password.
pub struct PasswordApi(pub(super) Arc<Auth>);

/// The current password and the new one.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    /// The current password, asked for again.
    #[oai(validator(min_length = 1, max_length = 1024))]
    current_password: Secret,
    /// The new one: 15 characters or more, of any kind; not a well-known or patterned one.
    #[oai(validator(min_length = 8, max_length = 1024))]
    new_password: Secret,
}

#[OpenApi(tag = "Tag::Me")]
impl PasswordApi {
    /// Change one's own password.
    ///
    /// Ends all other sessions of the caller; the one that asks goes on. The body has 4 KiB at most.
    #[oai(
        path = "/v1/me/password",
        method = "put",
        operation_id = "changePassword"
    )]
    async fn change_password(
        &self,
        request: &Request,
        bearer: Bearer,
        body: Body<NewPassword, WITH_PASSWORD>,
    ) -> Result<NoContent, Refusal> {
        let (Bearer(me), Body(new)) = (bearer, body);
        let change = PasswordChange {
            current: new.current_password.expose(),
            new: new.new_password.expose(),
        };
        self.0
            .change_password(&me, change, &caller(request))
            .await?;
        Ok(NoContent::default())
    }
}
