//! Tells the caller who they are.

use crate::model::user::User;

use super::{Auth, AuthError, authenticate::Principal};

impl Auth {
    /// The caller, as they are now.
    pub async fn me(&self, me: &Principal) -> Result<User, AuthError> {
        let found = self.parts.users.by_id(me.claims.sub).await?;
        found
            .filter(User::is_enabled)
            .ok_or(AuthError::InvalidAccessToken)
    }
}
