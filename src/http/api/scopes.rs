//! `/v1/scopes`.

use std::sync::Arc;

use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};

use crate::{
    auth::{
        Auth,
        scopes::{ListedScope, NewScope},
        sessions::Page,
    },
    http::{
        answer::{Answer, Created, NoContent},
        body::Body,
        moment::Moment,
        problem::Refusal,
    },
    model::scope::Scope,
};

use super::{
    Tag,
    administrator::{Administrator, ScopesRead, ScopesWrite},
    listing::{Cursor, PageSize, next_cursor, paging, total},
};

/// Administers the registry of scopes.
pub struct ScopesApi(pub(super) Arc<Auth>);

/// A scope to register.
#[derive(Object, Deserialize)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub(super) struct ScopeCreation {
    /// Its name: segments with dots between them, without `*`, such as `pages.read`.
    #[oai(validator(
        min_length = 1,
        max_length = 128,
        pattern = r"^[!#-)+-\-/-\[\]-~]+(\.[!#-)+-\-/-\[\]-~]+)*$"
    ))]
    name: String,
    /// What it allows, for people.
    #[serde(default)]
    #[oai(default, validator(max_length = 200))]
    description: String,
}

/// A scope.
#[derive(Object, Serialize)]
#[oai(rename = "Scope")]
pub(super) struct ScopeItem {
    /// Its name.
    name: String,
    /// What it allows, for people.
    description: String,
    /// Whether it is one of Signet's own, which cannot be taken out.
    built_in: bool,
    /// When it was registered; absent of those that are built in.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Moment>,
}

/// Some of the scopes.
#[derive(Object, Serialize)]
pub(super) struct ScopePage {
    /// The scopes by name.
    items: Vec<ScopeItem>,
    /// What to pass as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// How many there are in all.
    total: i64,
}

#[expect(
    clippy::unused_async,
    reason = "operations are asynchronous, whether they wait or not"
)]
#[OpenApi(tag = "Tag::Scopes")]
impl ScopesApi {
    /// Register a scope.
    ///
    /// Only what is registered can be granted by name, asked for, and put into tokens. Whoever is
    /// granted a pattern that matches has it at once. All names together have 2,048 bytes at most.
    #[oai(path = "/v1/scopes", method = "post", operation_id = "addScope")]
    async fn add(
        &self,
        administrator: Administrator<ScopesWrite>,
        body: Body<ScopeCreation>,
    ) -> Result<Created<ScopeItem>, Refusal> {
        let Body(ScopeCreation { name, description }) = body;
        let new = NewScope {
            name: &name,
            description: &description,
        };
        let added = self.0.add_scope(&administrator.authority, new).await?;
        Ok(Created::new(ListedScope::from(added).into()))
    }

    /// List the scopes there are.
    ///
    /// By name, a page at a time, Signet's own included.
    #[oai(path = "/v1/scopes", method = "get", operation_id = "listScopes")]
    async fn list(
        &self,
        _administrator: Administrator<ScopesRead>,
        /// Where to go on: the `next_cursor` of the page before.
        cursor: Query<Option<Cursor<Scope>>>,
        /// How many to list at most.
        #[oai(default)]
        limit: Query<PageSize>,
    ) -> Result<Answer<ScopePage>, Refusal> {
        let page = self.0.list_scopes(&paging(cursor, limit));
        Ok(Answer::new(page.into()))
    }

    /// Take a scope out.
    ///
    /// And from everybody who was granted it by name. Tokens are issued without it from now on;
    /// those that carry it live until they expire.
    #[oai(
        path = "/v1/scopes/:name",
        method = "delete",
        operation_id = "removeScope"
    )]
    async fn remove(
        &self,
        administrator: Administrator<ScopesWrite>,
        /// The scope's name.
        name: Path<String>,
    ) -> Result<NoContent, Refusal> {
        let by = &administrator.authority;
        self.0.remove_scope(by, &name.0).await?;
        Ok(NoContent::default())
    }
}

impl From<ListedScope> for ScopeItem {
    fn from(scope: ListedScope) -> Self {
        Self {
            name: scope.name.to_string(),
            description: scope.description,
            built_in: scope.created_at.is_none(),
            created_at: scope.created_at.map(Moment),
        }
    }
}

impl From<Page<ListedScope>> for ScopePage {
    fn from(page: Page<ListedScope>) -> Self {
        Self {
            next_cursor: next_cursor(&page, |last| last.name.to_string()),
            total: total(&page),
            items: page.items.into_iter().map(ScopeItem::from).collect(),
        }
    }
}
