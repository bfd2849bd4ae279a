//! The registry of scopes: what is granted by name is in it, and goes with it.

use std::slice;

use signet::{
    crypto::{api_key::ApiKeyReader, pepper::Pepper},
    model::{
        api_key::{Addresses, Metadata},
        change::Change,
        client::{ClientKind, ClientRecord, ClientSettings, ExtraClaims, GrantType, TokenType},
        id::{ApiKeyKind, UserId},
        refresh_token::TokenPrefix,
        scope::{Grant, Grants, RegisteredScope},
        time::Timestamp,
        user::LoginName,
    },
    store::{
        api_keys::{ApiKeyPatch, ApiKeys, NewApiKey},
        changes::Changes,
        clients::Clients,
        error::{
            Conflict::{ScopeExists, UnknownScope},
            StoreError,
        },
        scopes::ScopeRegistry,
    },
};

use crate::{
    place::Place,
    server::{wait_for_locks, waits_for_a_lock},
};

on_each_database! {
    a_scope_is_registered_once,
    only_a_registered_scope_is_granted_by_name,
    a_scope_that_is_taken_out_goes_from_whom_it_was_granted,
    a_key_is_given_by_name_what_is_registered_and_nothing_else,
    a_client_is_given_by_name_what_is_registered_and_nothing_else,
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

fn all(grants: &[&str]) -> Grants {
    grants.iter().map(|grant| grant.parse().unwrap()).collect()
}

fn keys(place: &Place) -> ApiKeys {
    ApiKeys::new(place.database.clone())
}

fn key(place: &Place, owner: Option<UserId>, scopes: &[&str]) -> NewApiKey {
    let pepper = Pepper::new(1, &[7; 32]).unwrap();
    let made = ApiKeyReader::new(pepper, TokenPrefix::default(), &[]).make(&*place.rng);
    NewApiKey {
        id: place.id::<ApiKeyKind>(),
        name: "CI".parse().unwrap(),
        owner,
        scopes: all(scopes),
        audiences: Vec::new(),
        read_only: false,
        addresses: Addresses::default(),
        metadata: Metadata::default(),
        expires_at: None,
        created_by: owner,
        secret: made.kept,
        max_per_user: 3,
    }
}

fn clients(place: &Place) -> Clients {
    Clients::new(place.database.clone())
}

fn client(place: &Place, scopes: &[&str]) -> ClientRecord {
    ClientRecord {
        id: place.id(),
        kind: ClientKind::Confidential,
        settings: ClientSettings {
            name: "Reports".parse().unwrap(),
            origins: Vec::new(),
            grant_types: vec![GrantType::ClientCredentials],
            scopes: all(scopes),
            audiences: Vec::new(),
            resources: Vec::new(),
            access_lifetime: None,
            idle_lifetime: None,
            absolute_lifetime: None,
            reuse_interval: None,
            keys_for_passwords: false,
            refresh_introspection: false,
            algorithm: None,
            token_type: TokenType::AtJwt,
            claims: ExtraClaims::default(),
            jwks: Vec::new(),
        },
        version: 1,
        disabled_at: None,
        not_before: Timestamp::default(),
        rotated_at: None,
        created_at: place.database.now(),
    }
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

async fn a_key_is_given_by_name_what_is_registered_and_nothing_else(place: Place) {
    let unknown = StoreError::Conflict(UnknownScope);
    let pages = scope(&place, "pages.read");
    let given = ["pages.read", "pages.*", "signet.users.read"];
    let new = key(&place, None, &given);
    // As if another node had taken it out since this one judged the request.
    assert_eq!(keys(&place).create(new.clone()).await, Err(unknown.clone()));
    let refused = keys(&place).by_id(new.id).await.unwrap();
    assert!(refused.is_none());
    registry(&place).add(&pages).await.unwrap();
    let seen = keys(&place).create(new).await.unwrap();
    assert_eq!(seen.scopes, all(&given));

    let patch = ApiKeyPatch {
        scopes: Some(all(&["blog.*", "pages.read"])),
        ..ApiKeyPatch::default()
    };
    keys(&place).update(&seen, patch.clone()).await.unwrap();
    assert_eq!(registry(&place).remove(&pages.name).await, Ok(true));
    let seen = keys(&place).by_id(seen.id).await.unwrap().unwrap().key;
    assert_eq!(seen.scopes, all(&["blog.*"]));
    let refused = keys(&place).update(&seen, patch).await;
    assert_eq!(refused, Err(unknown));
    // A change of anything else asks for nothing.
    let patch = ApiKeyPatch {
        read_only: Some(true),
        ..ApiKeyPatch::default()
    };
    keys(&place).update(&seen, patch).await.unwrap();
}

async fn a_client_is_given_by_name_what_is_registered_and_nothing_else(place: Place) {
    let unknown = StoreError::Conflict(UnknownScope);
    let pages = scope(&place, "pages.read");
    let new = client(&place, &["pages.read", "pages.*", "signet.users.read"]);
    let refused = clients(&place).create(&new, None).await;
    assert_eq!(refused, Err(unknown.clone()));
    assert_eq!(clients(&place).by_id(new.id).await, Ok(None));
    registry(&place).add(&pages).await.unwrap();
    clients(&place).create(&new, None).await.unwrap();
    clients(&place).update(&new, &new.settings).await.unwrap();

    assert_eq!(registry(&place).remove(&pages.name).await, Ok(true));
    let seen = clients(&place).by_id(new.id).await.unwrap().unwrap();
    assert_eq!(seen.settings.scopes, all(&["pages.*", "signet.users.read"]));
    let refused = clients(&place).update(&seen, &new.settings).await;
    assert_eq!(refused, Err(unknown));
    let kept = clients(&place).by_id(new.id).await;
    assert_eq!(kept, Ok(Some(seen)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_a_scope_waits_for_whom_takes_it_out() {
    let place = Place::postgres().await;
    registry(&place)
        .add(&scope(&place, "pages.read"))
        .await
        .unwrap();
    let mut intruder = place.intruder().await;
    intruder.execute("BEGIN").await;
    intruder.execute("DELETE FROM scopes").await;
    let (keys, new) = (keys(&place), key(&place, None, &["pages.read"]));
    let made = tokio::spawn(async move { keys.create(new).await });
    let (clients, new) = (clients(&place), client(&place, &["pages.read"]));
    let registered = tokio::spawn(async move { clients.create(&new, None).await });
    wait_for_locks(&place, 2).await;
    intruder.execute("COMMIT").await;
    let unknown = StoreError::Conflict(UnknownScope);
    assert_eq!(made.await.unwrap(), Err(unknown.clone()));
    assert_eq!(registered.await.unwrap(), Err(unknown));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_a_scope_out_takes_it_from_a_key_that_is_being_made() {
    let place = Place::postgres().await;
    let pages = scope(&place, "pages.read");
    registry(&place).add(&pages).await.unwrap();
    let ada = place.user("ada").await;
    let mut intruder = place.intruder().await;
    intruder.execute("BEGIN").await;
    // The key's maker has seen the scope, and waits for its owner.
    intruder.execute("SELECT 1 FROM users FOR UPDATE").await;
    let (making, new) = (keys(&place), key(&place, Some(ada), &["pages.read"]));
    let id = new.id;
    let made = tokio::spawn(async move { making.create(new).await });
    waits_for_a_lock(&place).await;
    let registry = registry(&place);
    let removed = tokio::spawn(async move { registry.remove(&pages.name).await });
    wait_for_locks(&place, 2).await;
    intruder.execute("COMMIT").await;
    assert_eq!(made.await.unwrap().unwrap().scopes, all(&["pages.read"]));
    assert_eq!(removed.await.unwrap(), Ok(true));
    let kept = keys(&place).by_id(id).await.unwrap().unwrap().key;
    assert_eq!(kept.scopes, Grants::default());
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
