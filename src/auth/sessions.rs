//! Lists a user's sessions and ends them.

use crate::{
    model::{
        id::{SessionId, UserId},
        session::{EndReason, Session},
    },
    store::families::{SessionKey, Target},
};

pub use crate::store::paging::{Page, Paging};

use super::{Auth, AuthError, authenticate::Principal};

impl Auth {
    /// A user's living sessions, the newest first.
    pub async fn sessions(
        &self,
        user: UserId,
        paging: Paging<SessionId>,
    ) -> Result<Page<Session>, AuthError> {
        Ok(self.parts.families.of_user(user, paging).await?)
    }

    /// Ends one of the caller's own sessions.
    pub async fn revoke_my_session(
        &self,
        me: &Principal,
        session: SessionId,
    ) -> Result<(), AuthError> {
        let found = self.parts.families.find(&SessionKey::Id(session)).await?;
        if found.is_none_or(|found| found.user != me.claims.sub) {
            return Err(AuthError::NotFound);
        }
        self.end(Target::Session(session), EndReason::Logout)
            .await
            .map(drop)
    }

    /// Ends all of the caller's other sessions, and this one too if they say so.
    pub async fn revoke_my_sessions(
        &self,
        me: &Principal,
        include_current: bool,
    ) -> Result<(), AuthError> {
        let except = (!include_current).then_some(me.claims.sid);
        self.end(
            Target::User {
                user: me.claims.sub,
                except,
            },
            EndReason::Logout,
        )
        .await
        .map(drop)
    }

    /// Ends sessions: records it, and knows it at once on this node. How many it ended.
    pub async fn end(&self, target: Target, reason: EndReason) -> Result<u64, AuthError> {
        let ended = self.parts.families.revoke(target, reason).await?;
        let (session, user) = match target {
            Target::Session(session) => (Some(session), None),
            Target::User { user, .. } => (None, Some(user)),
        };
        tracing::info!(
            target: "signet::event", event = "session.ended", session = session.map(display),
            user = user.map(display), %reason, ended,
        );
        metrics::counter!("signet_sessions_ended_total", "reason" => reason.as_str())
            .increment(ended);
        self.catch_up().await?;
        Ok(ended)
    }
}
