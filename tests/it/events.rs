//! What the log says of changes: each that happened, once, and none that did not.

use serde_json::json;
use signet::auth::api_keys::KeyRef;
use signet::model::authority::Authority;

use crate::harness::{Key, Log, PASSWORD, Person, TestServer};

#[tokio::test]
async fn what_is_so_already_is_no_event() {
    Log::keep();
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let key = ada.create_key(json!({ "name": "a" })).await.id;
    server.register(&["pages.read"]).await;
    server.create_user("root", &["*"]).await;
    let root = Person::log_in_for(&server, "root", "signet.clients.write").await;
    let new = json!({ "kind": "public", "name": "Web" });
    let client = root.post("/v1/clients", new).await.created();
    let client = client["client"]["id"].as_str().unwrap().parse().unwrap();

    let (auth, by) = (&server.auth, &Authority::Operator);
    let user = auth.find_user("ada").await.unwrap().id;
    let key = key.parse().unwrap();
    let grants = ["pages.read".parse().unwrap()];
    for _ in 0..2 {
        auth.disable_api_key(by, key).await.unwrap();
    }
    for _ in 0..2 {
        auth.enable_api_key(by, key).await.unwrap();
    }
    for _ in 0..2 {
        auth.revoke_api_key(by, &KeyRef::any(key)).await.unwrap();
    }
    for _ in 0..2 {
        auth.disable_client(by, client).await.unwrap();
    }
    for _ in 0..2 {
        auth.enable_client(by, client).await.unwrap();
    }
    for _ in 0..2 {
        auth.grant(user, &grants).await.unwrap();
    }
    for _ in 0..2 {
        auth.ungrant(user, &grants).await.unwrap();
    }
    for _ in 0..2 {
        auth.disable_user(user).await.unwrap();
    }
    for _ in 0..2 {
        auth.enable_user(user).await.unwrap();
    }
    let log = Log::own();
    for event in [
        "api_key.disabled",
        "api_key.enabled",
        "api_key.revoked",
        "client.disabled",
        "client.enabled",
        "user.granted",
        "user.ungranted",
        "user.disabled",
        "user.enabled",
    ] {
        assert_eq!(log.matches(event).count(), 1, "{event}");
    }
}

#[tokio::test]
async fn a_secret_that_took_the_place_of_another_is_shown_whatever_fails_after_it() {
    Log::keep();
    let server = TestServer::start().await;
    server.register(&["pages.read"]).await;
    server.create_user("root", &["*"]).await;
    let scopes = "pages.read signet.clients.write";
    let root = Person::log_in_for(&server, "root", scopes).await;
    let ada = server.person("ada").await;
    let key = ada.create_key(json!({ "name": "a" })).await;
    let new = json!({ "kind": "confidential", "name": "S", "scopes": ["pages.read"] });
    let made = root.post("/v1/clients", new.clone()).await.created();
    let client = made["client"]["id"].as_str().unwrap();
    let broken = root.post("/v1/clients", new.clone()).await.created();
    let broken = broken["client"]["id"].as_str().unwrap();

    // No node can read its clients anew.
    let mut stranger = server.store.connect().await;
    let breaks = format!("UPDATE clients SET settings = '{{' WHERE id = '{broken}'");
    stranger.execute(&breaks).await;
    let rotate = format!("/v1/clients/{client}/rotate-secret");
    let rotated = root.post(&rotate, json!({})).await.ok();
    assert_ne!(rotated["client_secret"], made["client_secret"]);
    assert!(rotated["client"]["secret_rotated_at"].is_string());
    let created = root.post("/v1/clients", new).await.created();
    assert!(created["client_secret"].is_string());
    let rotate = format!("/v1/me/api-keys/{}/rotate", key.id);
    let proof = json!({ "current_password": PASSWORD });
    let rotated = Key::of(&ada.post(&rotate, proof).await.ok());
    assert_ne!(rotated.text, key.text);
    let log = Log::own();
    for (event, count) in [
        ("client.secret_rotated", 1),
        ("client.created", 3),
        ("api_key.rotated", 1),
    ] {
        assert_eq!(log.matches(event).count(), count, "{event}");
    }
}
