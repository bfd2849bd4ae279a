//! Changes one's own password: proves the current one, judges the new one, ends all other
//! sessions.

use crate::{model::session::EndReason, store::users::NewPassword};

use super::{Auth, AuthError, Caller, authenticate::Principal, new_password::Wish};

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
        let user = me.claims.sub;
        let account = self.prove_again(me, change.current, caller).await?;
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
