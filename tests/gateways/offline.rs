//! Envoy, which verifies access tokens by itself.

use reqwest::Client;
use serde_json::Value;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};

use crate::application::Application;
use crate::deployment::{Received, sent};
use crate::envoy;
use crate::processes::Site;

const AUDIENCE: &str = "https://app.example.com";
const ISSUER: &str = "http://localhost:8080";

#[tokio::test]
async fn envoy_verifies_access_tokens_offline() {
    let site = Site::new(&[("SIGNET_TOKENS__AUDIENCE", AUDIENCE)]);
    site.json(&["scope", "add", "pages.read"]);
    let ada = site.user("ada");
    let key = site.json(&["api-key", "create", "--user", "ada"]);
    let client = [
        "client",
        "create",
        "--kind",
        "confidential",
        "--scope",
        "pages.read",
    ];
    let other = ["--name", "other", "--audience", "https://other.example.com"];
    let other = site.json(&[&client[..], &other].concat());
    let mut node = site.start();
    let application = Application::start().await;
    let behind = application.address.to_string();
    let gateway = envoy::verify(&node.address, &behind, ISSUER).await;

    let http = Client::new();
    let url = format!("http://127.0.0.1:{}/", gateway.port);
    let asks = |credential: &str| http.get(&url).bearer_auth(credential);
    let login = ada.log_in_for(&http, &node, "").await;
    let token = login["access_token"].as_str().unwrap();
    let request = asks(token).header("x-jwt-payload", "e30");
    let received = Received::of(sent(request).await).await;
    let payload = BASE64URL.decode(received.header("x-jwt-payload").unwrap());
    let claims: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
    assert!(
        claims["sub"].as_str().unwrap().starts_with("usr_"),
        "{claims}"
    );

    let elsewhere = http
        .post(format!("http://{}/oauth/token", node.address))
        .basic_auth(
            other["id"].as_str().unwrap(),
            other["client_secret"].as_str(),
        )
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials");
    let elsewhere: Value = sent(elsewhere).await.json().await.unwrap();
    let forged = format!("{}AAAA", &token[..token.len() - 4]);
    for (what, credential) in [
        (
            "another audience",
            elsewhere["access_token"].as_str().unwrap(),
        ),
        ("another signature", &forged),
        ("an API key", key["api_key"].as_str().unwrap()),
    ] {
        let status = sent(asks(credential)).await.status();
        assert!([401, 403].contains(&status.as_u16()), "{what}: {status}");
    }
    assert_eq!(sent(http.get(&url)).await.status(), 401);
    node.crash();
    assert_eq!(sent(asks(token)).await.status(), 200, "it asks nobody");
}
