//! How a credential is presented to Signet's own API.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::harness::{Ask, ORIGIN, TestServer};
use crate::oauth::{TOKEN_EXCHANGE, form};

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
    let invalid = async |token: &str| {
        let request = server.request(Method::GET, "/v1/me").bearer_auth(token);
        let answer = request.ask().await;
        answer.refused(401, "invalid_access_token");
        let challenge = answer.header("www-authenticate");
        let expected = r#"Bearer realm="signet", error="invalid_token""#;
        assert!(challenge.starts_with(expected), "{challenge}");
    };
    for token in ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        invalid(token).await;
    }
    // Of a session that was ended.
    let ada = server.person("ada").await;
    ada.get("/v1/me").await.ok();
    ada.log_out().await.no_content();
    invalid(&ada.access_token).await;
    // For resource servers alone, as those are that a key is exchanged for.
    let eve = server.person("eve").await;
    let key = eve.create_key(json!({ "name": "CI" })).await.text;
    let exchange = [
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token_type", "urn:signet:token-type:api_key"),
        ("subject_token", &key),
    ];
    let exchanged = form(&server, "/oauth/token", &exchange).ask().await.ok();
    invalid(exchanged["access_token"].as_str().unwrap()).await;
    // Too old, by as much as clocks may differ.
    eve.get("/v1/me").await.ok();
    server.clock.advance(Duration::from_secs(306));
    invalid(&eve.access_token).await;
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
    let path = format!("/v1/me?access_token={}", ada.access_token);
    let answer = server.get(&path).await;
    answer.refused(401, "credential_missing");
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge, "Bearer realm=\"signet\"");
    // The header alone decides.
    ada.get("/v1/me?access_token=x").await.ok();
    let request = server.request(Method::GET, &path).bearer_auth("x");
    request.ask().await.refused(401, "invalid_access_token");
}

#[tokio::test]
async fn bt_06_a_token_in_the_body_is_not_accepted() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let body = json!({
        "access_token": ada.access_token, "current_password": "x", "new_password": "y",
    });
    let request = || server.request(Method::PUT, "/v1/me/password").json(&body);
    request().ask().await.refused(401, "credential_missing");
    // Nor is it passed over beside one in the header.
    let both = request().bearer_auth(&ada.access_token).ask().await;
    let fields = both.invalid_fields();
    let unknown = (String::new(), "unknown_field".to_owned());
    assert!(fields.contains(&unknown), "{fields:?}");
    let form = server.request(Method::DELETE, "/v1/me/sessions");
    let form = form
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(format!("access_token={}", ada.access_token));
    form.ask().await.refused(401, "credential_missing");
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
