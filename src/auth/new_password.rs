//! Judges and hashes a new password.

use crate::{
    crypto::lane::Share,
    model::{
        password_policy::Password,
        user::{Email, Username},
    },
    store::users::PasswordHash,
};

use super::{Auth, AuthError, Caller};

/// A password that somebody wants to have, and who that is.
pub(super) struct Wish<'a> {
    /// The password, as typed.
    pub(super) typed: &'a str,
    /// Where it stands in the body.
    pub(super) pointer: &'static str,
    /// Their username.
    pub(super) username: &'a Username,
    /// Their e-mail address.
    pub(super) email: Option<&'a Email>,
}

impl Auth {
    /// Judges and hashes a new password. Judging takes milliseconds, and so none of the threads
    /// that answer requests.
    pub(super) async fn hash_new(
        &self,
        wish: Wish<'_>,
        caller: &Caller,
    ) -> Result<PasswordHash, AuthError> {
        let refused = |refusal| AuthError::password(wish.pointer, refusal);
        let password = Password::new(wish.typed).map_err(refused)?;
        let policy = self.terms.passwords.clone();
        let username = wish.username.to_string();
        let email = wish.email.map(ToString::to_string).unwrap_or_default();
        let judged = tokio::task::spawn_blocking(move || {
            policy
                .check(&password, &[&username, &email])
                .map(|()| password)
        });
        let judged = judged
            .await
            .map_err(|error| AuthError::Internal(error.to_string()))?;
        let password = judged.map_err(refused)?;
        let share = Share::Administration;
        let hash = self
            .parts
            .lane
            .hash(&password, share, caller.address)
            .await?;
        Ok(PasswordHash::new(hash))
    }
}
