//! POST /v1/auth/logout.

use serde_json::json;

use crate::harness::{Ask, TestServer};

const PATH: &str = "/v1/auth/logout";

#[tokio::test]
async fn lg_08_logging_out_ends_the_session_and_may_be_repeated() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    ada.log_out().await.no_content();
    ada.log_out().await.no_content();
    assert_eq!(
        ada.refresh().await.refused(401, "session_ended")["reason"],
        "logout"
    );
    ada.get("/v1/me").await.refused(401, "invalid_access_token");
}

#[tokio::test]
async fn rt_13_any_generation_of_the_token_logs_out() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let first = ada.refresh_token.clone();
    for _ in 0..3 {
        ada.refresh().await.ok();
    }
    server
        .post(PATH, json!({ "refresh_token": first }))
        .await
        .no_content();
    ada.refresh().await.refused(401, "session_ended");
}

#[tokio::test]
async fn an_access_token_logs_out_too() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let request = ada.request(reqwest::Method::POST, PATH);
    request.json(&json!({})).ask().await.no_content();
    ada.refresh().await.refused(401, "session_ended");
}

#[tokio::test]
async fn others_stay_logged_in() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let mut eve = server.person("eve").await;
    ada.log_out().await.no_content();
    eve.refresh().await.ok();
    eve.get("/v1/me").await.ok();
}
