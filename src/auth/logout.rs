//! Ends the session that a credential belongs to, whichever of its tokens that is.

use crate::{
    crypto::refresh::digest,
    model::{id::SessionId, session::EndReason},
    store::families::{SessionKey, Target},
};

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
        let session = match with {
            Logout::AccessToken(token) => Some(self.verify(token)?.sid),
            Logout::RefreshToken(token) => self.session_of(token).await?,
        };
        match session {
            Some(session) => self
                .end(Target::Session(session), EndReason::Logout)
                .await
                .map(drop),
            None => Ok(()),
        }
    }

    async fn session_of(&self, token: &str) -> Result<Option<SessionId>, AuthError> {
        let presented = match self.open_refresh_token(token) {
            Ok(presented) => presented,
            Err(AuthError::InvalidRefreshToken) => return Ok(None),
            Err(error) => return Err(error),
        };
        let found = self
            .parts
            .families
            .find(&SessionKey::Digest(digest(&presented.handle)))
            .await?;
        Ok(found.map(|session| session.id))
    }
}
