//! /healthz, /readyz, /openapi.json, /docs, and the headers that every answer carries.

use std::collections::BTreeSet;

use crate::harness::TestServer;

#[tokio::test]
async fn a_running_server_is_healthy_and_ready() {
    let server = TestServer::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn the_document_lists_what_exists() {
    let server = TestServer::start().await;
    let document = server.get("/openapi.json").await.ok();
    assert_eq!(document["openapi"], "3.0.3");
    let mut ids = BTreeSet::new();
    for operations in document["paths"].as_object().unwrap().values() {
        for operation in operations.as_object().unwrap().values() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap()));
        }
    }
    for id in [
        "login",
        "refresh",
        "logout",
        "getMe",
        "changePassword",
        "listMySessions",
        "revokeMySession",
        "revokeMySessions",
        "getJwks",
        "getMetadata",
        "getOpenidConfiguration",
    ] {
        assert!(ids.contains(id), "{id}");
    }
}

#[tokio::test]
async fn hd_01_answers_are_hardened() {
    let server = TestServer::start().await;
    for path in [
        "/v1/me",
        "/nowhere",
        "/.well-known/jwks.json",
        "/healthz",
        "/openapi.json",
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(
            !answer.has("strict-transport-security"),
            "plain http has no HSTS"
        );
    }
    let server = TestServer::with(|settings| {
        settings.server.issuer = signet::config::Issuer::parse("https://id.example.com").unwrap();
    })
    .await;
    assert!(
        server
            .get("/healthz")
            .await
            .header("strict-transport-security")
            .contains("max-age=")
    );
}

#[tokio::test]
async fn hd_02_nothing_is_told_that_helps_an_attacker() {
    let server = TestServer::start().await;
    let answer = server
        .say(b"TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 40"), "{answer}");
    for path in ["/healthz", "/nowhere", "/v1/me"] {
        let answer = server.get(path).await;
        for header in ["server", "x-powered-by", "via"] {
            assert!(!answer.has(header), "{path}: {header}");
        }
        assert!(!answer.text().contains(env!("CARGO_PKG_VERSION")), "{path}");
    }
    server.get("/metrics").await.refused(404, "not_found");
}

#[tokio::test]
async fn hd_03_the_docs_need_nobody_else_and_can_be_switched_off() {
    let server = TestServer::start().await;
    let page = server.get("/docs").await;
    assert_eq!(page.status, 200);
    for tag in page
        .text()
        .split('<')
        .filter(|tag| tag.contains("src=") || tag.contains("href="))
    {
        assert!(!tag.contains("://") && !tag.contains("=\"//"), "{tag}");
    }
    let policy = page.header("content-security-policy");
    assert!(
        !policy.contains("http") && !policy.contains('*'),
        "{policy}"
    );

    let server = TestServer::with(|settings| settings.server.docs = false).await;
    server.get("/docs").await.refused(404, "not_found");
    server.get("/openapi.json").await.ok();
}
