//! Ends the session that a credential belongs to, whichever of its tokens that is.

use crate::{crypto::refresh::digest, model::session::EndReason, store::families::Target};

use super::{Auth, AuthError};

/// A token of the session to end.
pub enum Logout<'a> {
    /// An access token, of a session that goes on or not.
    AccessToken(&'a str),
    /// A refresh token of any generation: this speaks of the session, and tells nothing about
    /// whether the token is current.
    RefreshToken(&'a str),
}

impl Auth {
    /// Logs out. It is no error if the session is over already, or was never there; it is one if
    /// its end cannot be recorded.
    pub async fn logout(&self, with: Logout<'_>) -> Result<(), AuthError> {
        let target = match with {
            Logout::AccessToken(token) => Target::Session(self.verify(token)?.claims.sid),
            Logout::RefreshToken(token) => match self.open_refresh_token(token) {
                Ok(presented) => Target::Family(digest(&presented.handle)),
                Err(AuthError::InvalidRefreshToken) => return Ok(()),
                Err(error) => return Err(error),
            },
        };
        self.end(target, EndReason::Logout).await.map(drop)
    }
}
