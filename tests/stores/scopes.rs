//! The registry of scopes: what is granted by name is in it, and goes with it.

use std::slice;

use signet::{
    model::{
        change::Change,
        scope::{Grant, RegisteredScope},
        user::LoginName,
    },
    store::{
        changes::Changes,
        error::{
            Conflict::{ScopeExists, UnknownScope},
            StoreError,
        },
        scopes::ScopeRegistry,
    },
};

use crate::place::Place;

on_each_database! {
    a_scope_is_registered_once,
    only_a_registered_scope_is_granted_by_name,
    a_scope_that_is_taken_out_goes_from_whom_it_was_granted,
    what_was_granted_before_there_was_a_registry_is_registered,
}

fn scope(place: &Place, name: &str) -> RegisteredScope {
    let now = place.database.now();
    RegisteredScope::of_newcomer(name, "What it is for.", now).unwrap()
}

fn registry(place: &Place) -> ScopeRegistry {
    ScopeRegistry::new(place.database.clone())
}

async fn names(place: &Place) -> Vec<String> {
    let registry = registry(place).read().await.unwrap();
    registry.iter().map(|one| one.name.to_string()).collect()
}

async fn grants(place: &Place, name: &str) -> String {
    let name: LoginName = name.parse().unwrap();
    let found = place.users().by_login_name(&name).await.unwrap().unwrap();
    let grants: Vec<&str> = found.user.grants.iter().map(Grant::as_str).collect();
    grants.join(" ")
}

async fn a_scope_is_registered_once(place: Place) {
    let (pages, blog) = (scope(&place, "pages.read"), scope(&place, "blog.read"));
    registry(&place).add(&pages).await.unwrap();
    registry(&place).add(&blog).await.unwrap();
    let again = registry(&place).add(&scope(&place, "pages.read")).await;
    assert_eq!(again, Err(StoreError::Conflict(ScopeExists)));
    let known = registry(&place).read().await.unwrap();
    assert_eq!(known, [pages, blog].into_iter().collect());
    let log = Changes::new(place.database.clone()).since(0).await.unwrap();
    let changes: Vec<_> = log.rows.into_iter().map(|row| row.change).collect();
    assert_eq!(changes, [Change::ScopesChanged, Change::ScopesChanged]);
}

async fn only_a_registered_scope_is_granted_by_name(place: Place) {
    let user = place.user("ada").await;
    let all = ["pages.*", "signet.users.read", "pages.read"].map(|text| text.parse().unwrap());
    let refused = place.users().grant(user, &all).await;
    assert_eq!(refused, Err(StoreError::Conflict(UnknownScope)));
    let ben = place.new_user("ben", &["pages.read"]);
    let refused = place.users().create(ben).await;
    assert_eq!(refused, Err(StoreError::Conflict(UnknownScope)));
    // All or nothing.
    assert_eq!(grants(&place, "ada").await, "");
    let ben: LoginName = "ben".parse().unwrap();
    assert!(place.users().by_login_name(&ben).await.unwrap().is_none());

    registry(&place)
        .add(&scope(&place, "pages.read"))
        .await
        .unwrap();
    assert_eq!(place.users().grant(user, &all).await, Ok(true));
    assert_eq!(
        grants(&place, "ada").await,
        "pages.* pages.read signet.users.read"
    );
}

async fn a_scope_that_is_taken_out_goes_from_whom_it_was_granted(place: Place) {
    let pages = scope(&place, "pages.read");
    registry(&place).add(&pages).await.unwrap();
    let ada = place.new_user("ada", &["pages.read", "pages.*"]);
    place.users().create(ada).await.unwrap();
    assert_eq!(registry(&place).remove(&pages.name).await, Ok(true));
    assert_eq!(registry(&place).remove(&pages.name).await, Ok(false));
    assert_eq!(names(&place).await, [""; 0]);
    assert_eq!(grants(&place, "ada").await, "pages.*");
    let log = Changes::new(place.database.clone()).since(0).await.unwrap();
    assert_eq!(log.latest, 2);

    // Registered again, it is nobody's.
    registry(&place).add(&pages).await.unwrap();
    assert_eq!(grants(&place, "ada").await, "pages.*");
}

async fn what_was_granted_before_there_was_a_registry_is_registered(place: Place) {
    let ada = place.user("ada").await;
    let patterns: [Grant; 3] = ["*", "pages.*", "signet.users.read"].map(|p| p.parse().unwrap());
    place.users().grant(ada, &patterns).await.unwrap();
    let mut intruder = place.intruder().await;
    for before in [
        "DROP TABLE scopes",
        "DELETE FROM _sqlx_migrations WHERE description = 'scopes'",
        "INSERT INTO user_grants SELECT id, 'pages.read' FROM users",
        "INSERT INTO user_grants SELECT id, 'blog.read' FROM users",
    ] {
        intruder.execute(before).await;
    }
    drop(intruder);
    place.database.migrate().await.unwrap();
    assert_eq!(names(&place).await, ["blog.read", "pages.read"]);
    let blog: Grant = "blog.read".parse().unwrap();
    let blog = slice::from_ref(&blog);
    assert_eq!(place.users().ungrant(ada, blog).await, Ok(true));
    assert_eq!(place.users().grant(ada, blog).await, Ok(true));
}
