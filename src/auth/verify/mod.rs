//! Judges, for a gateway, whether a request may pass, and tells who asks.
//!
//! Owns what a credential is worth to an application behind a gateway. Which credential of a
//! request is meant, and what the gateway is told, is [`http`](crate::http)'s. Nothing is advanced
//! here, and what was asked about before is answered without I/O.

mod access_token;
mod api_key;
mod basic;
mod identity;
mod session_cookie;
mod token;

use zeroize::Zeroizing;

use super::{Auth, AuthError, Caller};
use crate::model::{
    forward::{Accept, Rule},
    scope::Scopes,
};

pub(super) use basic::BasicProofs;
pub use identity::{Identity, Subject};
pub(super) use session_cookie::{CookieSessions, cookie_sessions};

/// What a gateway asks.
pub struct Question<'a> {
    /// The rule that covers the request.
    pub rule: &'a Rule,
    /// What it presents: the first that the rule takes, or all.
    pub credentials: &'a [Credential<'a>],
    /// Whether it changes nothing, whatever it is taken for.
    pub only_reads: bool,
    /// Which page sent it, where that matters: a browser adds cookies by itself.
    pub page: Page<'a>,
    /// Who asks the gateway.
    pub caller: &'a Caller,
}

/// A credential as it was presented.
pub struct Credential<'a> {
    /// In which of the rule's ways.
    pub accept: &'a Accept,
    /// What it is.
    pub presented: Presented<'a>,
}

/// What is presented. It is not judged yet, and nothing to print.
pub enum Presented<'a> {
    /// An access token.
    AccessToken(&'a str),
    /// An API key.
    ApiKey(&'a str),
    /// The session cookie.
    SessionCookie(&'a str),
    /// A name and a password.
    Password {
        /// The username or e-mail address, as typed.
        name: Zeroizing<String>,
        /// The password, as typed.
        password: Zeroizing<String>,
    },
}

/// Which page sent a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Page<'a> {
    /// Any may have: the request changes nothing. Or one of the very site that it goes to.
    Harmless,
    /// One of this origin.
    Of(&'a str),
    /// Nobody knows, or a foreign site's.
    Foreign,
}

/// Who asks, as the application is to be told.
pub struct Passed {
    /// Who.
    pub identity: Identity,
    /// The signed token that says so, where the rule wants one. Never logged.
    pub token: Option<String>,
}

impl Auth {
    /// Judges what a request presents: every credential must be good, and have what the rule
    /// needs. The caller is whom the first one proves; they may do what all of them allow.
    pub async fn verify_request(&self, question: Question<'_>) -> Result<Passed, AuthError> {
        self.keep_fresh().await?;
        let mut identity: Option<Identity> = None;
        for credential in question.credentials {
            let one = self.judge(credential, &question).await?;
            identity = Some(match identity {
                Some(first) => first.within(&one),
                None => one,
            });
        }
        let identity = identity.ok_or(AuthError::InvalidAccessToken)?;
        let needed = question.rule.needs();
        if !needed.is_subset(&identity.scopes) {
            return Err(AuthError::MissingScopes(needed));
        }
        let token = question.rule.token_audience.as_deref();
        let token = token.map(|audience| self.identity_token(&identity, audience));
        Ok(Passed {
            token: token.transpose()?,
            identity,
        })
    }

    async fn judge(
        &self,
        credential: &Credential<'_>,
        question: &Question<'_>,
    ) -> Result<Identity, AuthError> {
        let kind = credential.accept.kind();
        match &credential.presented {
            Presented::AccessToken(token) => self.by_access_token(kind, token, question.rule).await,
            Presented::ApiKey(text) => self.by_api_key(kind, text, question).await,
            Presented::SessionCookie(cookie) => {
                self.by_session_cookie(kind, cookie, question.page).await
            }
            Presented::Password { name, password } => {
                self.by_password(kind, name, password, question.caller)
                    .await
            }
        }
    }
}

/// What an application may be told of scopes: those of Signet's own are nobody's business there.
fn for_application(scopes: &Scopes) -> Scopes {
    scopes
        .iter()
        .filter(|scope| !scope.is_own())
        .cloned()
        .collect()
}
