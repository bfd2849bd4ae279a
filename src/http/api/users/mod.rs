//! `/v1/users`.

mod shapes;

use std::sync::Arc;

use poem::Request;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use crate::{
    auth::{Auth, UserFilter, users::NewUser},
    http::{
        answer::{Answer, Created, NoContent},
        body::{Body, WITH_PASSWORD},
        problem::Refusal,
        secret::Secret,
    },
    model::id::UserId,
};

use super::{
    Tag,
    administrator::{Administrator, UsersRead, UsersWrite},
    caller::caller,
    listing::{Cursor, PageSize, named, paging},
};
use shapes::{GrantChange, UserCreation, UserItem, UserPage, UserPassword, UserUpdate};

/// Administers users.
pub struct UsersApi(pub(super) Arc<Auth>);

#[OpenApi(tag = "Tag::Users")]
impl UsersApi {
    /// Create a user.
    ///
    /// There are no default accounts. Nobody gives what their own credential does not include.
    #[oai(path = "/v1/users", method = "post", operation_id = "createUser")]
    async fn create(
        &self,
        request: &Request,
        administrator: Administrator<UsersWrite>,
        body: Body<UserCreation>,
    ) -> Result<Created<UserItem>, Refusal> {
        let Body(new) = body;
        let caller = caller(request);
        let shown = administrator.shown(new.current_password.as_ref(), &caller);
        let new = NewUser {
            username: &new.username,
            email: new.email.as_deref(),
            password: new.password.as_ref().map(Secret::expose),
            grants: &new.grants,
        };
        let by = &administrator.authority;
        let user = self.0.create_user_by(by, &shown, new).await?;
        Ok(Created::new(user.into()))
    }

    /// List users.
    ///
    /// The oldest first, a page at a time.
    #[oai(path = "/v1/users", method = "get", operation_id = "listUsers")]
    async fn list(
        &self,
        _administrator: Administrator<UsersRead>,
        /// Where to go on: the `next_cursor` of the page before.
        cursor: Query<Option<Cursor<UserId>>>,
        /// How many to list at most.
        #[oai(default)]
        limit: Query<PageSize>,
        /// Only those whose username or e-mail address begins with this.
        #[oai(validator(min_length = 1, max_length = 254))]
        name: Query<Option<String>>,
        /// Only those who are disabled, or who are not.
        disabled: Query<Option<bool>>,
    ) -> Result<Answer<UserPage>, Refusal> {
        let filter = UserFilter {
            name_prefix: name.0.map(|name| name.to_lowercase()),
            disabled: disabled.0,
        };
        let page = self.0.users(&filter, paging(cursor, limit)).await?;
        Ok(Answer::new(page.into()))
    }

    /// Show a user.
    #[oai(path = "/v1/users/:id", method = "get", operation_id = "getUser")]
    async fn get(
        &self,
        _administrator: Administrator<UsersRead>,
        /// The user's identifier.
        id: Path<String>,
    ) -> Result<Answer<UserItem>, Refusal> {
        Ok(Answer::new(self.0.user(named(&id.0)?).await?.into()))
    }

    /// Change what a user is called and logs in with.
    ///
    /// What is absent stays, and so do sessions. Everywhere the new name is told within a second.
    /// Refused where the user is granted more than the caller's credential includes.
    #[oai(path = "/v1/users/:id", method = "patch", operation_id = "updateUser")]
    async fn update(
        &self,
        administrator: Administrator<UsersWrite>,
        /// The user's identifier.
        id: Path<String>,
        body: Body<UserUpdate>,
    ) -> Result<Answer<UserItem>, Refusal> {
        let (by, Body(update)) = (&administrator.authority, body);
        let (id, wish) = (named(&id.0)?, update.wish()?);
        let user = self.0.update_user_by(by, id, &wish).await?;
        Ok(Answer::new(user.into()))
    }

    /// Erase a user.
    ///
    /// Their sessions end; the identifier is never given again. The last holder of `*` stays.
    /// Refused where the user is granted more than the caller's credential includes.
    #[oai(path = "/v1/users/:id", method = "delete", operation_id = "deleteUser")]
    async fn delete(
        &self,
        administrator: Administrator<UsersWrite>,
        /// The user's identifier.
        id: Path<String>,
    ) -> Result<NoContent, Refusal> {
        let by = &administrator.authority;
        self.0.delete_user_by(by, named(&id.0)?).await?;
        Ok(NoContent::default())
    }

    /// Disable a user.
    ///
    /// Their sessions end, and they cannot log in. The last holder of `*` stays enabled. Refused
    /// where the user is granted more than the caller's credential includes.
    #[oai(
        path = "/v1/users/:id/disable",
        method = "post",
        operation_id = "disableUser"
    )]
    async fn disable(
        &self,
        administrator: Administrator<UsersWrite>,
        /// The user's identifier.
        id: Path<String>,
    ) -> Result<Answer<UserItem>, Refusal> {
        let by = &administrator.authority;
        let user = self.0.disable_user_by(by, named(&id.0)?).await?;
        Ok(Answer::new(user.into()))
    }

    /// Let a disabled user log in again.
    ///
    /// Ended sessions stay ended. Refused where the user is granted more than the caller's
    /// credential includes.
    #[oai(
        path = "/v1/users/:id/enable",
        method = "post",
        operation_id = "enableUser"
    )]
    async fn enable(
        &self,
        administrator: Administrator<UsersWrite>,
        /// The user's identifier.
        id: Path<String>,
    ) -> Result<Answer<UserItem>, Refusal> {
        let by = &administrator.authority;
        let user = self.0.enable_user_by(by, named(&id.0)?).await?;
        Ok(Answer::new(user.into()))
    }

    /// Set somebody else's password.
    ///
    /// All their sessions end. Refused where the user is granted more than the caller's credential
    /// includes; one's own password is changed at `/v1/me/password`. The body has 4 KiB at most.
    #[oai(
        path = "/v1/users/:id/password",
        method = "put",
        operation_id = "setUserPassword"
    )]
    async fn set_password(
        &self,
        request: &Request,
        administrator: Administrator<UsersWrite>,
        /// The user's identifier.
        id: Path<String>,
        body: Body<UserPassword, WITH_PASSWORD>,
    ) -> Result<NoContent, Refusal> {
        let (by, user) = (&administrator.authority, named(&id.0)?);
        let password = body.0.password.expose();
        self.0
            .set_password_by(by, user, password, &caller(request))
            .await?;
        Ok(NoContent::default())
    }

    /// Give a user scopes or patterns.
    ///
    /// Nobody gives what their own credential does not include.
    #[oai(
        path = "/v1/users/:id/grant",
        method = "post",
        operation_id = "grantUser"
    )]
    async fn grant(
        &self,
        request: &Request,
        administrator: Administrator<UsersWrite>,
        /// The user's identifier.
        id: Path<String>,
        body: Body<GrantChange>,
    ) -> Result<Answer<UserItem>, Refusal> {
        let (by, Body(change)) = (&administrator.authority, body);
        let caller = caller(request);
        let shown = administrator.shown(change.current_password.as_ref(), &caller);
        let user = named(&id.0)?;
        let user = self.0.grant_by(by, &shown, user, &change.grants).await?;
        Ok(Answer::new(user.into()))
    }

    /// Take scopes or patterns back.
    ///
    /// The user's next access tokens are without them. Nobody takes what their own credential does
    /// not include; the last holder of `*` keeps it.
    #[oai(
        path = "/v1/users/:id/ungrant",
        method = "post",
        operation_id = "ungrantUser"
    )]
    async fn ungrant(
        &self,
        request: &Request,
        administrator: Administrator<UsersWrite>,
        /// The user's identifier.
        id: Path<String>,
        body: Body<GrantChange>,
    ) -> Result<Answer<UserItem>, Refusal> {
        let (by, Body(change)) = (&administrator.authority, body);
        let caller = caller(request);
        let shown = administrator.shown(change.current_password.as_ref(), &caller);
        let user = named(&id.0)?;
        let user = self.0.ungrant_by(by, &shown, user, &change.grants).await?;
        Ok(Answer::new(user.into()))
    }
}
