//! Sessions of several clients in one database.
//!
//! Nothing makes a second client yet, so a row stands for it.

use serde_json::json;
use signet::model::id::ClientId;
use signet::model::time::Clock;

use crate::harness::{Browser, ORIGIN, PASSWORD, TestServer};

#[tokio::test]
async fn rt_07_a_client_that_exists_cannot_use_the_token_of_another() {
    let server = TestServer::start().await;
    let other = other_client(&server).await;
    let mut ada = server.person("ada").await;
    let own = default_client(&server).await;
    let before = family(&server).await;

    // It names itself, with the default client's token.
    let body = json!({ "refresh_token": ada.refresh_token, "client_id": other });
    let answer = server.post("/v1/auth/refresh", body).await;
    answer.refused(401, "invalid_refresh_token");
    // The default client, with the other's token.
    give_sessions_to(&server, &other).await;
    for body in [
        json!({ "refresh_token": ada.refresh_token }),
        json!({ "refresh_token": ada.refresh_token, "client_id": own }),
        json!({ "refresh_token": ada.refresh_token, "scope": "" }),
    ] {
        let answer = server.post("/v1/auth/refresh", body).await;
        answer.refused(401, "invalid_refresh_token");
    }

    assert_eq!(family(&server).await, before);
    give_sessions_to(&server, &own).await;
    ada.refresh().await.ok();
}

#[tokio::test]
async fn a_login_replaces_no_session_of_another_client() {
    let server = TestServer::start().await;
    let other = other_client(&server).await;
    server.create_user("ada", &[]).await;
    let mut browser = server.browser();
    browser.login("ada", PASSWORD).await.ok();
    let mut before = Browser::new(&server, ORIGIN);
    before.cookies = browser.cookies.clone();

    let default = default_client(&server).await;
    give_sessions_to(&server, &other).await;
    browser.login("ada", PASSWORD).await.ok();
    give_sessions_to(&server, &default).await;
    before.refresh().await.ok();
    browser.refresh().await.ok();
}

/// Registers another client.
async fn other_client(server: &TestServer) -> String {
    let id = ClientId::new(server.clock.now(), [7; 10]).to_string();
    let insert = format!(
        "INSERT INTO clients (id, name, is_default, created_at) VALUES ('{id}', 'other', FALSE, 0)"
    );
    server.store.connect().await.execute(&insert).await;
    id
}

async fn default_client(server: &TestServer) -> String {
    let mut database = server.store.connect().await;
    let select = "SELECT id FROM clients WHERE is_default";
    database.texts(select).await.concat()
}

/// Makes every session one of this client.
async fn give_sessions_to(server: &TestServer, client: &str) {
    let update = format!("UPDATE sessions SET client_id = '{client}'");
    server.store.connect().await.execute(&update).await;
    if let Some(redis) = server.store.redis() {
        redis.flush();
    }
}

/// What a refresh could have moved of the only session, and whether it is over.
async fn family(server: &TestServer) -> String {
    let select = "SELECT generation || ' ' || rotated_at || ' ' || budget_at || ' ' \
        || idle_expires_at || ' ' || COALESCE(revoked_at, 0) FROM sessions";
    let mut database = server.store.connect().await;
    database.texts(select).await.concat()
}
