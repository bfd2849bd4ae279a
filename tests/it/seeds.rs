//! What the users of the systems before Signet have, through the front door: a test a row.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Ask, Key, PASSWORD, Person, TestServer};

/// Ada, on a server that gives keys for passwords.
async fn server() -> TestServer {
    let server = TestServer::with(|settings| settings.default_client.keys_for_passwords = true);
    let server = server.await;
    server.create_user("ada", &["pages.read"]).await;
    server
}

async fn introspected(server: &TestServer, credential: &str) -> Value {
    let request = server.request(Method::POST, "/v1/introspect");
    let request = request.bearer_auth(credential);
    let answer = request.json(&json!({ "tokens": [credential] })).ask().await;
    answer.ok()["results"][0].clone()
}

async fn key_for(server: &TestServer, password: &str, more: Value) -> Answer {
    let mut body = json!({ "username": "ada", "password": password, "name": "laptop" });
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    server.post("/v1/auth/api-key", body).await
}

#[tokio::test]
async fn w1_w9_a_bearer_token_resolves_to_its_user_and_what_they_may_do() {
    let server = server().await;
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    let key = ada.create_key(json!({ "name": "CI" })).await;
    for credential in [&ada.access_token, &key.text] {
        let said = introspected(&server, credential).await;
        assert_eq!(said["username"], "ada");
        assert_eq!(said["sub"], ada.claims()["sub"]);
        assert_eq!(said["scope"], "pages.read");
    }
}

#[tokio::test]
async fn w4_a4_a_password_makes_a_key_for_thirty_days() {
    let server = server().await;
    let made = key_for(&server, PASSWORD, json!({})).await.created();
    for name in ["id", "api_key", "username", "user_id"] {
        assert!(made[name].is_string(), "{name}");
    }
    assert_eq!(made["created_at"], "2026-06-01T12:00:00.000Z");
    assert_eq!(made["expires_at"], "2026-07-01T12:00:00.000Z");
    let said = introspected(&server, made["api_key"].as_str().unwrap()).await;
    assert_eq!(said["sub"], made["user_id"]);
}

#[tokio::test]
async fn w5_a_key_that_exists_is_not_shown_again_but_replaced_if_asked() {
    let server = server().await;
    let first = key_for(&server, PASSWORD, json!({})).await.created();
    let again = key_for(&server, PASSWORD, json!({})).await;
    assert_eq!(
        again.refused(409, "api_key_exists")["api_key_id"],
        first["id"]
    );
    let rotated = key_for(&server, PASSWORD, json!({ "rotate": true })).await;
    let rotated = rotated.created();
    assert_eq!(rotated["id"], first["id"]);
    assert_ne!(rotated["api_key"], first["api_key"]);
}

#[tokio::test]
async fn w6_wrong_and_inactive_are_alike_and_missing_fields_are_named() {
    let server = server().await;
    server.create_user("eve", &[]).await;
    server.disable_user("eve").await;
    let wrong = server.login("ada", "another walnut saddle 43").await;
    let inactive = server.login("eve", PASSWORD).await;
    let told = |answer: &Answer| {
        let mut problem = answer.refused(401, "invalid_credentials");
        problem["request_id"] = Value::Null;
        problem
    };
    assert_eq!(told(&wrong), told(&inactive));
    let missing = server.post("/v1/auth/login", json!({ "username": "ada" }));
    assert_eq!(missing.await.invalid_fields()[0].0, "/password");
}

#[tokio::test]
async fn w7_no_credential_an_invalid_one_and_an_inactive_users_are_401() {
    let server = server().await;
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    let bare = server.get("/v1/me").await;
    bare.refused(401, "credential_missing");
    let invalid = server.request(Method::GET, "/v1/me").bearer_auth("x");
    let invalid = invalid.ask().await;
    invalid.refused(401, "invalid_access_token");
    server.disable_user("ada").await;
    let inactive = ada.get("/v1/me").await;
    inactive.refused(401, "invalid_access_token");
    for answer in [bare, invalid, inactive] {
        assert!(answer.header("www-authenticate").starts_with("Bearer "));
    }
}

#[tokio::test]
async fn g8_g9_a_login_gives_two_tokens_and_a_refresh_two_more() {
    let server = server().await;
    let first = server.login("ada", PASSWORD).await.ok();
    let second = server
        .refresh(first["refresh_token"].as_str().unwrap())
        .await;
    for tokens in [first, second.ok()] {
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens["expires_in"], 300);
        assert!(tokens["access_token"].is_string() && tokens["refresh_token"].is_string());
    }
}

#[tokio::test]
async fn g11_scopes_are_registered_described_and_granted_by_pattern() {
    let server = TestServer::start().await;
    server.create_user("root", &["*"]).await;
    let root = Person::log_in_for(&server, "root", "signet.*").await;
    for name in [
        "api.access",
        "api.pages.read",
        "api.pages.write",
        "api.blog.read",
    ] {
        let scope = json!({ "name": name, "description": "What it allows." });
        root.post("/v1/scopes", scope).await.created();
    }
    server
        .create_user("ada", &["api.access", "api.pages.*"])
        .await;
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    let scope = "api.access api.pages.read api.pages.write";
    assert_eq!(ada.claims()["scope"], scope);
}

#[tokio::test]
async fn d1_a_machine_has_a_key_without_a_user() {
    let server = server().await;
    server.create_user("root", &["*"]).await;
    let root = Person::log_in_for(&server, "root", "signet.* pages.read").await;
    let wish = json!({ "key": { "name": "machine", "scopes": ["pages.read"] } });
    let made = root.post("/v1/api-keys", wish).await.created();
    let said = introspected(&server, &Key::of(&made).text).await;
    assert_eq!(
        (&said["sub"], &said["scope"]),
        (&made["key"]["id"], &json!("pages.read"))
    );
    assert!(said.get("username").is_none());
}

#[tokio::test]
async fn d5_d7_a7_a_key_is_shown_once_disabled_for_a_while_and_revoked_for_good() {
    let server = server().await;
    server.create_user("root", &["*"]).await;
    let root = Person::log_in_for(&server, "root", "signet.*").await;
    let key = root.create_key(json!({ "name": "CI", "scopes": [] })).await;
    let path = format!("/v1/api-keys/{}", key.id);
    let shown = root.get(&path).await;
    assert!(!shown.text().contains(&key.text) && shown.ok()["display_prefix"].is_string());
    root.post_empty(&format!("{path}/disable")).await.ok();
    root.post_empty(&format!("{path}/enable")).await.ok();
    introspected(&server, &key.text).await;
    root.delete(&path).await.no_content();
    let enabled = root.post_empty(&format!("{path}/enable")).await.ok();
    assert_eq!(
        (&enabled["name"], &enabled["state"]),
        (&json!("CI"), &json!("revoked"))
    );
    assert!(enabled["revoked_at"].is_string() && enabled["created_at"].is_string());
}

#[tokio::test]
async fn m2_m5_a_key_that_may_only_read_and_one_that_counts_no_more_say_so() {
    let server = server().await;
    server.create_user("root", &["*"]).await;
    let root = Person::log_in_for(&server, "root", "signet.*").await;
    let wish = json!({ "name": "reads", "scopes": ["signet.scopes.*"], "read_only": true });
    let key = root.create_key(wish).await;
    let get = server.request(Method::GET, "/v1/scopes");
    get.bearer_auth(&key.text).ask().await.ok();
    let post = server.request(Method::POST, "/v1/scopes");
    let post = post.bearer_auth(&key.text).json(&json!({ "name": "new" }));
    post.ask().await.refused(403, "api_key_read_only");
    let path = format!("/v1/me/api-keys/{}", key.id);
    root.delete(&path).await.no_content();
    for (text, code) in [
        (&*key.text, "api_key_revoked"),
        ("signet_ak_x", "invalid_api_key"),
    ] {
        let get = server.request(Method::GET, "/v1/scopes").bearer_auth(text);
        get.ask().await.refused(401, code);
    }
}
