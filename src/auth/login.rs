//! Logs a user in with name and password.
//!
//! One read, one Argon2 hash, one conditional INSERT. Unknown names, wrong passwords and disabled
//! users take the same way and get the same answer.

use crate::{
    crypto::{lane::Share, refresh::digest},
    model::{
        password_policy::Password,
        session::{EndReason, SessionDigest},
        user::LoginName,
    },
    store::{
        families::{SessionKey, Target},
        users::Credentials,
    },
};

use super::{Auth, AuthError, Caller, clients::Asking, issue::Tokens, prove::Proof};

/// The longest name that is looked at.
const MAX_NAME_BYTES: usize = 254;

/// What somebody logs in with.
pub struct Login<'a> {
    /// A username or an e-mail address, as typed.
    pub name: &'a str,
    /// The password, as typed.
    pub password: &'a str,
    /// The client that asks.
    pub client: Asking<'a>,
    /// The scopes asked for; every granted one but our own where absent.
    pub scope: Option<&'a str>,
    /// The audiences asked for; the default ones where empty.
    pub audience: &'a [String],
    /// The refresh token of the session that this login takes the place of: the one in the
    /// browser's cookie.
    pub replaces: Option<&'a str>,
    /// Whether the browser is to have a session cookie, for forward-auth.
    pub session_cookie: bool,
    /// Who asks.
    pub caller: &'a Caller,
}

impl Auth {
    /// Logs in: opens a session and issues its first tokens.
    pub async fn login(&self, login: Login<'_>) -> Result<Tokens, AuthError> {
        let asked = self.asked(&login.client, login.scope, login.audience)?;
        let account = self
            .check_password(login.name, login.password, login.caller)
            .await?;
        let replaced = self.replaced(login.replaces);
        let tokens = self
            .open_session(
                &account.user,
                &asked,
                login.caller,
                replaced,
                login.session_cookie,
            )
            .await?;
        if let Some(replaced) = replaced {
            self.replace(replaced, &tokens).await;
        }
        Ok(tokens)
    }

    /// The account, if the password is its own and it is enabled.
    pub(super) async fn check_password(
        &self,
        typed_name: &str,
        typed: &str,
        caller: &Caller,
    ) -> Result<Credentials, AuthError> {
        if typed_name.len() > MAX_NAME_BYTES {
            return Err(AuthError::field(
                "/username",
                "too_long",
                "Use at most 254 bytes.",
            ));
        }
        let password =
            Password::new(typed).map_err(|refusal| AuthError::password("/password", refusal))?;
        let name = typed_name.parse::<LoginName>().ok();
        let folded = name.as_ref().map_or(typed_name, LoginName::as_str);
        let pseudonym = self.parts.pseudonyms.of(folded);
        let lookup = async {
            match &name {
                Some(name) => self.parts.users.by_login_name(name).await,
                None => Ok(None),
            }
        };
        let proof = self.prove(&pseudonym, &password, lookup, Share::Login, caller);
        match proof.await {
            Ok(Proof::Right(account)) => Ok(*account),
            Ok(Proof::Wrong(limit)) => {
                refused("login.refused", &pseudonym, caller);
                Err(AuthError::InvalidCredentials(limit))
            }
            Err(error) => {
                if matches!(error, AuthError::Throttled(_)) {
                    refused("login.throttled", &pseudonym, caller);
                }
                Err(error)
            }
        }
    }

    /// The session whose token the browser's cookie holds, if that is a token.
    fn replaced(&self, cookie: Option<&str>) -> Option<SessionDigest> {
        let old = self.parts.refresh_keys.open(cookie?).ok()?;
        Some(digest(&old.handle))
    }

    /// Ends that session: its place is taken. The login has succeeded whatever becomes of this; the
    /// old session has no holder any more.
    async fn replace(&self, replaced: SessionDigest, tokens: &Tokens) {
        let key = SessionKey::Digest(replaced);
        let found = self.parts.families.find(&key).await;
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
}

/// Logs a refusal. Of the name, which may be a password typed into the wrong field, a pseudonym.
fn refused(event: &'static str, pseudonym: &str, caller: &Caller) {
    let address = caller.address;
    tracing::info!(target: "signet::event", event, name = pseudonym, %address);
    metrics::counter!("signet_logins_total", "outcome" => "refused").increment(1);
}
