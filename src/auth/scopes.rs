//! The registry of scopes: which there are, for people and for every token that is issued.

use std::sync::{Arc, PoisonError};

use crate::{
    model::{
        authority::Authority,
        own_scope::OwnScope,
        scope::{RegisteredScope, Registry, Scope},
        time::Timestamp,
    },
    store::{
        error::Conflict,
        paging::{Page, Paging},
    },
};

use super::{Auth, AuthError, asked::MAX_SCOPE_BYTES};

/// A scope to register.
pub struct NewScope<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it allows, for people.
    pub description: &'a str,
}

/// A scope, as a list of all tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedScope {
    /// Its name.
    pub name: Scope,
    /// What it allows, for people.
    pub description: String,
    /// When it was registered; none for those that are built in.
    pub created_at: Option<Timestamp>,
}

impl From<RegisteredScope> for ListedScope {
    fn from(scope: RegisteredScope) -> Self {
        Self {
            name: scope.name,
            description: scope.description,
            created_at: Some(scope.created_at),
        }
    }
}

impl From<OwnScope> for ListedScope {
    fn from(own: OwnScope) -> Self {
        Self {
            name: own.scope(),
            description: own.description().to_owned(),
            created_at: None,
        }
    }
}

impl Auth {
    /// The scopes by name, Signet's own included.
    #[must_use]
    pub fn list_scopes(&self, paging: &Paging<Scope>) -> Page<ListedScope> {
        let registry = self.registry();
        let registered = registry.iter().cloned().map(ListedScope::from);
        let own = OwnScope::ALL.iter().copied().map(ListedScope::from);
        let mut all: Vec<_> = registered.chain(own).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        let total = u64::try_from(all.len()).unwrap_or(u64::MAX);
        all.retain(|one| paging.after.as_ref().is_none_or(|after| one.name > *after));
        Page::cut(all, paging.limit, total)
    }

    /// The registry as this node knows it: no older than the last reading of the change log.
    #[must_use]
    pub fn registry(&self) -> Arc<Registry> {
        let registry = self.registry.read();
        registry.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Registers a scope.
    pub async fn add_scope(
        &self,
        by: &Authority,
        new: NewScope<'_>,
    ) -> Result<RegisteredScope, AuthError> {
        let scope = RegisteredScope::of_newcomer(new.name, new.description, self.now());
        let scope = scope.map_err(|error| {
            AuthError::field(error.pointer(), error.code(), format!("{error}."))
        })?;
        self.check_room(&scope)?;
        self.parts.scopes.add(&scope).await?;
        tracing::info!(
            target: "signet::event", event = "scope.added", scope = %scope.name, actor = %by,
        );
        self.catch_up().await?;
        Ok(scope)
    }

    /// Takes a scope out of the registry, and from everybody who was given it by name: users, keys,
    /// clients. Whatever
    /// carried it is issued without it from now on.
    pub async fn remove_scope(&self, by: &Authority, name: &str) -> Result<(), AuthError> {
        let scope = name.parse::<Scope>().map_err(|_| AuthError::NotFound)?;
        if scope.is_own() {
            return Err(AuthError::Conflict(Conflict::BuiltIn));
        }
        if !self.parts.scopes.remove(&scope).await? {
            return Err(AuthError::NotFound);
        }
        tracing::info!(target: "signet::event", event = "scope.removed", %scope, actor = %by);
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
