//! The registry of scopes: which there are, for people and for every token that is issued.

use std::sync::{Arc, PoisonError};

use crate::{
    model::scope::{RegisteredScope, Registry, Scope},
    store::error::Conflict,
};

use super::{Auth, AuthError, asked::MAX_SCOPE_BYTES};

/// A scope to register.
pub struct NewScope<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it allows, for people.
    pub description: &'a str,
}

impl Auth {
    /// The registry as this node knows it: no older than the last reading of the change log.
    #[must_use]
    pub fn registry(&self) -> Arc<Registry> {
        let registry = self.registry.read();
        registry.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Registers a scope.
    pub async fn add_scope(&self, new: NewScope<'_>) -> Result<RegisteredScope, AuthError> {
        let scope = RegisteredScope::of_newcomer(new.name, new.description, self.now());
        let scope = scope.map_err(|error| {
            AuthError::field(error.pointer(), error.code(), format!("{error}."))
        })?;
        self.check_room(&scope)?;
        self.parts.scopes.add(&scope).await?;
        tracing::info!(target: "signet::event", event = "scope.added", scope = %scope.name);
        self.catch_up().await?;
        Ok(scope)
    }

    /// Takes a scope out of the registry, and from everybody who was granted it by name. Whatever
    /// carried it is issued without it from now on.
    pub async fn remove_scope(&self, name: &str) -> Result<(), AuthError> {
        let scope = name.parse::<Scope>().map_err(|_| AuthError::NotFound)?;
        if scope.is_own() {
            return Err(AuthError::Conflict(Conflict::BuiltIn));
        }
        if !self.parts.scopes.remove(&scope).await? {
            return Err(AuthError::NotFound);
        }
        tracing::info!(target: "signet::event", event = "scope.removed", %scope);
        self.catch_up().await
    }

    /// Refuses more names than an access token holds: the token of whoever is granted all of them
    /// could not be issued, and a refresh that cannot be answered is worse.
    fn check_room(&self, more: &RegisteredScope) -> Result<(), AuthError> {
        let registry = self.registry();
        let names = registry.iter().chain([more]).map(|one| one.name.as_str());
        if names.map(|name| name.len() + 1).sum::<usize>() <= MAX_SCOPE_BYTES {
            return Ok(());
        }
        let detail =
            "Use fewer scopes, or shorter names: an access token holds 2048 bytes of them.";
        Err(AuthError::field("/name", "too_many", detail))
    }
}
