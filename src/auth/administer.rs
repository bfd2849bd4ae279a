//! What administrators do to users over HTTP, within what their own credential includes.
//!
//! Nobody gives or takes what they do not hold, and nobody acts on the credentials of somebody who
//! holds more than they do: either would be a way to more.

use crate::model::{
    authority::Authority,
    id::UserId,
    scope::{Grant, Grants},
    user::User,
};

use super::{
    Auth, AuthError, Caller,
    reauthenticate::Reauthentication,
    users::{NewUser, UserWish},
};

impl Auth {
    /// The user of that identifier.
    pub async fn user(&self, user: UserId) -> Result<User, AuthError> {
        self.existing(user).await
    }

    /// Creates a user who holds no more than the actor. To give something needs the actor's
    /// presence.
    pub async fn create_user_by(
        &self,
        by: &Authority,
        shown: &Reauthentication<'_>,
        new: NewUser<'_>,
    ) -> Result<User, AuthError> {
        let grants = parsed(new.grants)?;
        if !grants.is_empty() {
            self.check_gift(by, shown, &grants).await?;
        }
        self.create_user(new, shown.caller).await
    }

    /// Changes what a user is called and logs in with.
    pub async fn update_user_by(
        &self,
        by: &Authority,
        user: UserId,
        wish: &UserWish<'_>,
    ) -> Result<User, AuthError> {
        self.within_reach(by, user).await?;
        self.update_user(user, wish).await
    }

    /// Gives a user what the actor holds.
    pub async fn grant_by(
        &self,
        by: &Authority,
        shown: &Reauthentication<'_>,
        user: UserId,
        grants: &[String],
    ) -> Result<User, AuthError> {
        let grants = parsed(grants)?;
        self.check_grants(&grants)?;
        self.existing(user).await?;
        self.check_gift(by, shown, &grants).await?;
        self.grant(user, &grants).await
    }

    /// Takes from a user what the actor holds.
    pub async fn ungrant_by(
        &self,
        by: &Authority,
        shown: &Reauthentication<'_>,
        user: UserId,
        grants: &[String],
    ) -> Result<User, AuthError> {
        let grants = parsed(grants)?;
        self.existing(user).await?;
        self.check_gift(by, shown, &grants).await?;
        self.ungrant(user, &grants).await
    }

    /// Sets somebody else's password; all their sessions end. To change one's own always needs
    /// the current one.
    pub async fn set_password_by(
        &self,
        by: &Authority,
        user: UserId,
        password: &str,
        caller: &Caller,
    ) -> Result<(), AuthError> {
        if by.is_of(user) {
            return Err(AuthError::ReauthenticationRequired);
        }
        self.within_reach(by, user).await?;
        self.set_password(user, password, caller).await.map(drop)
    }

    /// Disables a user.
    pub async fn disable_user_by(&self, by: &Authority, user: UserId) -> Result<User, AuthError> {
        self.within_reach(by, user).await?;
        self.disable_user(user).await
    }

    /// Enables a user again.
    pub async fn enable_user_by(&self, by: &Authority, user: UserId) -> Result<User, AuthError> {
        self.within_reach(by, user).await?;
        self.enable_user(user).await
    }

    /// Erases a person.
    pub async fn delete_user_by(&self, by: &Authority, user: UserId) -> Result<(), AuthError> {
        self.within_reach(by, user).await?;
        self.delete_user(user).await
    }

    /// Refuses users who hold more than the actor.
    async fn within_reach(&self, by: &Authority, user: UserId) -> Result<(), AuthError> {
        let found = self.existing(user).await?;
        self.check_reach(by, &found)
    }

    /// Refuses to give or take what the actor does not hold, and without their presence.
    async fn check_gift(
        &self,
        by: &Authority,
        shown: &Reauthentication<'_>,
        grants: &[Grant],
    ) -> Result<(), AuthError> {
        let gift: Grants = grants.iter().cloned().collect();
        if !by.contains(&gift, &self.registry()) {
            tracing::info!(target: "signet::event", event = "escalation.refused", actor = %by);
            return Err(AuthError::WouldEscalate);
        }
        self.reauthenticate(shown).await
    }
}

fn parsed(grants: &[String]) -> Result<Vec<Grant>, AuthError> {
    let grants: Result<Vec<Grant>, _> = grants.iter().map(|grant| grant.parse()).collect();
    grants.map_err(|error| AuthError::field("/grants", "malformed", format!("{error}.")))
}
