//! Pages of other origins.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Ask, ORIGIN, TestServer};

const ALLOW_ORIGIN: &str = "access-control-allow-origin";
const ALLOW_CREDENTIALS: &str = "access-control-allow-credentials";

#[tokio::test]
async fn co_01_a_registered_page_may_ask() {
    let server = TestServer::start().await;
    for path in ["/v1/auth/login", "/v1/auth/refresh", "/v1/auth/logout"] {
        let answer = preflight(&server, path, "POST", ORIGIN).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header(ALLOW_ORIGIN), ORIGIN);
        assert!(list(&answer, "access-control-allow-methods").contains(&"post".to_owned()));
        let headers = list(&answer, "access-control-allow-headers");
        for name in ["authorization", "content-type", "x-signet-request"] {
            assert!(headers.contains(&name.to_owned()), "{headers:?}");
        }
        assert!(list(&answer, "vary").contains(&"origin".to_owned()));
        assert!(
            answer
                .header("access-control-max-age")
                .parse::<u32>()
                .unwrap()
                > 0
        );
    }
}

#[tokio::test]
async fn co_02_other_pages_get_no_permission() {
    let server = TestServer::start().await;
    for origin in [
        "https://evil.example",
        "null",
        "https://app.example.com.evil.example",
        "https://evilapp.example.com",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://APP.example.com",
        "https://app.example.com/",
    ] {
        let answer = preflight(&server, "/v1/auth/login", "POST", origin).await;
        assert!(!answer.has(ALLOW_ORIGIN), "{origin}");
        let request = server
            .request(Method::GET, "/v1/me")
            .header("Origin", origin);
        assert!(!request.ask().await.has(ALLOW_ORIGIN), "{origin}");
    }
    let bytes =
        b"GET /v1/me HTTP/1.1\r\nHost: x\r\nOrigin: https://\xff\r\nConnection: close\r\n\r\n";
    let answer = server.say(bytes).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert!(!answer.to_lowercase().contains(ALLOW_ORIGIN));
}

#[tokio::test]
async fn co_03_credentials_are_for_cookie_endpoints_and_never_with_a_star() {
    let server = TestServer::start().await;
    for path in ["/v1/auth/login", "/v1/auth/refresh", "/v1/auth/logout"] {
        let answer = preflight(&server, path, "POST", ORIGIN).await;
        assert_eq!(answer.header(ALLOW_CREDENTIALS), "true");
        assert_ne!(answer.header(ALLOW_ORIGIN), "*");
    }
    for path in ["/v1/me", "/v1/me/sessions", "/.well-known/jwks.json"] {
        let request = server.request(Method::GET, path).header("Origin", ORIGIN);
        assert!(!request.ask().await.has(ALLOW_CREDENTIALS), "{path}");
    }
}

#[tokio::test]
async fn co_04_errors_can_be_read_too() {
    let server = TestServer::start().await;
    let post = |path| server.request(Method::POST, path).header("Origin", ORIGIN);
    let login = json!({ "username": "nobody", "password": "not a password" });
    let answers = [
        post("/v1/auth/login").json(&json!({})).ask().await,
        post("/v1/auth/login").json(&login).ask().await,
        post("/v1/auth/login").body("{}").ask().await,
        server
            .request(Method::GET, "/v1/auth/login")
            .header("Origin", ORIGIN)
            .ask()
            .await,
        server
            .request(Method::GET, "/v1/me")
            .header("Origin", ORIGIN)
            .ask()
            .await,
        post("/v1/auth/login")
            .json(&json!({ "username": "a".repeat(70_000) }))
            .ask()
            .await,
    ];
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [422, 401, 415, 405, 401, 413]);
    for answer in answers {
        assert_eq!(answer.header(ALLOW_ORIGIN), ORIGIN, "{}", answer.status);
        assert!(list(&answer, "vary").contains(&"origin".to_owned()));
        assert!(list(&answer, "access-control-expose-headers").contains(&"retry-after".to_owned()));
    }
}

#[tokio::test]
async fn co_05_public_documents_are_for_everybody() {
    let server = TestServer::start().await;
    for path in [
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
    ] {
        for origin in [ORIGIN, "https://anywhere.example", "null"] {
            let request = server.request(Method::GET, path).header("Origin", origin);
            assert_eq!(request.ask().await.header(ALLOW_ORIGIN), "*");
        }
    }
}

#[tokio::test]
async fn co_06_operations_are_not_for_pages() {
    let server = TestServer::start().await;
    for path in ["/healthz", "/readyz"] {
        let request = server.request(Method::GET, path).header("Origin", ORIGIN);
        assert!(!request.ask().await.has(ALLOW_ORIGIN), "{path}");
    }
}

async fn preflight(server: &TestServer, path: &str, method: &str, origin: &str) -> Answer {
    server
        .request(Method::OPTIONS, path)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", method)
        .header(
            "Access-Control-Request-Headers",
            "content-type,x-signet-request",
        )
        .ask()
        .await
}

/// The entries of all headers of that name, in lower case.
fn list(answer: &Answer, name: &str) -> Vec<String> {
    let values = answer.headers.get_all(name).iter();
    let entries = values.flat_map(|value| value.to_str().unwrap().split(','));
    entries.map(|entry| entry.trim().to_lowercase()).collect()
}
