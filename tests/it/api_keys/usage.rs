//! When a key was last used, how little the store is asked, and how soon other nodes hear.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use signet::auth::api_keys::KeyUse;

use crate::harness::{Ask, Key, Person, TestServer};

const USERS: &str = "signet.users.read";

async fn key(server: &TestServer) -> (Person<'_>, Key) {
    server.create_user("root", &["*"]).await;
    let root = Person::log_in_for(server, "root", "signet.users.read signet.api-keys.write").await;
    let key = root
        .create_key(json!({ "name": "CI", "scopes": [USERS] }))
        .await;
    (root, key)
}

async fn use_it(server: &TestServer, root: &Person<'_>, key: &Key) -> u16 {
    let path = format!(
        "/v1/users/{}/sessions",
        root.claims()["sub"].as_str().unwrap()
    );
    let request = server.request(Method::GET, &path).bearer_auth(&key.text);
    request.ask().await.status
}

#[tokio::test]
async fn g6_the_last_use_is_noted_and_outlives_the_server() {
    let mut server = TestServer::start().await;
    let (root, key) = key(&server).await;
    let path = format!("/v1/me/api-keys/{}", key.id);
    assert!(root.get(&path).await.ok().get("last_used_at").is_none());
    server.clock.advance(Duration::from_mins(1));
    use_it(&server, &root, &key).await;
    let shown = root.get(&path).await.ok();
    assert_eq!(shown["last_used_at"], "2026-06-01T12:01:00.000Z");
    // To the minute: what is used all the time is not written all the time.
    server.clock.advance(Duration::from_secs(59));
    use_it(&server, &root, &key).await;
    let shown = root.get(&path).await.ok();
    assert_eq!(shown["last_used_at"], "2026-06-01T12:01:00.000Z");
    server.clock.advance(Duration::from_secs(1));
    use_it(&server, &root, &key).await;
    server.stop().await;
    server.start_again().await;
    let id = key.id.parse().unwrap();
    let found = server
        .auth
        .api_key(&signet::auth::api_keys::KeyRef::any(id))
        .await
        .unwrap();
    let used_at = found.last_used_at.unwrap();
    assert_eq!(used_at.to_string(), "2026-06-01T12:02:00.000Z");
}

#[tokio::test]
async fn a_refused_use_is_not_noted() {
    let server = TestServer::start().await;
    let (root, key) = key(&server).await;
    let path = format!("/v1/me/api-keys/{}", key.id);
    root.patch(&path, json!({ "addresses": ["192.0.2.0/24"] }))
        .await
        .ok();
    assert_eq!(use_it(&server, &root, &key).await, 403);
    assert!(root.get(&path).await.ok().get("last_used_at").is_none());
}

#[tokio::test]
async fn ak_03_what_is_known_or_made_up_needs_no_database() {
    let server = TestServer::start().await;
    let (root, key) = key(&server).await;
    assert_eq!(use_it(&server, &root, &key).await, 200);
    // Nobody can read now.
    let here = KeyUse {
        address: "127.0.0.1".parse().unwrap(),
        writes: false,
    };
    let mut others = server.store.connect().await;
    others
        .execute("ALTER TABLE api_keys RENAME TO api_keys_gone")
        .await;
    assert_eq!(use_it(&server, &root, &key).await, 200);
    let made_up = "signet_ak_10123456789ABCDEFABCDEFGHIJKLMNOPQRSTUVWXYZabcdefOEfEqr5t4YJ9hE";
    for wrong in [made_up, &made_up[..72], "signet_ak_x"] {
        let refused = server
            .auth
            .authenticate_key(wrong, here)
            .await
            .err()
            .unwrap();
        assert_eq!(refused.to_string(), "the API key is not valid");
    }
    // A key with a good tag that is not known yet would have to be looked for.
    server.clock.advance(Duration::from_secs(61));
    assert_eq!(use_it(&server, &root, &key).await, 500);
}
