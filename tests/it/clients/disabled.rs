//! A client that is disabled, or deleted, is given nothing, and what it was given is worth nothing.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Ask, Browser, PASSWORD, Person, TestServer};

use super::{administrator, public};

const PAGE: &str = "https://web.example.com";

async fn log_in(server: &TestServer, client: &str) -> Value {
    let login = json!({ "username": "ada", "password": PASSWORD, "client_id": client });
    server.post("/v1/auth/login", login).await.ok()
}

async fn refresh(server: &TestServer, client: &str, tokens: &Value) -> crate::harness::Answer {
    let body = json!({ "refresh_token": tokens["refresh_token"], "client_id": client });
    server.post("/v1/auth/refresh", body).await
}

async fn me(server: &TestServer, tokens: &Value) -> crate::harness::Answer {
    let token = tokens["access_token"].as_str().unwrap();
    server
        .request(Method::GET, "/v1/me")
        .bearer_auth(token)
        .ask()
        .await
}

async fn mark(admin: &Person<'_>, client: &str, what: &str) {
    let path = format!("/v1/clients/{client}/{what}");
    admin.request(Method::POST, &path).ask().await.ok();
}

#[tokio::test]
async fn sessions_of_a_disabled_client_are_over_for_good() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let client = public(&admin, PAGE).await;
    let mut bystander = server.person("ada").await;
    let tokens = log_in(&server, &client).await;
    me(&server, &tokens).await.ok();
    let sessions = async || bystander.get("/v1/me/sessions").await.ok()["total"].clone();
    assert_eq!(sessions().await, 2);

    server.clock.advance(Duration::from_millis(2));
    mark(&admin, &client, "disable").await;
    for _ in 0..2 {
        let refused = refresh(&server, &client, &tokens).await;
        assert_eq!(
            refused.refused(401, "session_ended")["reason"],
            "client_disabled"
        );
    }
    me(&server, &tokens)
        .await
        .refused(401, "invalid_access_token");
    let login = json!({ "username": "ada", "password": PASSWORD, "client_id": client });
    let refused = server.post("/v1/auth/login", login).await.invalid_fields();
    assert_eq!(
        refused,
        [("/client_id".to_owned(), "client_disabled".to_owned())]
    );
    assert_eq!(sessions().await, 1);

    // Enabled again, it begins anew.
    mark(&admin, &client, "enable").await;
    let refused = refresh(&server, &client, &tokens).await;
    assert_eq!(
        refused.refused(401, "session_ended")["reason"],
        "client_disabled"
    );
    me(&server, &tokens)
        .await
        .refused(401, "invalid_access_token");
    server.clock.advance(Duration::from_millis(2));
    let tokens = log_in(&server, &client).await;
    refresh(&server, &client, &tokens).await.ok();
    // Nobody else was touched.
    bystander.refresh().await.ok();
}

#[tokio::test]
async fn a_disabled_client_tells_strangers_nothing() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let client = public(&admin, PAGE).await;
    let mut ada = server.person("ada").await;
    mark(&admin, &client, "disable").await;
    // The token of another client is not called over, and lives on.
    let body = json!({ "refresh_token": ada.refresh_token, "client_id": client });
    let refused = server.post("/v1/auth/refresh", body).await;
    refused.refused(401, "invalid_refresh_token");
    ada.refresh().await.ok();
}

#[tokio::test]
async fn a_deleted_client_is_as_if_it_had_never_been() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let client = public(&admin, PAGE).await;
    server.create_user("ada", &[]).await;
    let tokens = log_in(&server, &client).await;
    server.clock.advance(Duration::from_millis(2));
    admin
        .delete(&format!("/v1/clients/{client}"))
        .await
        .no_content();
    let refused = refresh(&server, &client, &tokens).await;
    refused.refused(401, "invalid_refresh_token");
    me(&server, &tokens)
        .await
        .refused(401, "invalid_access_token");
    let login = json!({ "username": "ada", "password": PASSWORD, "client_id": client });
    let refused = server.post("/v1/auth/login", login).await.invalid_fields();
    assert_eq!(
        refused,
        [("/client_id".to_owned(), "unknown_client".to_owned())]
    );
}

#[tokio::test]
async fn co_02_only_origins_of_enabled_clients_are_let_in() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let allowed = async |origin: &str| {
        let request = server.request(Method::OPTIONS, "/v1/auth/refresh");
        let request = request.header("Origin", origin);
        let answer = request
            .header("Access-Control-Request-Method", "POST")
            .ask()
            .await;
        answer.has("access-control-allow-origin")
    };
    assert!(!allowed(PAGE).await);
    let client = public(&admin, PAGE).await;
    assert!(allowed(PAGE).await && !allowed("https://web.example.com:8443").await);
    mark(&admin, &client, "disable").await;
    assert!(!allowed(PAGE).await);
    mark(&admin, &client, "enable").await;
    assert!(allowed(PAGE).await);
    admin
        .delete(&format!("/v1/clients/{client}"))
        .await
        .no_content();
    assert!(!allowed(PAGE).await);
}

#[tokio::test]
async fn the_pages_of_one_client_cannot_use_the_cookie_of_another() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let client = public(&admin, PAGE).await;
    server.create_user("ada", &[]).await;
    // Registered, but for the default client: not for this one.
    let login = |client: &str| {
        let body = json!({
            "username": "ada", "password": PASSWORD, "client_id": client, "delivery": "cookie",
        });
        let request = server.request(Method::POST, "/v1/auth/login").json(&body);
        request.header("X-Signet-Request", "1")
    };
    let refused = login(&client)
        .header("Origin", crate::harness::ORIGIN)
        .ask()
        .await;
    refused.refused(403, "csrf_refused");
    let answer = login(&client).header("Origin", PAGE).ask().await;
    answer.ok();
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with(&format!("__Host-signet_refresh-{client}=")));
    // The default client's page uses the default client's cookie alone.
    let mut browser = Browser::new(&server, PAGE);
    browser
        .login("ada", PASSWORD)
        .await
        .refused(403, "csrf_refused");
}
