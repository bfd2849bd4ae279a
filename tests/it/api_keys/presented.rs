//! Keys as credentials at Signet's own API: within their scopes, each refusal with its own code.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Ask, Key, PASSWORD, Person, TestServer};

const USERS: &str = "signet.users.read";
const DAY: Duration = Duration::from_hours(24);

/// An administrator whose tokens include all that these tests hand on.
async fn root(server: &TestServer) -> Person<'_> {
    server.create_user("root", &["*"]).await;
    let scope = "signet.users.read signet.users.write signet.api-keys.read signet.api-keys.write";
    Person::log_in_for(server, "root", scope).await
}

async fn sessions(server: &TestServer, root: &Person<'_>, key: &str) -> Answer {
    let path = format!(
        "/v1/users/{}/sessions",
        root.claims()["sub"].as_str().unwrap()
    );
    server
        .request(Method::GET, &path)
        .bearer_auth(key)
        .ask()
        .await
}

#[tokio::test]
async fn bt_08_a_key_is_taken_under_either_name_and_as_nothing_else() {
    let server = TestServer::start().await;
    let root = root(&server).await;
    let key = root
        .create_key(json!({ "name": "CI", "scopes": [USERS] }))
        .await;
    let path = format!(
        "/v1/users/{}/sessions",
        root.claims()["sub"].as_str().unwrap()
    );
    for scheme in ["Bearer", "bearer", "Api-Key", "api-key", "API-KEY"] {
        let request = server.request(Method::GET, &path);
        let request = request.header("Authorization", format!("{scheme} {}", key.text));
        request.ask().await.ok();
    }
    // An access token is no key, and a key no token of a session.
    let request = server.request(Method::GET, &path);
    let request = request.header("Authorization", format!("Api-Key {}", root.access_token));
    request.ask().await.refused(401, "invalid_api_key");
    for path in ["/v1/me", "/v1/me/sessions", "/v1/me/api-keys"] {
        let request = server.request(Method::GET, path).bearer_auth(&key.text);
        request.ask().await.refused(401, "invalid_access_token");
        let request = server.request(Method::GET, path);
        let request = request.header("Authorization", format!("Api-Key {}", key.text));
        request.ask().await.refused(401, "unsupported_auth_scheme");
    }
    server
        .refresh(&key.text)
        .await
        .refused(401, "invalid_refresh_token");
    let logout = server
        .request(Method::POST, "/v1/auth/logout")
        .json(&json!({}));
    let answer = logout.bearer_auth(&key.text).ask().await;
    answer.refused(401, "invalid_access_token");
}

#[tokio::test]
async fn a_key_that_is_not_ours_is_invalid() {
    let server = TestServer::start().await;
    let root = root(&server).await;
    let key = root
        .create_key(json!({ "name": "CI", "scopes": [USERS] }))
        .await;
    let mistyped = key.text.replace(
        &key.text[30..31],
        if &key.text[30..31] == "a" { "b" } else { "a" },
    );
    for wrong in [
        &key.text[..72],
        &format!("{}0", key.text),
        &mistyped,
        "signet_ak_",
        "signet_ak_10123456789ABCDEFABCDEFGHIJKLMNOPQRSTUVWXYZabcdefOEfEqr5t4YJ9hE",
    ] {
        let answer = sessions(&server, &root, wrong).await;
        answer.refused(401, "invalid_api_key");
        let challenge = answer.header("www-authenticate");
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
}

#[tokio::test]
async fn each_state_of_a_key_has_its_code() {
    let server = TestServer::start().await;
    let root = root(&server).await;
    let wish = |name: &str| json!({ "name": name, "scopes": [USERS], "expires_in": 86_400 });
    let (disabled, revoked) = (
        root.create_key(wish("d")).await,
        root.create_key(wish("r")).await,
    );
    let expired = root.create_key(wish("e")).await;
    sessions(&server, &root, &disabled.text).await.ok();
    let disable = format!("/v1/api-keys/{}/disable", disabled.id);
    assert_eq!(root.post_empty(&disable).await.ok()["state"], "disabled");
    let answer = sessions(&server, &root, &disabled.text).await;
    answer.refused(401, "api_key_disabled");
    let enable = format!("/v1/api-keys/{}/enable", disabled.id);
    assert_eq!(root.post_empty(&enable).await.ok()["state"], "active");
    sessions(&server, &root, &disabled.text).await.ok();

    root.delete(&format!("/v1/api-keys/{}", revoked.id))
        .await
        .no_content();
    let answer = sessions(&server, &root, &revoked.text).await;
    answer.refused(401, "api_key_revoked");
    let enabled = root
        .post_empty(&format!("/v1/api-keys/{}/enable", revoked.id))
        .await;
    assert_eq!(enabled.ok()["state"], "revoked");

    sessions(&server, &root, &expired.text).await.ok();
    server.clock.advance(Duration::from_millis(86_399_999));
    sessions(&server, &root, &expired.text).await.ok();
    server.clock.advance(Duration::from_millis(1));
    let answer = sessions(&server, &root, &expired.text).await;
    answer.refused(401, "api_key_expired");
}

#[tokio::test]
async fn lg_12_a_key_dies_with_its_owner_and_comes_back_with_them() {
    let server = TestServer::start().await;
    let root = root(&server).await;
    server.create_user("ada", &[USERS]).await;
    let ada = Person::log_in_for(&server, "ada", USERS).await;
    let key = ada
        .create_key(json!({ "name": "CI", "scopes": [USERS] }))
        .await;
    sessions(&server, &root, &key.text).await.ok();
    server.disable_user("ada").await;
    sessions(&server, &root, &key.text)
        .await
        .refused(401, "owner_disabled");
    let ada = server.auth.find_user("ada").await.unwrap();
    server.auth.enable_user(ada.id).await.unwrap();
    sessions(&server, &root, &key.text).await.ok();
    server.delete_user("ada").await;
    sessions(&server, &root, &key.text)
        .await
        .refused(401, "owner_disabled");
    // The person is erased, and the key with them.
    server.clock.advance(Duration::from_mins(1));
    let root = Person::log_in_for(&server, "root", USERS).await;
    sessions(&server, &root, &key.text)
        .await
        .refused(401, "invalid_api_key");
}

#[tokio::test]
async fn ak_07_a_key_has_what_its_owner_has_now() {
    let server = TestServer::start().await;
    let root = root(&server).await;
    server.create_user("ada", &[USERS]).await;
    let ada = Person::log_in_for(&server, "ada", USERS).await;
    let key = ada
        .create_key(json!({ "name": "CI", "scopes": [USERS] }))
        .await;
    sessions(&server, &root, &key.text).await.ok();
    let (id, grants) = (
        server.auth.find_user("ada").await.unwrap().id,
        [USERS.parse().unwrap()],
    );
    server.auth.ungrant(id, &grants).await.unwrap();
    let problem = sessions(&server, &root, &key.text).await;
    assert_eq!(
        problem.refused(403, "insufficient_scope")["scopes"],
        json!([USERS])
    );
    server.auth.grant(id, &grants).await.unwrap();
    sessions(&server, &root, &key.text).await.ok();
    // What it was not given it has not, whatever its owner has.
    let path = format!(
        "/v1/users/{}/sessions",
        root.claims()["sub"].as_str().unwrap()
    );
    let request = server.request(Method::DELETE, &path).bearer_auth(&key.text);
    request.ask().await.refused(403, "insufficient_scope");
}

#[tokio::test]
async fn a_key_that_may_only_read_changes_nothing() {
    let server = TestServer::start().await;
    let root = root(&server).await;
    let wish = json!({
        "name": "CI", "read_only": true, "scopes": [USERS, "signet.users.write"],
    });
    let key = root.create_key(wish).await;
    sessions(&server, &root, &key.text).await.ok();
    let path = format!(
        "/v1/users/{}/sessions",
        root.claims()["sub"].as_str().unwrap()
    );
    let request = server.request(Method::DELETE, &path).bearer_auth(&key.text);
    request.ask().await.refused(403, "api_key_read_only");
    root.get("/v1/me").await.ok();
}

#[tokio::test]
async fn a_key_is_used_from_where_it_may_be() {
    let server = TestServer::start().await;
    let root = root(&server).await;
    let wish = |networks: Value| json!({ "name": "CI", "scopes": [USERS], "addresses": networks });
    let key = root.create_key(wish(json!(["192.0.2.0/24"]))).await;
    sessions(&server, &root, &key.text)
        .await
        .refused(403, "address_not_allowed");
    let here = json!({ "addresses": ["127.0.0.0/8"], "current_password": PASSWORD });
    let path = format!("/v1/me/api-keys/{}", key.id);
    root.patch(&path, here).await.ok();
    sessions(&server, &root, &key.text).await.ok();
}

#[tokio::test]
async fn ak_06_a_rotated_key_has_its_overlap_and_no_more() {
    let server = TestServer::start().await;
    let root = root(&server).await;
    let key = root
        .create_key(json!({ "name": "CI", "scopes": [USERS] }))
        .await;
    let rotate = format!("/v1/me/api-keys/{}/rotate", key.id);
    let rotation = json!({ "current_password": PASSWORD, "overlap": 3600 });
    let second = Key::of(&root.post(&rotate, rotation).await.ok());
    assert!(second.id == key.id && second.text != key.text);
    server.clock.advance(Duration::from_secs(3599));
    sessions(&server, &root, &key.text).await.ok();
    sessions(&server, &root, &second.text).await.ok();
    server.clock.advance(Duration::from_secs(1));
    sessions(&server, &root, &key.text)
        .await
        .refused(401, "invalid_api_key");
    // Without one the older secret is worthless at once.
    let root = Person::log_in_for(&server, "root", "signet.users.read").await;
    let rotation = json!({ "current_password": PASSWORD });
    let third = Key::of(&root.post(&rotate, rotation).await.ok());
    sessions(&server, &root, &second.text)
        .await
        .refused(401, "invalid_api_key");
    sessions(&server, &root, &third.text).await.ok();
}

#[tokio::test]
async fn rotating_an_expired_key_brings_it_back() {
    let server = TestServer::start().await;
    root(&server).await;
    let log_in = async || Person::log_in_for(&server, "root", USERS).await;
    let wish = json!({ "name": "CI", "scopes": [USERS], "expires_in": 86_400 });
    let key = log_in().await.create_key(wish).await;
    server.clock.advance(2 * DAY);
    let root = log_in().await;
    sessions(&server, &root, &key.text)
        .await
        .refused(401, "api_key_expired");
    let rotate = format!("/v1/me/api-keys/{}/rotate", key.id);
    let answer = root
        .post(&rotate, json!({ "current_password": PASSWORD }))
        .await
        .ok();
    assert_eq!(answer["key"]["expires_at"], "2026-07-03T12:00:00.000Z");
    sessions(&server, &root, &Key::of(&answer).text).await.ok();
}

#[tokio::test]
async fn a_key_outlives_a_change_of_the_master_key() {
    const SECOND_KEY: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
    let mut server = TestServer::start().await;
    let root_here = root(&server).await;
    let key = root_here
        .create_key(json!({ "name": "CI", "scopes": [USERS] }))
        .await;
    let user = root_here.claims()["sub"].as_str().unwrap().to_owned();
    server.stop().await;
    let file = server.settings.keys.dir.join("master.key");
    let old = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("2:{SECOND_KEY}\n{old}")).unwrap();
    server.settings.keys.active = Some(2);
    server.start_again().await;
    let path = format!("/v1/users/{user}/sessions");
    server
        .request(Method::GET, &path)
        .bearer_auth(&key.text)
        .ask()
        .await
        .ok();
}
