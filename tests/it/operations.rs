//! /healthz, /readyz, /openapi.json, /docs, and the headers that every answer carries.

use std::collections::BTreeSet;

use serde_json::json;

use crate::harness::{PASSWORD, Person, TestServer};

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

/// The harness holds every answer of every test against the document; here each operation gives
/// the one that it is there for.
#[tokio::test]
async fn pd_04_every_operation_answers_as_described() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let there = Person::log_in(&server, "ada", PASSWORD).await;
    let sid = there.claims()["sid"].as_str().unwrap().to_owned();
    let change = json!({ "current_password": PASSWORD, "new_password": "copper lantern ferry 77" });
    let answers = [
        server.login("ada", PASSWORD).await,
        server.refresh(&ada.refresh_token).await,
        ada.get("/v1/me").await,
        ada.get("/v1/me/sessions?limit=1").await,
        ada.delete(&format!("/v1/me/sessions/{sid}")).await,
        ada.delete("/v1/me/sessions").await,
        ada.put("/v1/me/password", change).await,
        ada.log_out().await,
        server.get("/.well-known/jwks.json").await,
        server.get("/.well-known/oauth-authorization-server").await,
        server.get("/.well-known/openid-configuration").await,
    ];
    assert!(answers.iter().all(|answer| answer.status / 100 == 2));
    let document = server.get("/openapi.json").await.ok();
    let paths = document["paths"].as_object().unwrap();
    let operations: usize = paths
        .values()
        .map(|path| path.as_object().unwrap().len())
        .sum();
    assert_eq!(operations, answers.len(), "an operation is not asked here");
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
    for path in ["/docs", "/docs/", "/"] {
        server.get(path).await.refused(404, "not_found");
    }
    server.get("/openapi.json").await.ok();
}
