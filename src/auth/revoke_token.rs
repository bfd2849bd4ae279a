//! Revokes a token for the client that it was issued to (RFC 7009): its session ends.

use crate::{
    crypto::refresh::digest,
    model::{
        client::Client,
        id::ClientId,
        session::{EndReason, SessionDigest},
    },
    store::families::{SessionKey, Target},
};

use super::{Auth, AuthError, seen_tokens::Signed};

impl Auth {
    /// Ends the session that a token belongs to. It is no error where the token is none, or counts
    /// no more; it is one where it is another client's, which is not touched.
    pub async fn revoke_token(&self, client: &Client, token: &str) -> Result<(), AuthError> {
        let target = match self.open_refresh_token(token) {
            Ok(presented) => {
                let digest = digest(&presented.handle);
                let Some(owner) = self.owner_of(digest).await? else {
                    return Ok(());
                };
                check_own(owner == client.id)?;
                Target::Family(digest)
            }
            Err(AuthError::InvalidRefreshToken) => match self.signed(token) {
                Ok(Signed::Session(seen)) => {
                    check_own(seen.claims.client_id == client.id)?;
                    Target::Session(seen.claims.sid)
                }
                Ok(Signed::Key(..) | Signed::Client(..)) => return Err(has_no_session()),
                Err(_) => return Ok(()),
            },
            Err(error) => return Err(error),
        };
        self.end(target, EndReason::Logout).await.map(drop)
    }

    /// The client of a session. Where Redis has it the database is not asked: while that is away,
    /// nobody waits for it here and then once more for the end of the session.
    async fn owner_of(&self, digest: SessionDigest) -> Result<Option<ClientId>, AuthError> {
        if let Some(redis) = &self.parts.redis
            && let Some(client) = redis.client_of(&digest).await
        {
            return Ok(Some(client));
        }
        let found = self
            .parts
            .families
            .find(&SessionKey::Digest(digest))
            .await?;
        Ok(found.map(|session| session.client))
    }
}

/// Without a session nothing can end: the token lives until it expires, or until what it was made
/// from ends: the client, the API key (RFC 7009 §2.2.1).
fn has_no_session() -> AuthError {
    let detail = "It has no session that could end: it lives until it expires.";
    AuthError::field("/token", "unsupported_token_type", detail)
}

fn check_own(is_own: bool) -> Result<(), AuthError> {
    if is_own {
        return Ok(());
    }
    let detail = "The token was issued to another client.";
    Err(AuthError::field("/token", "invalid_grant", detail))
}
