//! Exchanges a refresh token for its successor and a new access token (RFC 6749 §6), by the rule
//! of [`model::rule`](crate::model::rule).

use crate::{
    crypto::refresh::{Presented, RefreshTokenError, digest},
    model::{
        authority::Actor,
        client::{Client, GrantType},
        refresh_token::Generation,
        rule::{self, Verdict},
        session::{EndReason, Session},
    },
    store::families::{Advance, Advanced, LateStamp, SessionKey, Step},
};

use super::{Auth, AuthError, Unavailable, acting::acts, clients::Asking, issue::Tokens};

/// How often a step is tried that another request came in between of.
const TRIES: usize = 3;

/// What somebody refreshes with.
pub struct Refresh<'a> {
    /// The refresh token.
    pub token: &'a str,
    /// The client that asks.
    pub client: Asking<'a>,
    /// Fewer scopes for this access token than the session has.
    pub scope: Option<&'a str>,
    /// Fewer audiences than the session has; all of them where empty.
    pub audience: &'a [String],
}

impl Auth {
    /// Refreshes: one step in the store, then a signature.
    ///
    /// Trouble is told while a repetition is still answered with the same successor:
    /// after half the reuse interval at the latest, with time for three tries in it.
    pub async fn refresh(&self, refresh: Refresh<'_>) -> Result<Tokens, AuthError> {
        let client = self
            .asking(&refresh.client)
            .filter(|client| client.may_use(GrantType::RefreshToken))
            .ok_or(AuthError::InvalidRefreshToken)?;
        let interval = client.reuse_interval;
        let answer = self.refresh_as(&client, refresh);
        let answer = if interval.is_zero() {
            answer.await
        } else {
            let late = |_| Err(AuthError::unavailable("a refresh took too long"));
            tokio::time::timeout(interval / 2, answer)
                .await
                .unwrap_or_else(late)
        };
        answer.map_err(|error| match error {
            AuthError::Unavailable(trouble) => AuthError::Unavailable(Unavailable {
                retry_after: trouble.retry_after.max(interval / 3),
                ..trouble
            }),
            other => other,
        })
    }

    async fn refresh_as(&self, client: &Client, refresh: Refresh<'_>) -> Result<Tokens, AuthError> {
        let presented = self.open_refresh_token(refresh.token)?;
        if !client.is_enabled() {
            return Err(self.refuse_disabled(&presented, client).await?);
        }
        let narrowing = self.narrowing(&presented, client, &refresh).await?;
        // What the answer needs is looked for before anything moves.
        let key = self.signing_key(client)?;
        if self.parts.changes.is_behind() {
            self.look_first(&presented).await?;
        }
        let (session, generation, key_id) = self.advance(&presented, client).await?;
        // A store in front of the database may have a session that the database has not.
        let ended = self.parts.changes.ended(session.id, session.user);
        if let Some(reason) = ended.await? {
            return Err(AuthError::SessionEnded(reason));
        }
        if !client.honours(session.created_at) {
            return Err(AuthError::SessionEnded(EndReason::ClientDisabled));
        }
        let user = self
            .enabled_user(session.user)
            .await?
            .ok_or(AuthError::SessionEnded(EndReason::UserDisabled))?;
        let token = self.mint(&presented.handle, generation, key_id)?;
        self.issue(&key, &session, &user, client, &narrowing, token)
    }

    /// What a token is answered with whose client is disabled: its session is over, where it is one
    /// of the client's. Nothing moves.
    async fn refuse_disabled(
        &self,
        presented: &Presented,
        client: &Client,
    ) -> Result<AuthError, AuthError> {
        let key = SessionKey::Digest(digest(&presented.handle));
        let session = self.parts.families.find(&key).await?;
        let own = session.is_some_and(|session| session.client == client.id);
        Ok(if own {
            AuthError::SessionEnded(EndReason::ClientDisabled)
        } else {
            AuthError::InvalidRefreshToken
        })
    }

    /// Sees that the user is known before anything moves: where sessions move without the database
    /// and it is in trouble, a step would be taken again and again whose answer cannot be given.
    async fn look_first(&self, presented: &Presented) -> Result<(), AuthError> {
        let key = SessionKey::Digest(digest(&presented.handle));
        if let Some(session) = self.parts.families.find(&key).await? {
            self.enabled_user(session.user).await?;
        }
        Ok(())
    }

    /// Reads a refresh token and checks its tag, before any I/O.
    pub(super) fn open_refresh_token(&self, text: &str) -> Result<Presented, AuthError> {
        self.parts
            .refresh_keys
            .open(text)
            .map_err(|error| match error {
                RefreshTokenError::Malformed | RefreshTokenError::BadTag => {
                    AuthError::InvalidRefreshToken
                }
                RefreshTokenError::UnknownKeyAbove(_) => AuthError::unavailable(error),
            })
    }

    /// Moves the family as the rule says; returns the session as it was, and which token is its
    /// newest now.
    async fn advance(
        &self,
        presented: &Presented,
        client: &Client,
    ) -> Result<(Session, Generation, u8), AuthError> {
        let advance = Advance {
            digest: digest(&presented.handle),
            presented: presented.generation,
            client: client.id,
            policy: self.policy(client, presented.distrusted),
            seen: self.parts.changes.seen(),
        };
        for _ in 0..TRIES {
            let step = match self.parts.families.advance(&advance).await? {
                Advanced::Step(step) => step,
                Advanced::Ended(reason) => return Err(AuthError::SessionEnded(reason)),
                Advanced::Missing => return Err(AuthError::SessionEnded(EndReason::Unknown)),
            };
            if let Some((generation, key_id)) = self.answer(&advance, &step).await? {
                return Ok((step.before, generation, key_id));
            }
        }
        Err(AuthError::unavailable(
            "other requests for this session came in between",
        ))
    }

    /// What the verdict on a step is answered with; nothing where the step must be done again.
    async fn answer(
        &self,
        advance: &Advance,
        step: &Step,
    ) -> Result<Option<(Generation, u8)>, AuthError> {
        let (session, policy) = (&step.before, &advance.policy);
        acts(Actor::User(session.user));
        let verdict = rule::judge(session, advance.presented, advance.client, policy, step.now);
        note(verdict, session);
        let newest = (session.family.generation, session.family.key_id);
        match verdict {
            Verdict::Rotate | Verdict::Heal if step.moved => Ok(advance
                .presented
                .next()
                .map(|next| (next, policy.active_key))),
            Verdict::Rotate | Verdict::Heal => Ok(None),
            Verdict::Retry => Ok(Some(newest)),
            Verdict::LateRetry => {
                let stamp = LateStamp {
                    digest: advance.digest,
                    presented: advance.presented,
                    late_at: session.family.late_at,
                    policy: *policy,
                };
                Ok(self
                    .parts
                    .families
                    .stamp_late(&stamp)
                    .await?
                    .then_some(newest))
            }
            Verdict::Reuse => {
                self.refuse(advance.digest, EndReason::Reuse).await?;
                Err(AuthError::SessionEnded(EndReason::Reuse))
            }
            Verdict::Ended(reason) => Err(AuthError::SessionEnded(reason)),
            Verdict::WrongClient | Verdict::Implausible => Err(AuthError::InvalidRefreshToken),
            Verdict::Throttled { retry_after } => Err(AuthError::RotationThrottled { retry_after }),
        }
    }
}

/// Counts a verdict, and writes down those that tell of trouble. Never the token: the session.
fn note(verdict: Verdict, session: &Session) {
    let name = match verdict {
        Verdict::Rotate => "rotate",
        Verdict::Retry => "retry",
        Verdict::LateRetry => "late_retry",
        Verdict::Heal => "heal",
        Verdict::Reuse => "reuse",
        Verdict::Ended(_) => "ended",
        Verdict::WrongClient => "wrong_client",
        Verdict::Implausible => "implausible",
        Verdict::Throttled { .. } => "throttled",
    };
    metrics::counter!("signet_refreshes_total", "verdict" => name).increment(1);
    let event = match verdict {
        Verdict::LateRetry => "session.late_retry",
        Verdict::Heal => "session.healed",
        Verdict::Reuse => "session.reuse",
        Verdict::WrongClient => "session.wrong_client",
        Verdict::Implausible => "refresh_key_suspect",
        _ => return,
    };
    tracing::warn!(
        target: "signet::event", event, session = %session.id, user = %session.user,
        client = %session.client,
    );
}
