//! /healthz, /readyz, /openapi.json, /docs, and the headers that every answer carries.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::oauth;
use super::verify::gateway;
use crate::harness::{Answer, Ask, Key, PASSWORD, Person, TestServer};

#[tokio::test]
async fn ob_04_a_running_server_is_healthy_and_ready() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/healthz").await.ok(), json!({ "status": "ok" }));
    let mut expected = json!({
        "status": "ok",
        "parts": {
            "database": "ok",
            "change_log": "ok",
            "clock": "ok",
            "signing_keys": "ok",
        },
    });
    if server.store.redis().is_some() {
        expected["parts"]["redis"] = json!("ok");
    }
    assert_eq!(server.get("/readyz").await.ok(), expected);
}

#[tokio::test]
async fn ob_04_a_database_that_is_away_is_named_until_it_is_back() {
    let server = TestServer::start().await;
    server.store.hide().await;
    let answer = server.get("/readyz").await;
    let health = ill(&answer, 503);
    assert_eq!(health["parts"]["database"], "unavailable");
    assert_eq!(health["parts"]["signing_keys"], "ok");
    for inside in ["signet.db", "postgres", "sql", "/", "test"] {
        assert!(!answer.text().contains(inside), "{}", answer.text());
    }
    // The process is alive: nobody is to restart it.
    server.get("/healthz").await.ok();
    server.store.show().await;
    let health = server.get("/readyz").await.ok();
    assert_eq!(health["parts"]["database"], "ok");
}

#[tokio::test]
async fn ob_04_a_change_log_that_cannot_be_read_is_named() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let mut other = server.store.connect().await;
    other.execute("ALTER TABLE changes RENAME TO gone").await;
    server.clock.advance(Duration::from_millis(2_001));
    let health = ill(&server.get("/readyz").await, 200);
    assert_eq!(health["parts"]["change_log"], "degraded");
    ada.get("/v1/me").await.ok();
    server.clock.advance(Duration::from_secs(8));
    let health = ill(&server.get("/readyz").await, 503);
    assert_eq!(health["parts"]["change_log"], "unavailable");
    assert_eq!(health["parts"]["database"], "ok");
    other.execute("ALTER TABLE gone RENAME TO changes").await;
    server.auth.catch_up().await.unwrap();
    assert_eq!(server.get("/readyz").await.ok()["status"], "ok");
}

#[tokio::test]
async fn ob_04_a_signing_key_that_is_missing_is_named() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    ada.log_out().await.no_content();
    // Restored from somewhere else, without the keys.
    let mut other = server.store.connect().await;
    other.execute("DELETE FROM signing_keys").await;
    other.execute("UPDATE changes SET mark = 'other'").await;
    server.auth.catch_up().await.unwrap();
    let health = ill(&server.get("/readyz").await, 503);
    assert_eq!(health["parts"]["signing_keys"], "unavailable");
    assert_eq!(health["parts"]["database"], "ok");
}

/// What `/readyz` says with this status when something is ill.
fn ill(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    let health: Value = serde_json::from_slice(&answer.body).unwrap();
    let unavailable = status == 503;
    assert_eq!(
        health["status"],
        if unavailable {
            "unavailable"
        } else {
            "degraded"
        }
    );
    assert_eq!(answer.has("retry-after"), unavailable);
    assert_eq!(answer.header("cache-control"), "no-store");
    health
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
    let verify = gateway::settings("[[verify.rules]]\naccept = [\"bearer_jwt\"]");
    let server = TestServer::with(|settings| {
        settings.default_client.keys_for_passwords = true;
        settings.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        settings.verify = verify;
    });
    let server = server.await;
    let ada = server.person("ada").await;
    let there = Person::log_in(&server, "ada", PASSWORD).await;
    let sid = there.claims()["sid"].as_str().unwrap().to_owned();
    let change = json!({ "current_password": PASSWORD, "new_password": "copper lantern ferry 77" });
    let mut answers = vec![
        server.login("ada", PASSWORD).await,
        server.refresh(&ada.refresh_token).await,
        ada.get("/v1/me").await,
        gateway::asked(&server, "/")
            .bearer(&ada.access_token)
            .ask()
            .await,
        ada.get("/v1/me/sessions?limit=1").await,
        ada.delete(&format!("/v1/me/sessions/{sid}")).await,
        ada.delete("/v1/me/sessions").await,
        ada.put("/v1/me/password", change).await,
        ada.log_out().await,
        server.get("/.well-known/jwks.json").await,
        server.get("/.well-known/oauth-authorization-server").await,
        server.get("/.well-known/openid-configuration").await,
    ];
    server.create_user("root", &["*"]).await;
    let root = Person::log_in_for(&server, "root", "signet.*").await;
    answers.extend(on_users(&server, &root).await);
    answers.extend(on_clients(&root).await);
    answers.extend(on_oauth(&server, &root).await);
    answers.extend(on_scopes(&root).await);
    answers.extend(on_api_keys(&server, &root).await);
    answers.extend(about_credentials(&root).await);
    answers.extend(on_signing_keys(&server).await);
    assert!(answers.iter().all(|answer| answer.status / 100 == 2));
    let document = server.get("/openapi.json").await.ok();
    let paths = document["paths"].as_object().unwrap();
    let operations: usize = paths
        .values()
        .map(|path| path.as_object().unwrap().len())
        .sum();
    assert_eq!(operations, answers.len(), "an operation is not asked here");
}

async fn on_users(server: &TestServer, root: &Person<'_>) -> Vec<Answer> {
    let eve = server.person("eve").await;
    let (user, session) = (eve.claims()["sub"].clone(), eve.claims()["sid"].clone());
    let sessions = format!("/v1/users/{}/sessions", user.as_str().unwrap());
    let session = format!("{sessions}/{}", session.as_str().unwrap());
    let path = sessions.trim_end_matches("/sessions");
    let grants = || json!({ "grants": ["signet.users.read"] });
    vec![
        root.get(&sessions).await,
        root.delete(&session).await,
        root.delete(&sessions).await,
        root.post("/v1/users", json!({ "username": "new" })).await,
        root.get("/v1/users").await,
        root.get(path).await,
        root.patch(path, json!({ "email": "eve@example.com" }))
            .await,
        root.post(&format!("{path}/grant"), grants()).await,
        root.post(&format!("{path}/ungrant"), grants()).await,
        root.put(&format!("{path}/password"), json!({ "password": PASSWORD }))
            .await,
        root.post(&format!("{path}/disable"), json!({})).await,
        root.post(&format!("{path}/enable"), json!({})).await,
        root.delete(path).await,
    ]
}

async fn on_api_keys(server: &TestServer, root: &Person<'_>) -> Vec<Answer> {
    let asks = json!({ "username": "root", "password": PASSWORD, "name": "by password" });
    let mut answers = vec![server.post("/v1/auth/api-key", asks).await];
    let wish = json!({ "name": "CI" });
    for (all, wish) in [
        ("/v1/me/api-keys", wish.clone()),
        ("/v1/api-keys", json!({ "key": wish })),
    ] {
        let created = root.post(all, wish).await;
        let one = format!("{all}/{}", Key::of(&created.json()).id);
        answers.extend([
            created,
            root.get(all).await,
            root.get(&one).await,
            root.patch(&one, json!({ "name": "other" })).await,
            root.post(&format!("{one}/rotate"), json!({})).await,
        ]);
        if all == "/v1/api-keys" {
            answers.push(root.post_empty(&format!("{one}/disable")).await);
            answers.push(root.post_empty(&format!("{one}/enable")).await);
        }
        answers.push(root.delete(&one).await);
    }
    answers
}

async fn on_clients(root: &Person<'_>) -> Vec<Answer> {
    let new = json!({ "kind": "confidential", "name": "Export" });
    let created = root.post("/v1/clients", new).await;
    let id = created.created()["client"]["id"].clone();
    let path = format!("/v1/clients/{}", id.as_str().unwrap());
    vec![
        created,
        root.get("/v1/clients").await,
        root.get(&path).await,
        root.put(&path, json!({ "name": "Report" })).await,
        root.post(&format!("{path}/rotate-secret"), json!({})).await,
        root.post(&format!("{path}/disable"), json!({})).await,
        root.post(&format!("{path}/enable"), json!({})).await,
        root.delete(&path).await,
    ]
}

async fn about_credentials(root: &Person<'_>) -> Vec<Answer> {
    let own = &root.access_token;
    let form = root
        .request(Method::POST, "/oauth/introspect")
        .header("Content-Type", "application/x-www-form-urlencoded");
    vec![
        form.body(format!("token={own}")).ask().await,
        root.post("/v1/introspect", json!({ "tokens": [own] }))
            .await,
    ]
}

async fn on_oauth(server: &TestServer, root: &Person<'_>) -> Vec<Answer> {
    let client = server.auth.terms().default_client.id.to_string();
    let ask = |path, parameters: &[(&str, &str)]| {
        let request = oauth::form(server, path, parameters);
        async { request.ask().await }
    };
    let (token, id) = (
        ("refresh_token", &*root.refresh_token),
        ("client_id", &*client),
    );
    vec![
        ask(
            "/oauth/token",
            &[("grant_type", "refresh_token"), token, id],
        )
        .await,
        ask("/oauth/revoke", &[("token", "unknown"), id]).await,
    ]
}

/// A day later: the next signing key may take over.
async fn on_signing_keys(server: &TestServer) -> [Answer; 3] {
    server.clock.advance(Duration::from_hours(24));
    let root = Person::log_in_for(server, "root", "signet.*").await;
    let list = root.get("/v1/signing-keys").await;
    let kid = list.ok()["items"][0]["kid"].clone();
    let path = format!("/v1/signing-keys/{}", kid.as_str().unwrap());
    let rotated = root.post("/v1/signing-keys/rotate", json!({})).await;
    [list, rotated, root.delete(&path).await]
}

async fn on_scopes(root: &Person<'_>) -> Vec<Answer> {
    vec![
        root.post("/v1/scopes", json!({ "name": "pages.read" }))
            .await,
        root.get("/v1/scopes?limit=1").await,
        root.delete("/v1/scopes/pages.read").await,
    ]
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
