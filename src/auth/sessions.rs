//! Lists a user's sessions and ends them.

use crate::{
    model::{
        authority::Authority,
        id::{SessionId, UserId},
        session::{EndReason, Session, SessionDigest},
        time::Timestamp,
    },
    store::families::{Revocation, SessionKey, Target},
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

    /// The same, of a user who exists.
    pub async fn user_sessions(
        &self,
        user: UserId,
        paging: Paging<SessionId>,
    ) -> Result<Page<Session>, AuthError> {
        let user = self.existing(user).await?;
        self.sessions(user.id, paging).await
    }

    /// Ends all of a user's sessions.
    pub async fn revoke_user_sessions(
        &self,
        by: &Authority,
        user: UserId,
    ) -> Result<(), AuthError> {
        let user = self.existing(user).await?;
        self.check_reach(by, &user)?;
        let target = Target::User {
            user: user.id,
            except: None,
        };
        self.end(target, EndReason::Admin).await.map(drop)
    }

    /// Ends one of a user's sessions.
    pub async fn revoke_user_session(
        &self,
        by: &Authority,
        user: UserId,
        session: SessionId,
    ) -> Result<(), AuthError> {
        let user = self.existing(user).await?;
        self.check_reach(by, &user)?;
        self.check_owner(session, user.id).await?;
        self.end(Target::Session(session), EndReason::Admin)
            .await
            .map(drop)
    }

    /// Ends one of the caller's own sessions.
    pub async fn revoke_my_session(
        &self,
        me: &Principal,
        session: SessionId,
    ) -> Result<(), AuthError> {
        self.check_owner(session, me.claims.sub).await?;
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

    /// Ends every session begun at or before a moment, whoever's. How many.
    pub async fn end_everyones_sessions(&self, begun_by: Timestamp) -> Result<u64, AuthError> {
        let reason = EndReason::Admin;
        let users = &self.parts.users;
        let ended = users.end_everyones_sessions(begun_by, reason).await?;
        tracing::info!(
            target: "signet::event", event = "session.ended", %begun_by, %reason, ended,
        );
        self.hear_of_ended(reason, ended).await?;
        Ok(ended)
    }

    /// Refuses sessions that there are not, or not of this user.
    async fn check_owner(&self, session: SessionId, user: UserId) -> Result<(), AuthError> {
        let found = self.parts.families.find(&SessionKey::Id(session)).await?;
        match found {
            Some(found) if found.user == user => Ok(()),
            _ => Err(AuthError::NotFound),
        }
    }

    /// Ends sessions: records it, and knows it at once on this node, which tells the others as long
    /// as any way to them is open. How many it ended.
    pub async fn end(&self, target: Target, reason: EndReason) -> Result<u64, AuthError> {
        match self.record(target, reason).await? {
            Revocation::Recorded(ended) => {
                self.hear_of_ended(reason, ended).await?;
                Ok(ended)
            }
            Revocation::Held => {
                count_ended(reason, 1);
                Err(AuthError::unavailable(
                    "the end of a session waits for the database",
                ))
            }
        }
    }

    /// The same, of a session whose tokens are refused already, whatever else becomes of it.
    pub(super) async fn refuse(
        &self,
        family: SessionDigest,
        reason: EndReason,
    ) -> Result<(), AuthError> {
        match self.record(Target::Family(family), reason).await? {
            Revocation::Recorded(ended) => {
                if let Err(error) = self.hear_of_ended(reason, ended).await {
                    tracing::warn!(?error, "the change log could not be read after a change");
                }
            }
            // The database does not answer: who waits need not wait for it twice.
            Revocation::Held => count_ended(reason, 1),
        }
        Ok(())
    }

    async fn record(&self, target: Target, reason: EndReason) -> Result<Revocation, AuthError> {
        let revocation = self.parts.families.revoke(target, reason).await?;
        let (ended, held) = match revocation {
            Revocation::Recorded(ended) => (ended, false),
            Revocation::Held => (1, true),
        };
        let (session, user) = match target {
            Target::User { user, .. } => (None, Some(user)),
            Target::Session(session) => (Some(session), None),
            // Its digest is nobody's name. Who waits need not wait for a database in trouble.
            Target::Family(digest) if ended > 0 && !held => {
                let found = self.parts.families.find(&SessionKey::Digest(digest)).await;
                let found = found.ok().flatten();
                found.map(|found| (found.id, found.user)).unzip()
            }
            Target::Family(_) => (None, None),
        };
        tracing::info!(
            target: "signet::event", event = "session.ended", session = session.map(display),
            user = user.map(display), %reason, ended, held,
        );
        Ok(revocation)
    }

    /// Counts sessions that this node has ended, and knows it at once.
    pub(super) async fn hear_of_ended(
        &self,
        reason: EndReason,
        ended: u64,
    ) -> Result<(), AuthError> {
        count_ended(reason, ended);
        self.catch_up().await
    }
}

fn count_ended(reason: EndReason, ended: u64) {
    metrics::counter!("signet_sessions_ended_total", "reason" => reason.as_str()).increment(ended);
}
