//! Changes one's own password: proves the current one, judges the new one, ends all other
//! sessions.

use crate::{
    crypto::password::Verified,
    model::{password_policy::Password, session::EndReason, user::Email},
    store::users::{NewPassword, PasswordHash},
};

use super::{Auth, AuthError, Caller, authenticate::Principal};

/// The two passwords, as typed.
pub struct PasswordChange<'a> {
    /// The current one.
    pub current: &'a str,
    /// The new one.
    pub new: &'a str,
}

impl Auth {
    /// Changes the caller's own password. All their sessions but this one end.
    pub async fn change_password(
        &self,
        me: &Principal,
        change: PasswordChange<'_>,
        caller: &Caller,
    ) -> Result<(), AuthError> {
        let at = |pointer| move |refusal| AuthError::password(pointer, refusal);
        let current = Password::new(change.current).map_err(at("/current_password"))?;
        let new = Password::new(change.new).map_err(at("/new_password"))?;
        let user = me.claims.sub;
        let account = self
            .parts
            .users
            .credentials(user)
            .await?
            .ok_or(AuthError::InvalidAccessToken)?;
        let email = account.user.email.as_ref().map_or("", Email::as_str);
        let names = [account.user.username.as_str(), email];
        self.terms
            .passwords
            .check(&new, &names)
            .map_err(at("/new_password"))?;
        let attempt = self.throttle.begin(&user.to_string(), caller.address);
        let attempt = attempt.map_err(AuthError::Throttled)?;
        let lane = &self.parts.lane;
        let stored = account.password_hash.as_ref().map(PasswordHash::as_str);
        if lane.verify(&current, stored, caller.address).await? == Verified::No {
            return Err(AuthError::ReauthenticationRequired);
        }
        attempt.succeeded();
        let hash = lane.hash(&new, caller.address).await?;
        let change = NewPassword {
            hash: PasswordHash::new(hash),
            expected_version: Some(account.user.credential_version),
            except: Some(me.claims.sid),
            reason: EndReason::PasswordChanged,
        };
        self.parts.users.set_password(user, change).await?;
        tracing::info!(
            target: "signet::event", event = "password.changed", %user, session = %me.claims.sid,
        );
        self.catch_up().await
    }
}
