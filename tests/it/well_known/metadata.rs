//! The metadata documents.

use reqwest::Method;
use serde_json::json;
use signet::config::Issuer;

use crate::harness::{Ask, TestServer};

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

#[tokio::test]
async fn md_01_the_document_is_where_rfc_8414_says() {
    let server = TestServer::start().await;
    let document = server.get(OAUTH).await.ok();
    assert_eq!(
        document["jwks_uri"],
        format!("{}/.well-known/jwks.json", server.issuer)
    );
    assert_eq!(document["response_types_supported"], json!([]));

    let issuer = "https://example.com/tenant/one";
    let server = TestServer::with(|settings| {
        settings.server.issuer = Issuer::parse(issuer).unwrap();
    })
    .await;
    let document = server.get(&format!("{OAUTH}/tenant/one")).await.ok();
    assert_eq!(document["issuer"], issuer);
}

#[tokio::test]
async fn md_02_openid_configuration_is_the_same_document() {
    let server = TestServer::start().await;
    let (oauth, openid) = (server.get(OAUTH).await, server.get(OPENID).await);
    assert_eq!(oauth.ok(), openid.ok());
    assert_eq!(oauth.body, openid.body);
}

#[tokio::test]
async fn md_03_the_issuer_is_the_configured_one() {
    let server = TestServer::start().await;
    assert_eq!(server.get(OAUTH).await.ok()["issuer"], server.issuer);
    for wrong in [
        "http://example.com",
        "https://example.com/?x=1",
        "https://example.com/#x",
        "https://example.com/",
        "example.com",
    ] {
        assert!(Issuer::parse(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn md_07_no_header_changes_the_document() {
    let server = TestServer::start().await;
    let plain = server.get(OAUTH).await;
    for (name, value) in [
        ("Host", "evil.example"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "host=evil.example;proto=https"),
    ] {
        let answer = server
            .request(Method::GET, OAUTH)
            .header(name, value)
            .ask()
            .await;
        assert_eq!(answer.body, plain.body, "{name}");
    }
}

#[tokio::test]
async fn md_08_the_document_can_be_cached_and_read_from_anywhere() {
    let server = TestServer::start().await;
    for path in [OAUTH, OPENID] {
        let request = server
            .request(Method::GET, path)
            .header("Origin", "https://any.example");
        let answer = request.ask().await;
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let cache = answer.header("cache-control");
        assert!(
            cache.contains("public") && cache.contains("max-age="),
            "{cache}"
        );
    }
}
