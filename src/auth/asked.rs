//! What a login asks its tokens for: a client, scopes, audiences.

use std::sync::Arc;

use crate::model::{
    client::{Client, ClientKind, GrantType},
    scope::Scopes,
};

use super::{Auth, AuthError, clients::Asking};

/// The longest list of scopes: an access token with more would be too large.
pub(super) const MAX_SCOPE_BYTES: usize = 2048;

/// What was asked for, checked and cut to what is known.
pub(super) struct Asked {
    /// The client.
    pub(super) client: Arc<Client>,
    /// The scopes; everything that is granted where absent.
    pub(super) scope: Option<Scopes>,
    /// The audiences; the default ones where empty.
    pub(super) audience: Vec<String>,
}

impl Auth {
    /// Checks what is asked for before any work is done on the password.
    pub(super) fn asked(
        &self,
        asking: &Asking<'_>,
        scope: Option<&str>,
        audience: &[String],
    ) -> Result<Asked, AuthError> {
        let client = self.client_of(asking).ok_or_else(unknown_client)?;
        check_login(asking, &client)?;
        let asked = Asked {
            scope: scope.map(parse_scope).transpose()?,
            audience: self.check_audience(self.audiences_of(&client), audience)?,
            client,
        };
        self.check_own_scopes(&asked)?;
        Ok(asked)
    }

    /// The audiences asked for, where all of them are usual or our own.
    pub(super) fn check_audience(
        &self,
        usual: &[String],
        asked: &[String],
    ) -> Result<Vec<String>, AuthError> {
        let known = |one: &String| *one == self.terms.own_audience || usual.contains(one);
        if asked.iter().all(known) {
            return Ok(distinct(asked));
        }
        let detail =
            "Ask for audiences that this client may ask for: its own, or those of tokens.audience.";
        Err(AuthError::field("/audience", "invalid_target", detail))
    }

    /// A token with one of our own scopes is for our own API alone.
    fn check_own_scopes(&self, asked: &Asked) -> Result<(), AuthError> {
        let own_scopes = asked.scope.as_ref().is_some_and(Scopes::any_own);
        let elsewhere = |one: &String| *one != self.terms.own_audience;
        if own_scopes && asked.audience.iter().any(elsewhere) {
            let detail = "Ask for signet.* scopes alone with Signet's own audience.";
            return Err(AuthError::field("/audience", "invalid_target", detail));
        }
        Ok(())
    }
}

/// Refuses a client that logs nobody in.
fn check_login(asking: &Asking<'_>, client: &Client) -> Result<(), AuthError> {
    let refused = |code, detail: &str| Err(AuthError::field("/client_id", code, detail));
    if !client.is_enabled() {
        return refused(
            "client_disabled",
            "Have an administrator enable the client.",
        );
    }
    if client.kind == ClientKind::Confidential && matches!(asking, Asking::Named(_)) {
        return refused(
            "unauthorized_client",
            "Authenticate the client by Basic, or name a public one.",
        );
    }
    if !client.may_use(GrantType::RefreshToken) {
        return refused(
            "unauthorized_client",
            "Name a client that logs users in: see its grant_types.",
        );
    }
    Ok(())
}

fn unknown_client() -> AuthError {
    AuthError::field(
        "/client_id",
        "unknown_client",
        "Leave it out, or name a registered client.",
    )
}

/// Each of these once, in order.
pub(super) fn distinct(asked: &[String]) -> Vec<String> {
    let mut distinct = Vec::new();
    for one in asked {
        if !distinct.contains(one) {
            distinct.push(one.clone());
        }
    }
    distinct
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
