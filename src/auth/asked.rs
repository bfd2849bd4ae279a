//! What a login asks its tokens for: a client, scopes, audiences.

use crate::model::{client::Client, scope::Scopes};

use super::{Auth, AuthError};

/// The longest list of scopes: an access token with more would be too large.
pub(super) const MAX_SCOPE_BYTES: usize = 2048;

/// What was asked for, checked and cut to what is known.
pub(super) struct Asked<'a> {
    /// The client.
    pub(super) client: &'a Client,
    /// The scopes; everything that is granted where absent.
    pub(super) scope: Option<Scopes>,
    /// The audiences; the default ones where empty.
    pub(super) audience: Vec<String>,
}

impl Auth {
    /// Checks what is asked for before any work is done on the password.
    pub(super) fn asked(
        &self,
        client: Option<&str>,
        scope: Option<&str>,
        audience: &[String],
    ) -> Result<Asked<'_>, AuthError> {
        let asked = Asked {
            client: self.client_named(client).ok_or_else(unknown_client)?,
            scope: scope.map(parse_scope).transpose()?,
            audience: self.check_audience(audience)?,
        };
        self.check_own_scopes(&asked)?;
        Ok(asked)
    }

    /// The audiences asked for, where all of them are ours to issue for.
    pub(super) fn check_audience(&self, asked: &[String]) -> Result<Vec<String>, AuthError> {
        let known =
            |one: &String| *one == self.terms.own_audience || self.terms.audiences.contains(one);
        if asked.iter().all(known) {
            let mut distinct = Vec::new();
            for one in asked {
                if !distinct.contains(one) {
                    distinct.push(one.clone());
                }
            }
            return Ok(distinct);
        }
        let detail = "Ask for audiences that this server issues tokens for (tokens.audience).";
        Err(AuthError::field("/audience", "invalid_target", detail))
    }

    /// A token with one of our own scopes is for our own API alone.
    fn check_own_scopes(&self, asked: &Asked<'_>) -> Result<(), AuthError> {
        let own_scopes = asked.scope.as_ref().is_some_and(Scopes::any_own);
        let elsewhere = |one: &String| *one != self.terms.own_audience;
        if own_scopes && asked.audience.iter().any(elsewhere) {
            let detail = "Ask for signet.* scopes alone with Signet's own audience.";
            return Err(AuthError::field("/audience", "invalid_target", detail));
        }
        Ok(())
    }
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
    if text.len() > MAX_SCOPE_BYTES {
        let detail = "Ask for at most 2048 bytes of scopes.";
        return Err(AuthError::field("/scope", "too_long", detail));
    }
    text.parse().map_err(|error| {
        AuthError::field(
            "/scope",
            "invalid_scope",
            format!("Separate scopes by one space; {error}."),
        )
    })
}
