//! The shape of every refusal, ours and the framework's.

use std::sync::Arc;
use std::time::Duration;

use poem::Endpoint;
use poem::endpoint::make_sync;
use reqwest::Method;
use serde_json::{Value, json};
use signet::http::address::TrustedProxies;
use signet::http::edge::{Edge, Settings};
use signet::http::issuer_path::IssuerPath;
use signet::http::routes::Routes;
use signet::http::works::Works;

use crate::harness::{Ask, ORIGIN, PASSWORD, TestServer};

#[tokio::test]
async fn pd_01_a_problem_says_what_and_where() {
    let server = TestServer::start().await;
    let problem = server.login("nobody", "not a password").await;
    let problem = problem.refused(401, "invalid_credentials");
    assert_eq!(problem["instance"], "/v1/auth/login");
    let fields = server
        .post("/v1/auth/login", json!({}))
        .await
        .invalid_fields();
    let pointers: Vec<&str> = fields.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/username", "/password"]);
}

#[tokio::test]
async fn pd_02_the_frameworks_errors_have_the_same_shape() {
    let server = TestServer::start().await;
    let post = |body: &'static str, media_type: &'static str| {
        let request = server.request(Method::POST, "/v1/auth/login");
        request.header("Content-Type", media_type).body(body)
    };
    server.get("/nowhere").await.refused(404, "not_found");
    server.get("/favicon.ico").await.refused(404, "not_found");
    server.get("/v1/me/").await.refused(404, "not_found");
    let answer = server.get("/v1/auth/login").await;
    answer.refused(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), "POST");
    post("{", "application/json")
        .ask()
        .await
        .refused(400, "malformed_body");
    post("{}", "text/plain")
        .ask()
        .await
        .refused(415, "unsupported_media_type");
    let bare = server.request(Method::POST, "/v1/auth/login").ask().await;
    assert!(matches!(bare.status, 400 | 415), "{}", bare.status);
    bare.refused(bare.status, bare.json()["code"].as_str().unwrap());
    let answer = server.login("ada", &"a".repeat(70_000)).await;
    answer.refused(413, "body_too_large");
}

/// No operation panics at will, so a route that does stands under the edge in their place.
#[tokio::test]
async fn pd_02_a_panic_has_the_same_shape() {
    let settings = Settings {
        https: false,
        issuer_path: IssuerPath::of("https://id.example"),
        origins: Arc::new(|_| false),
        proxies: TrustedProxies::default(),
        body_limit: 1024,
        large_bodies: &[],
        request_limit: Duration::from_secs(5),
        routes: Routes::default(),
        shapes: Arc::default(),
        behind: None,
        new_request_id: Arc::new(|| "its-number".to_owned()),
        works: Works::default(),
    };
    let edge = Edge::new(make_sync(|_| -> String { panic!("inside") }), settings);
    let request = poem::Request::builder()
        .header("host", "localhost")
        .finish();
    let mut answer = edge.call(request).await.unwrap();
    assert_eq!(answer.status(), 500);
    assert_eq!(answer.content_type(), Some("application/problem+json"));
    let body = answer.take_body().into_string().await.unwrap();
    assert!(!body.contains("inside"), "{body}");
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(problem["code"], "internal_error");
    assert_eq!(problem["request_id"], "its-number");
}

#[tokio::test]
async fn a_body_without_length_has_the_same_limit() {
    let server = TestServer::start().await;
    let mut request = b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
        Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        .to_vec();
    for _ in 0..70 {
        request.extend_from_slice(b"400\r\n");
        request.extend_from_slice(&[b' '; 1024]);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    let answer = server.say(&request).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains(r#""code":"body_too_large""#), "{answer}");
}

#[tokio::test]
async fn a_request_is_for_one_host() {
    let server = TestServer::start().await;
    for hosts in ["", "Host: a\r\nHost: a\r\n", "Host: me@a\r\n"] {
        for start in ["GET /healthz", "OPTIONS /v1/auth/login"] {
            let request = format!(
                "{start} HTTP/1.1\r\n{hosts}Connection: close\r\nOrigin: {ORIGIN}\r\n\
                 Access-Control-Request-Method: POST\r\n\r\n"
            );
            let answer = server.say(request.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
            assert!(answer.contains(r#""code":"malformed_request""#), "{answer}");
        }
    }
    let old = b"GET /healthz HTTP/1.0\r\n\r\n";
    assert!(server.say(old).await.starts_with("HTTP/1.0 200 "));
}

#[tokio::test]
async fn bodies_come_as_they_are() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let body = json!({ "username": "ada", "password": PASSWORD });
    for (coding, status) in [("gzip", 415), ("identity, br", 415), ("identity", 200)] {
        let request = server.request(Method::POST, "/v1/auth/login");
        let answer = request.header("Content-Encoding", coding).json(&body).ask();
        let answer = answer.await;
        assert_eq!(answer.status, status, "{coding}");
        if status == 415 {
            answer.refused(415, "unsupported_media_type");
        }
    }
}

#[tokio::test]
async fn a_request_id_comes_from_us() {
    let server = TestServer::start().await;
    let request = server
        .request(Method::GET, "/v1/me")
        .header("X-Request-Id", "planted");
    let answer = request.ask().await;
    assert_ne!(answer.header("x-request-id"), "planted");
    let next = server.get("/v1/me").await;
    assert_ne!(answer.header("x-request-id"), next.header("x-request-id"));
}

#[tokio::test]
async fn pd_05_nothing_that_was_sent_comes_back() {
    let server = TestServer::start().await;
    let marker = "zq8marker";
    let answers = [
        server.login(marker, "not a password").await,
        server.login("ada", marker).await,
        server.refresh(marker).await,
        server
            .post(
                "/v1/auth/login",
                json!({ "username": [marker], "password": marker }),
            )
            .await,
        server
            .post(
                "/v1/auth/login",
                json!({ "username": "a", "password": "b", "scope": marker }),
            )
            .await,
        server
            .post(
                "/v1/auth/login",
                json!({ "username": "a", "password": "b", marker: 1, marker.to_uppercase(): marker }),
            )
            .await,
        server
            .request(Method::POST, "/v1/auth/refresh")
            .header("Content-Type", "application/json")
            .body(format!("{{\"{marker}\":1,\"{marker}\":2}}"))
            .ask()
            .await,
        server.post("/v1/auth/login", json!(marker)).await,
        server
            .request(Method::GET, "/v1/me")
            .bearer_auth(marker)
            .ask()
            .await,
        server
            .request(Method::GET, &format!("/v1/me?{marker}={marker}"))
            .ask()
            .await,
    ];
    for answer in answers {
        assert!(matches!(answer.status, 400..=499), "{}", answer.status);
        let text = answer.text().to_lowercase();
        assert!(!text.contains(marker), "{text}");
        assert!(answer.text().is_ascii());
    }
}

#[tokio::test]
async fn cs_03_get_changes_nothing() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let document = server.get("/openapi.json").await.ok();
    let paths = document["paths"].as_object().unwrap();
    for (path, operations) in paths {
        if operations.get("get").is_none() && !path.contains('{') {
            let answer = ada.get(path).await;
            if path.starts_with("/oauth/") {
                assert_eq!(answer.status, 405);
                assert_eq!(answer.json()["error"], "invalid_request");
            } else {
                answer.refused(405, "method_not_allowed");
            }
        }
    }
    assert_eq!(
        ada.get("/v1/me/sessions").await.ok()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// Below every route: hyper answers these itself, and takes no body from us.
#[tokio::test]
async fn what_is_no_http_is_answered_bare() {
    let server = TestServer::start().await;
    // No longer than what is read of it: a socket closed on unread bytes may lose its last words.
    let mut long = "GET / HTTP/1.1\r\nHost: x\r\nX: ".to_owned();
    long.extend(std::iter::repeat_n('a', 16 * 1024 - long.len()));
    let many = "X: y\r\n".repeat(101);
    for (request, status) in [
        ("GET\r\n\r\n".to_owned(), "400"),
        (long, "431"),
        (format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n"), "431"),
    ] {
        let answer = server.say(request.as_bytes()).await;
        let answer = answer.to_lowercase();
        assert!(
            answer.starts_with(&format!("http/1.1 {status} ")),
            "{answer}"
        );
        assert!(answer.contains("connection: close") && answer.ends_with("\r\n\r\n"));
    }
}
