//! Logs a user in with name and password.
//!
//! One read, one Argon2 hash, one conditional INSERT. Unknown names, wrong passwords and disabled
//! users take the same way and get the same answer.

use crate::{
    crypto::{
        lane::LaneError,
        password::Verified,
        random,
        refresh::{RefreshTokenText, digest},
    },
    model::{
        client::Client,
        password_policy::Password,
        refresh_token::{Generation, Handle},
        scope::Scopes,
        session::{Authentication, EndReason, Family, Origin, Session},
        time::Timestamp,
        user::{LoginName, User},
    },
    store::{
        families::{Opening, SessionKey, Target},
        users::{Credentials, PasswordHash},
    },
};

use super::{Auth, AuthError, Caller, issue::Tokens};

/// The longest name that is looked at.
const MAX_NAME_BYTES: usize = 254;

/// What somebody logs in with.
pub struct Login<'a> {
    /// A username or an e-mail address, as typed.
    pub name: &'a str,
    /// The password, as typed.
    pub password: &'a str,
    /// The client, by its identifier; the default one where absent.
    pub client: Option<&'a str>,
    /// The scopes asked for; every granted one but our own where absent.
    pub scope: Option<&'a str>,
    /// The audiences asked for; the default ones where empty.
    pub audience: &'a [String],
    /// The refresh token of the session that this login takes the place of: the one in the
    /// browser's cookie.
    pub replaces: Option<&'a str>,
    /// Who asks.
    pub caller: &'a Caller,
}

/// What was asked for, checked and cut to what is known.
struct Request<'a> {
    client: &'a Client,
    scope: Option<Scopes>,
    audience: Vec<String>,
}

impl Auth {
    /// Logs in: opens a session and issues its first tokens.
    pub async fn login(&self, login: Login<'_>) -> Result<Tokens, AuthError> {
        let client = self.client_named(login.client).ok_or_else(unknown_client)?;
        let request = Request {
            client,
            scope: login.scope.map(parse_scope).transpose()?,
            audience: self.check_audience(login.audience)?,
        };
        self.check_own_scopes(&request)?;
        let account = self.check_password(&login).await?;
        let tokens = self
            .open_session(&account.user, &request, login.caller)
            .await?;
        self.replace(login.replaces, &tokens).await;
        Ok(tokens)
    }

    /// The account, if the password is its own and it is enabled.
    async fn check_password(&self, login: &Login<'_>) -> Result<Credentials, AuthError> {
        if login.name.len() > MAX_NAME_BYTES {
            return Err(AuthError::field(
                "/username",
                "too_long",
                "Use at most 254 bytes.",
            ));
        }
        let password = Password::new(login.password)
            .map_err(|refusal| AuthError::password("/password", refusal))?;
        let name = login.name.parse::<LoginName>().ok();
        let folded = name.as_ref().map_or(login.name, LoginName::as_str);
        let pseudonym = self.parts.pseudonyms.of(folded);
        let attempt = self
            .throttle
            .begin(&pseudonym, login.caller.address)
            .map_err(|limit| {
                refused("login.throttled", &pseudonym, login.caller);
                AuthError::Throttled(limit)
            })?;
        let limit = attempt.limit;
        let account = match &name {
            Some(name) => self.parts.users.by_login_name(name).await?,
            None => None,
        };
        let stored = account
            .as_ref()
            .and_then(|account| account.password_hash.as_ref());
        let stored = stored.map(PasswordHash::as_str);
        let verified = self
            .parts
            .lane
            .verify(&password, stored, login.caller.address)
            .await?;
        match (account, verified) {
            (Some(account), Verified::Yes { needs_rehash }) if account.user.is_enabled() => {
                attempt.succeeded();
                if needs_rehash {
                    self.rehash(&account, &password, login.caller).await;
                }
                Ok(account)
            }
            _ => {
                refused("login.refused", &pseudonym, login.caller);
                Err(AuthError::InvalidCredentials(limit))
            }
        }
    }

    async fn open_session(
        &self,
        user: &User,
        request: &Request<'_>,
        caller: &Caller,
    ) -> Result<Tokens, AuthError> {
        let handle = Handle(random::bytes(&*self.parts.rng));
        let session = self.new_session(user, request, caller);
        let opening = Opening {
            digest: digest(&handle),
            session: session.clone(),
            credential_version: user.credential_version,
        };
        if !self.parts.families.open(&opening).await? {
            // The password changed, or the user was disabled, while it was being verified.
            let limit = super::throttle::RateLimit::untouched();
            return Err(AuthError::InvalidCredentials(limit));
        }
        let refresh_token = self.mint(&handle, session.family.generation, session.family.key_id)?;
        tracing::info!(
            target: "signet::event", event = "login.succeeded", user = %user.id,
            session = %session.id, client = %session.client, address = %caller.address,
        );
        metrics::counter!("signet_logins_total", "outcome" => "succeeded").increment(1);
        self.issue(&session, user, request.client, None, refresh_token)
    }

    fn new_session(&self, user: &User, request: &Request<'_>, caller: &Caller) -> Session {
        let earliest = Timestamp::from_millis(user.not_before.millis() + 1);
        let now = self.now().max(earliest);
        let absolute_expires_at = now.plus(self.terms.absolute_lifetime);
        Session {
            id: crate::model::id::SessionId::new(now, random::bytes(&*self.parts.rng)),
            user: user.id,
            client: request.client.id,
            scopes: request.scope.clone(),
            audiences: request.audience.clone(),
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
                idle_expires_at: now.plus(self.terms.idle_lifetime).min(absolute_expires_at),
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

    /// Ends the session whose token the browser's cookie held: its place is taken. The login has
    /// succeeded whatever becomes of this; the old session has no holder any more.
    async fn replace(&self, replaced: Option<&str>, tokens: &Tokens) {
        let Some(old) = replaced.and_then(|text| self.parts.refresh_keys.open(text).ok()) else {
            return;
        };
        let found = self
            .parts
            .families
            .find(&SessionKey::Digest(digest(&old.handle)))
            .await;
        let Ok(Some(session)) = found else { return };
        if session.client == tokens.client && session.id != tokens.session {
            let ended = self
                .end(Target::Session(session.id), EndReason::Replaced)
                .await;
            if let Err(error) = ended {
                tracing::warn!(session = %session.id, ?error, "the replaced session goes on");
            }
        }
    }

    /// Hashes the password again with today's cost. Nothing is lost where that fails: the next
    /// login tries again.
    async fn rehash(&self, account: &Credentials, password: &Password, caller: &Caller) {
        let Some(old) = &account.password_hash else {
            return;
        };
        let renewed = match self.parts.lane.hash(password, caller.address).await {
            Ok(new) => {
                let new = PasswordHash::new(new);
                self.parts
                    .users
                    .rehash(account.user.id, old, &new)
                    .await
                    .err()
            }
            Err(error) => return tracing::warn!(%error, "a password's hash was not renewed"),
        };
        if let Some(error) = renewed {
            tracing::warn!(%error, "a password's hash was not renewed");
        }
    }

    /// The audiences asked for, where all of them are ours to issue for.
    fn check_audience(&self, asked: &[String]) -> Result<Vec<String>, AuthError> {
        let known =
            |one: &String| *one == self.terms.own_audience || self.terms.audiences.contains(one);
        if asked.iter().all(known) {
            return Ok(asked.to_vec());
        }
        let detail = "Ask for audiences that this server issues tokens for (tokens.audience).";
        Err(AuthError::field("/audience", "invalid_target", detail))
    }

    /// A token with one of our own scopes is for our own API alone.
    fn check_own_scopes(&self, request: &Request<'_>) -> Result<(), AuthError> {
        let own_scopes = request.scope.as_ref().is_some_and(Scopes::any_own);
        let elsewhere = |one: &String| *one != self.terms.own_audience;
        if own_scopes && request.audience.iter().any(elsewhere) {
            let detail = "Ask for signet.* scopes alone with Signet's own audience.";
            return Err(AuthError::field("/audience", "invalid_target", detail));
        }
        Ok(())
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

/// Logs a refusal. Of the name, which may be a password typed into the wrong field, a pseudonym.
fn refused(event: &'static str, pseudonym: &str, caller: &Caller) {
    let address = caller.address;
    tracing::info!(target: "signet::event", event, name = pseudonym, %address);
    metrics::counter!("signet_logins_total", "outcome" => "refused").increment(1);
}

fn unknown_client() -> AuthError {
    AuthError::field(
        "/client_id",
        "unknown_client",
        "Leave it out, or name a registered client.",
    )
}

/// Reads `scope` as RFC 6749 §3.3 writes it.
pub(super) fn parse_scope(text: &str) -> Result<Scopes, AuthError> {
    text.parse()
        .map_err(|error| AuthError::field("/scope", "invalid_scope", format!("{error}.")))
}

impl From<LaneError> for AuthError {
    fn from(error: LaneError) -> Self {
        match error {
            LaneError::Full | LaneError::Deadline => Self::unavailable(error),
            LaneError::Unreadable(_) => Self::Internal(error.to_string()),
        }
    }
}
