//! Opens a session for a user who has proven who they are.

use crate::{
    crypto::{
        random,
        refresh::{RefreshTokenText, digest},
        session_cookie::NewSessionCookie,
    },
    model::{
        id::{SessionId, UserId},
        refresh_token::{Generation, Handle},
        session::{Authentication, EndReason, Family, Origin, Session, SessionDigest},
        time::Timestamp,
        user::User,
    },
    store::families::{Opened, Opening},
};

use super::{
    Auth, AuthError, Caller, asked::Asked, issue::Tokens, narrowing::Narrowing, throttle::RateLimit,
};

impl Auth {
    /// Opens a session. Its first tokens are made before: what cannot be issued opens nothing.
    pub(super) async fn open_session(
        &self,
        user: &User,
        asked: &Asked,
        caller: &Caller,
        replaces: Option<SessionDigest>,
        with_cookie: bool,
    ) -> Result<Tokens, AuthError> {
        let key = self.signing_key(&asked.client)?;
        let handle = Handle(random::bytes(&*self.parts.rng));
        let session = self.new_session(user, asked, caller);
        let refresh_token = self.mint(&handle, session.family.generation, session.family.key_id)?;
        let mut tokens = self.issue(
            &key,
            &session,
            user,
            &asked.client,
            &Narrowing::default(),
            refresh_token,
        )?;
        let cookie = with_cookie.then(|| self.new_session_cookie()).transpose()?;
        let opening = Opening {
            digest: digest(&handle),
            session,
            credential_version: user.credential_version,
            limit: self.terms.session_limit,
            replaces,
            cookie: cookie.as_ref().map(|cookie| cookie.digest),
        };
        let ended = match self.parts.families.open(&opening).await? {
            Opened::Begun(ended) => ended,
            // The password changed, or the user was disabled, while it was being verified.
            Opened::Outdated => {
                return Err(AuthError::InvalidCredentials(RateLimit::untouched()));
            }
            Opened::Full => {
                tracing::info!(
                    target: "signet::event", event = "login.full", user = %user.id,
                    address = %caller.address,
                );
                metrics::counter!("signet_logins_total", "outcome" => "full").increment(1);
                return Err(AuthError::TooManySessions);
            }
        };
        self.made_room(user.id, &ended).await;
        tokens.session_cookie = cookie.map(|cookie| cookie.value);
        tracing::info!(
            target: "signet::event", event = "login.succeeded", user = %tokens.user,
            session = %tokens.session, client = %tokens.client, address = %caller.address,
        );
        metrics::counter!("signet_logins_total", "outcome" => "succeeded").increment(1);
        Ok(tokens)
    }

    /// Tells of the sessions that ended for a new one.
    async fn made_room(&self, user: UserId, ended: &[SessionId]) {
        if ended.is_empty() {
            return;
        }
        let reason = EndReason::SessionLimit;
        for session in ended {
            tracing::info!(
                target: "signet::event", event = "session.ended", %session, %user, %reason,
                ended = 1,
            );
        }
        if let Err(error) = self.hear_of_ended(reason, ended.len() as u64).await {
            tracing::warn!(?error, "the change log could not be read after a change");
        }
    }

    fn new_session(&self, user: &User, asked: &Asked, caller: &Caller) -> Session {
        let earliest = Timestamp::from_millis(user.not_before.millis() + 1);
        let now = self.now().max(earliest);
        let absolute_expires_at = now.plus(asked.client.absolute_lifetime);
        Session {
            id: SessionId::new(now, random::bytes(&*self.parts.rng)),
            user: user.id,
            client: asked.client.id,
            scopes: asked.scope.clone(),
            audiences: asked.audience.clone(),
            authentication: Authentication {
                time: now,
                methods: vec!["pwd".to_owned()],
            },
            family: Family {
                generation: Generation::FIRST,
                key_id: self.parts.refresh_keys.active(),
                rotated_at: now,
                budget_at: now,
                burst_from: Generation::FIRST,
                burst_at: Timestamp::default(),
                late_at: Timestamp::default(),
                idle_expires_at: now
                    .plus(asked.client.idle_lifetime)
                    .min(absolute_expires_at),
            },
            created_at: now,
            absolute_expires_at,
            revoked: None,
            origin: Origin {
                label: caller.label.clone(),
                address: Some(caller.address),
            },
        }
    }

    fn new_session_cookie(&self) -> Result<NewSessionCookie, AuthError> {
        let made = self.parts.session_cookies.make(&*self.parts.rng);
        made.ok_or_else(|| AuthError::unavailable("there is no key for session cookies"))
    }

    /// Writes a refresh token as text.
    pub(super) fn mint(
        &self,
        handle: &Handle,
        generation: Generation,
        key_id: u8,
    ) -> Result<String, AuthError> {
        let token = self.parts.refresh_keys.mint(handle, generation, key_id);
        token
            .map(RefreshTokenText::into_exposed)
            .map_err(AuthError::unavailable)
    }
}
