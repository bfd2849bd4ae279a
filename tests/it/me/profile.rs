//! GET /v1/me.

use crate::harness::TestServer;

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
    let mut ada = server.person("ada").await;
    server.disable_user("ada").await;
    ada.get("/v1/me").await.refused(401, "invalid_access_token");
    assert_eq!(
        ada.refresh().await.refused(401, "session_ended")["reason"],
        "user_disabled"
    );
    server
        .login("ada", &ada.password)
        .await
        .refused(401, "invalid_credentials");
}
