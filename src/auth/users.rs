//! Administers users: create, find, list, rename, grant, set a password, disable, enable, delete.
//!
//! For the command line, and for administrators: whoever calls these has been allowed to.

use crate::{
    crypto::random,
    model::{
        id::UserId,
        scope::{Grant, GrantError, Grants},
        session::EndReason,
        user::{Email, LoginName, User, Username},
    },
    store::{
        paging::{Page, Paging},
        users::{NewPassword, NewUser as Row, UserFilter, UserPatch},
    },
};

use super::{Auth, AuthError, Caller, FieldError, error::Conflict, new_password::Wish};

/// A user to create.
pub struct NewUser<'a> {
    /// The name to log in with.
    pub username: &'a str,
    /// An e-mail address to log in with too.
    pub email: Option<&'a str>,
    /// The password; without one the user cannot log in until it is set.
    pub password: Option<&'a str>,
    /// What they may be given.
    pub grants: &'a [String],
}

/// What to change of a user; what is absent stays.
#[derive(Default)]
pub struct UserWish<'a> {
    /// The name to log in with.
    pub username: Option<&'a str>,
    /// The e-mail address, or that there is none from now on.
    pub email: Option<Option<&'a str>>,
}

impl Auth {
    /// Says whether a user could be created, their password aside: before somebody is asked for
    /// one.
    pub async fn check_newcomer(&self, new: &NewUser<'_>) -> Result<(), AuthError> {
        let (username, email, grants) = named(new)?;
        self.check_grants(grants.iter())?;
        let users = &self.parts.users;
        let name = LoginName::Username(username);
        if users.by_login_name(&name).await?.is_some() {
            return Err(AuthError::Conflict(Conflict::UsernameTaken));
        }
        if let Some(name) = email.map(LoginName::Email)
            && users.by_login_name(&name).await?.is_some()
        {
            return Err(AuthError::Conflict(Conflict::EmailTaken));
        }
        Ok(())
    }

    /// Creates a user.
    pub async fn create_user(&self, new: NewUser<'_>, caller: &Caller) -> Result<User, AuthError> {
        let (username, email, grants) = named(&new)?;
        self.check_grants(grants.iter())?;
        let password_hash = match new.password {
            Some(typed) => {
                let wish = Wish {
                    typed,
                    pointer: "/password",
                    username: &username,
                    email: email.as_ref(),
                };
                Some(self.hash_new(wish, caller).await?)
            }
            None => None,
        };
        let id = UserId::new(self.now(), random::bytes(&*self.parts.rng));
        let row = Row {
            id,
            username,
            email,
            password_hash,
            grants,
        };
        let user = self.parts.users.create(row).await?;
        tracing::info!(target: "signet::event", event = "user.created", user = %user.id);
        Ok(user)
    }

    /// The user of that identifier, username or e-mail address.
    pub async fn find_user(&self, id_or_name: &str) -> Result<User, AuthError> {
        if let Ok(id) = id_or_name.parse::<UserId>() {
            return self.existing(id).await;
        }
        let name = id_or_name
            .parse::<LoginName>()
            .map_err(|_| AuthError::NotFound)?;
        let found = self.parts.users.by_login_name(&name).await?;
        found.map(|account| account.user).ok_or(AuthError::NotFound)
    }

    /// The users, the oldest first.
    pub async fn users(
        &self,
        filter: &UserFilter,
        paging: Paging<UserId>,
    ) -> Result<Page<User>, AuthError> {
        Ok(self.parts.users.list(filter, paging).await?)
    }

    /// Changes what a user is called and logs in with. Sessions go on.
    pub async fn update_user(&self, user: UserId, wish: &UserWish<'_>) -> Result<User, AuthError> {
        let patch = patch(wish)?;
        if !self.parts.users.update(user, patch).await? {
            return self.existing(user).await;
        }
        self.changed(true, "user.updated", user).await
    }

    /// Gives a user what they may be given.
    pub async fn grant(&self, user: UserId, grants: &[Grant]) -> Result<User, AuthError> {
        self.check_grants(grants)?;
        let is_new = self.parts.users.grant(user, grants).await?;
        self.changed(is_new, "user.granted", user).await
    }

    /// Takes back what a user was given; their next access tokens are without it.
    pub async fn ungrant(&self, user: UserId, grants: &[Grant]) -> Result<User, AuthError> {
        let was_there = self.parts.users.ungrant(user, grants).await?;
        self.changed(was_there, "user.ungranted", user).await
    }

    /// Sets a user's password; all their sessions end.
    pub async fn set_password(
        &self,
        user: UserId,
        password: &str,
        caller: &Caller,
    ) -> Result<User, AuthError> {
        let found = self.existing(user).await?;
        let wish = Wish {
            typed: password,
            pointer: "/password",
            username: &found.username,
            email: found.email.as_ref(),
        };
        let hash = self.hash_new(wish, caller).await?;
        let change = NewPassword {
            hash,
            expected_version: None,
            except: None,
            reason: EndReason::PasswordChanged,
        };
        self.parts.users.set_password(user, change).await?;
        self.changed(true, "password.set", user).await
    }

    /// Disables a user: their sessions end and they cannot log in.
    pub async fn disable_user(&self, user: UserId) -> Result<User, AuthError> {
        let was_enabled = self.parts.users.disable(user).await?;
        self.changed(was_enabled, "user.disabled", user).await
    }

    /// Lets a disabled user log in again; their old sessions stay ended.
    pub async fn enable_user(&self, user: UserId) -> Result<User, AuthError> {
        let was_disabled = self.parts.users.enable(user).await?;
        self.changed(was_disabled, "user.enabled", user).await
    }

    /// Erases the person and ends their sessions; the identifier is never given again.
    pub async fn delete_user(&self, user: UserId) -> Result<(), AuthError> {
        if !self.parts.users.delete(user).await? {
            return Err(AuthError::NotFound);
        }
        tracing::info!(target: "signet::event", event = "user.deleted", %user);
        self.catch_up().await
    }

    /// Refuses scopes that are not registered: they are typing errors.
    pub(super) fn check_grants<'a>(
        &self,
        grants: impl IntoIterator<Item = &'a Grant>,
    ) -> Result<(), AuthError> {
        let registry = self.registry();
        let mut scopes = grants.into_iter().filter_map(Grant::as_scope);
        match scopes.find(|scope| !registry.knows(scope)) {
            Some(unknown) => Err(AuthError::UnknownScope(unknown)),
            None => Ok(()),
        }
    }

    /// Tells of a change, where there was one. Where there was none, it may have been made just
    /// before, and not be known here yet.
    async fn changed(
        &self,
        has_changed: bool,
        event: &'static str,
        user: UserId,
    ) -> Result<User, AuthError> {
        if has_changed {
            tracing::info!(target: "signet::event", event, %user);
        }
        self.catch_up().await?;
        self.existing(user).await
    }

    /// The user of that identifier, as they are now.
    pub(super) async fn existing(&self, id: UserId) -> Result<User, AuthError> {
        let found = self.parts.users.by_id(id).await?;
        found.ok_or(AuthError::NotFound)
    }
}

/// What a newcomer would be called and given, if all of it is acceptable.
fn named(new: &NewUser<'_>) -> Result<(Username, Option<Email>, Grants), AuthError> {
    let mut wrong = Vec::new();
    let username = read("/username", Username::of_newcomer(new.username), &mut wrong);
    let email = new
        .email
        .map(|email| read("/email", email.parse(), &mut wrong));
    let grants: Result<Grants, GrantError> = new.grants.iter().map(|grant| grant.parse()).collect();
    let grants = read("/grants", grants, &mut wrong);
    let (Some(username), Some(grants), true) = (username, grants, wrong.is_empty()) else {
        return Err(AuthError::Invalid(wrong));
    };
    Ok((username, email.flatten(), grants))
}

/// What a change comes to, if all of it is acceptable.
fn patch(wish: &UserWish<'_>) -> Result<UserPatch, AuthError> {
    let mut wrong = Vec::new();
    let username = wish.username.map(Username::of_newcomer);
    let username = username.and_then(|name| read("/username", name, &mut wrong));
    let email = wish
        .email
        .map(|email| email.and_then(|email| read("/email", email.parse::<Email>(), &mut wrong)));
    if wrong.is_empty() {
        Ok(UserPatch { username, email })
    } else {
        Err(AuthError::Invalid(wrong))
    }
}

/// What a field says, or nothing, and one wrong field more.
fn read<T>(
    pointer: &'static str,
    parsed: Result<T, impl std::fmt::Display>,
    wrong: &mut Vec<FieldError>,
) -> Option<T> {
    parsed
        .map_err(|error| {
            wrong.push(FieldError {
                pointer,
                code: "malformed",
                detail: format!("{error}."),
            });
        })
        .ok()
}
