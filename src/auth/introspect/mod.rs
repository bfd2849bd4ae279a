//! Tells what a credential is and whether it counts (RFC 7662): access tokens and API keys.
//!
//! From memory: a signature that was checked before, users and keys as they were read a moment ago,
//! and the change log, which brings a logout or a revoked key within a second. Every refusal is the
//! same answer, whatever its reason.

mod about;
mod asker;
mod refresh_token;
mod scans;
mod signed;

use std::net::IpAddr;

use crate::model::{
    api_key::ApiKey,
    claims::Audience,
    id::{ClientId, SessionId},
    scope::Scopes,
};

use super::{Auth, AuthError, api_keys::KeyHolder};

pub use asker::Asker;
pub(super) use scans::Scans;

/// What is asked.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The credential.
    pub token: &'a str,
    /// Where it was presented from: what a key that is bound to networks needs to be active.
    pub address: Option<IpAddr>,
    /// Whether it was presented to change something: what a key that may only read is not active
    /// for. Unknown where absent: such a key is not active then either.
    pub writes: Option<bool>,
}

/// What is said of a credential that counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Introspection {
    /// Our issuer.
    pub iss: String,
    /// Whom it speaks of.
    pub sub: String,
    /// The name to log in with, where it is a user.
    pub username: Option<String>,
    /// Whom it is for; of a refresh token nobody but us.
    pub aud: Option<Audience>,
    /// The client that it was issued to.
    pub client_id: Option<ClientId>,
    /// What it allows now.
    pub scope: Scopes,
    /// When it ends, in seconds, if it does.
    pub exp: Option<i64>,
    /// When it was made, in seconds.
    pub iat: i64,
    /// Its identifier; a refresh token has none but its session's.
    pub jti: Option<String>,
    /// What more is said, by its kind.
    pub kind: Kind,
}

/// What kind of credential it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// The access token of a session.
    Session {
        /// The session.
        sid: SessionId,
        /// When the user proved who they are, in seconds.
        auth_time: i64,
        /// How.
        amr: Vec<String>,
    },
    /// A refresh token of this session, whichever of them it is.
    Refresh(SessionId),
    /// An access token that this key was exchanged for.
    Derived(Box<ApiKey>),
    /// The access token that a client got for itself.
    Client,
    /// An API key.
    ApiKey(Box<ApiKey>),
}

impl Auth {
    /// What is said to `asker` of a credential; nothing where it does not count, or not for them.
    pub async fn introspect(
        &self,
        asker: &Asker,
        question: &Question<'_>,
    ) -> Result<Option<Introspection>, AuthError> {
        let said = match self.about(asker, question).await {
            Ok(said) => said.filter(|said| self.may_know(asker, question.token, said)),
            Err(error) => refused(error)?,
        };
        if said.is_none() {
            self.charge(asker)?;
        }
        metrics::counter!(
            "signet_introspections_total", "active" => if said.is_some() { "true" } else { "false" }
        )
        .increment(1);
        Ok(said)
    }

    /// Whether the asker may know of it: what is for them, what they hold themselves, or anything
    /// with the scope for that.
    fn may_know(&self, asker: &Asker, token: &str, said: &Introspection) -> bool {
        let own = |one: &String| asker.is_audience(one, &self.terms.audiences);
        let concerns = match (&said.kind, &said.aud) {
            // It is their own.
            (Kind::Refresh(_), _) => true,
            (_, Some(aud)) => aud.as_slice().iter().any(own),
            (_, None) => false,
        };
        concerns || asker.is_itself(token) || asker.knows_all()
    }

    /// What an asker sees of a holder's scopes: Signet's own are nobody's business but their
    /// holder's.
    fn shown_scopes(asker: &Asker, token: &str, scopes: &Scopes) -> Scopes {
        if asker.is_itself(token) || asker.knows_all() || !scopes.any_own() {
            return scopes.clone();
        }
        let others = scopes.iter().filter(|scope| !scope.is_own());
        others.cloned().collect()
    }
}

/// A credential that does not count is no error: that is the answer. Trouble of ours is one.
fn refused(error: AuthError) -> Result<Option<Introspection>, AuthError> {
    match error {
        AuthError::InvalidAccessToken | AuthError::ApiKey(_) => Ok(None),
        trouble => Err(trouble),
    }
}

impl Question<'_> {
    /// Whether a key may be used in this way.
    fn suits(&self, holder: &KeyHolder) -> bool {
        let key = holder.key();
        let from_here = self.address.map_or(key.addresses.is_everywhere(), |from| {
            key.addresses.allow(from)
        });
        from_here && (!key.read_only || self.writes == Some(false))
    }
}
