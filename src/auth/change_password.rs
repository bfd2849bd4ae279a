//! Changes one's own password: proves the current one, judges the new one, ends all other
//! sessions.

use crate::{
    model::{password_policy::Password, session::EndReason},
    store::users::NewPassword,
};

use super::{Auth, AuthError, Caller, authenticate::Principal, new_password::Wish, prove::Proof};

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
        let current = Password::new(change.current);
        let current = current.map_err(|no| AuthError::password("/current_password", no))?;
        let user = me.claims.sub;
        let found = self.parts.users.credentials(user).await?;
        let found = found
            .filter(|found| found.user.is_enabled())
            .ok_or(AuthError::InvalidAccessToken)?;
        let pseudonym = self.parts.pseudonyms.of(found.user.username.as_str());
        let lookup = std::future::ready(Ok(Some(found)));
        let Proof::Right(account) = self.prove(&pseudonym, &current, lookup, caller).await? else {
            tracing::info!(
                target: "signet::event", event = "password.change_refused", %user,
                session = %me.claims.sid, address = %caller.address,
            );
            return Err(AuthError::ReauthenticationRequired);
        };
        let wish = Wish {
            typed: change.new,
            pointer: "/new_password",
            username: &account.user.username,
            email: account.user.email.as_ref(),
        };
        let hash = self.hash_new(wish, caller).await?;
        let change = NewPassword {
            hash,
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
