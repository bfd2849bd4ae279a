//! The registry of scopes.

use sea_orm::QueryResult;

use super::{
    api_keys, changes, clients,
    database::Database,
    error::{Conflict, StoreError},
    job::Step,
    sql::Columns as _,
};
use crate::model::{
    change::Change,
    scope::{Grant, RegisteredScope, Registry, Scope},
    time::Timestamp,
};

/// The registry of a database.
#[derive(Clone)]
pub struct ScopeRegistry {
    database: Database,
}

impl ScopeRegistry {
    /// That of this database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    /// All of it.
    pub async fn read(&self) -> Result<Registry, StoreError> {
        let rows = self.database.read().all(ALL, []).await?;
        rows.iter().map(scope).collect()
    }

    /// Registers a scope. [`ScopeExists`](Conflict::ScopeExists) where it is registered already.
    pub async fn add(&self, new: &RegisteredScope) -> Result<(), StoreError> {
        let values = [
            new.name.as_str().into(),
            new.description.as_str().into(),
            new.created_at.millis().into(),
        ];
        let work = self.database.write(move |step| {
            Box::pin(async move {
                if step.sql.execute(INSERT, values).await? == 0 {
                    return Err(Conflict::ScopeExists.into());
                }
                changes::append(step, &Change::ScopesChanged).await
            })
        });
        work.await
    }

    /// Takes a scope out, and from every user, key and client that was given it by name: should the
    /// name be registered again one day, nobody holds it. Whether it was there.
    pub async fn remove(&self, name: &Scope) -> Result<bool, StoreError> {
        let name = name.to_string();
        let work = self
            .database
            .write(move |step| Box::pin(remove(step, name)));
        work.await
    }
}

async fn remove(step: &Step<'_>, name: String) -> Result<bool, StoreError> {
    if step.sql.execute(DELETE, [name.clone().into()]).await? == 0 {
        return Ok(false);
    }
    step.sql.execute(UNGRANT, [name.clone().into()]).await?;
    api_keys::ungrant(step, &name).await?;
    clients::ungrant(step, &name).await?;
    changes::append(step, &Change::ScopesChanged).await?;
    Ok(true)
}

/// Refuses to give by name what is not registered, and holds what is there until the end of the
/// step: whoever takes it out meanwhile waits, and takes it from whom it was given to, too. A step
/// begins with it that changes a key or a client: who takes a scope out holds the scope, then them.
/// [`UnknownScope`](Conflict::UnknownScope) where one is not registered.
pub(super) async fn require<'g, G>(step: &Step<'_>, grants: G) -> Result<(), StoreError>
where
    G: IntoIterator<Item = &'g Grant, IntoIter: Send> + Send,
{
    let named = grants.into_iter().filter_map(Grant::as_scope);
    for scope in named.filter(|scope| !scope.is_own()) {
        if step.sql.one(HOLD, [scope.as_str().into()]).await?.is_none() {
            return Err(Conflict::UnknownScope.into());
        }
    }
    Ok(())
}

fn scope(row: &QueryResult) -> Result<RegisteredScope, StoreError> {
    Ok(RegisteredScope {
        name: row.parse("name")?,
        description: row.get("description")?,
        created_at: Timestamp::from_millis(row.get("created_at")?),
    })
}

const ALL: &str = "SELECT name, description, created_at FROM scopes";

const INSERT: &str = "
INSERT INTO scopes (name, description, created_at) VALUES ($1, $2, $3)
ON CONFLICT (name) DO NOTHING";

const DELETE: &str = "DELETE FROM scopes WHERE name = $1";

const UNGRANT: &str = "DELETE FROM user_grants WHERE pattern = $1";

const HOLD: &str = "
SELECT 1 FROM scopes WHERE name = $1
FOR SHARE";
