//! How a credential is presented to Signet's own API.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Ask, ORIGIN, TestServer};

#[tokio::test]
async fn bt_01_without_a_credential_the_challenge_names_no_error() {
    let server = TestServer::start().await;
    let answer = server.get("/v1/me").await;
    answer.refused(401, "credential_missing");
    let challenge = answer.header("www-authenticate");
    assert!(challenge.starts_with("Bearer realm=\""), "{challenge}");
    assert!(!challenge.contains("error"), "{challenge}");
}

#[tokio::test]
async fn bt_02_an_invalid_token_is_said_to_be_invalid() {
    let server = TestServer::start().await;
    for token in ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        let answer = server
            .request(Method::GET, "/v1/me")
            .bearer_auth(token)
            .ask()
            .await;
        answer.refused(401, "invalid_access_token");
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with("Bearer "), "{challenge}");
        assert!(
            challenge.contains(r#"error="invalid_token""#),
            "{challenge}"
        );
    }
}

#[tokio::test]
async fn bt_04_the_scheme_is_read_in_any_case() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let value = format!("{scheme} {}", ada.access_token);
        let request = server
            .request(Method::GET, "/v1/me")
            .header("Authorization", value);
        request.ask().await.ok();
    }
    let value = format!("Token {}", ada.access_token);
    let request = server
        .request(Method::GET, "/v1/me")
        .header("Authorization", value);
    request.ask().await.refused(401, "unsupported_auth_scheme");
}

#[tokio::test]
async fn bt_05_a_token_in_the_url_is_never_honoured() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let answer = server
        .get(&format!("/v1/me?access_token={}", ada.access_token))
        .await;
    assert!(matches!(answer.status, 400 | 401), "{}", answer.status);
}

#[tokio::test]
async fn bt_06_a_token_in_the_body_is_not_accepted() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let body = json!({
        "access_token": ada.access_token, "current_password": "x", "new_password": "y",
    });
    let answer = server
        .request(Method::PUT, "/v1/me/password")
        .json(&body)
        .ask()
        .await;
    assert!(
        matches!(answer.status, 400 | 401 | 422),
        "{}",
        answer.status
    );
}

#[tokio::test]
async fn bt_07_two_credentials_are_refused() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let request = ada
        .request(Method::GET, "/v1/me")
        .bearer_auth(&ada.access_token);
    request.ask().await.refused(400, "multiple_credentials");
    let request = ada
        .request(Method::GET, "/v1/me")
        .header("Authorization", "Basic YTpi");
    request.ask().await.refused(400, "multiple_credentials");
}

#[tokio::test]
async fn bt_08_a_refresh_token_is_no_access_token() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let request = server
        .request(Method::GET, "/v1/me")
        .bearer_auth(&ada.refresh_token);
    request.ask().await.refused(401, "invalid_access_token");
    server
        .refresh(&ada.access_token)
        .await
        .refused(401, "invalid_refresh_token");
    ada.refresh().await.ok();
}

#[tokio::test]
async fn bt_10_a_page_can_read_the_challenge() {
    let server = TestServer::start().await;
    let answer = server
        .request(Method::GET, "/v1/me")
        .header("Origin", ORIGIN)
        .ask()
        .await;
    answer.refused(401, "credential_missing");
    let exposed = answer
        .header("access-control-expose-headers")
        .to_lowercase();
    assert!(
        exposed.split(", ").any(|name| name == "www-authenticate"),
        "{exposed}"
    );
}
