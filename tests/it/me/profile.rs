//! GET /v1/me.

use serde_json::json;

use crate::harness::{PASSWORD, Person, TestServer};

#[tokio::test]
async fn one_sees_oneself() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let me = ada.get("/v1/me").await.ok();
    assert_eq!(me["username"], "ada");
    assert_eq!(me["id"], ada.claims()["sub"]);
}

#[tokio::test]
async fn lg_12_a_disabled_user_is_refused_everywhere() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    server.disable_user("ada").await;
    is_refused_everywhere(&server, ada).await;
}

#[tokio::test]
async fn lg_12_a_deleted_user_is_refused_everywhere() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    server.delete_user("ada").await;
    is_refused_everywhere(&server, ada).await;
}

async fn is_refused_everywhere(server: &TestServer, mut ada: Person<'_>) {
    for path in ["/v1/me", "/v1/me/sessions"] {
        ada.get(path).await.refused(401, "invalid_access_token");
    }
    let change = json!({ "current_password": PASSWORD, "new_password": "copper lantern ferry 77" });
    ada.put("/v1/me/password", change)
        .await
        .refused(401, "invalid_access_token");
    assert_eq!(
        ada.refresh().await.refused(401, "session_ended")["reason"],
        "user_disabled"
    );
    server
        .login("ada", PASSWORD)
        .await
        .refused(401, "invalid_credentials");
}
