//! How each gateway asks, by its own documentation.

use reqwest::Method;

use super::gateway::server;
use crate::harness::{Answer, Ask, TestServer};

const RULES: &str = r#"
    [[verify.rules]]
    hosts = ["app.example.com"]
    path = "/api"
    methods = ["DELETE"]
    accept = ["bearer_jwt"]
"#;

async fn speaking(dialect: &str) -> TestServer {
    server(&format!("[verify]\ndialect = \"{dialect}\"\n{RULES}")).await
}

/// Sends a request with these headers, and what it presents.
async fn ask(
    server: &TestServer,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    token: &str,
) -> Answer {
    let request = server.request(method, path).bearer_auth(token);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.ask().await
}

/// <https://doc.traefik.io/traefik/middlewares/http/forwardauth/>: GET, these headers, and all of
/// the client's own; with `preserveRequestMethod` the client's method.
#[tokio::test]
async fn traefik() {
    let server = speaking("forwarded").await;
    let ada = server.person("ada").await;
    let headers = [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Method", "DELETE"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "app.example.com"),
        ("X-Forwarded-Uri", "/api/pages/1?force=1&force=2"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Server", "traefik-1"),
        ("X-Real-Ip", "203.0.113.9"),
        ("User-Agent", "curl/8.5"),
    ];
    for method in [Method::GET, Method::DELETE] {
        let answer = ask(
            &server,
            method,
            "/v1/auth/verify",
            &headers,
            &ada.access_token,
        )
        .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("x-auth-username"), "ada");
    }
}

/// <https://caddyserver.com/docs/caddyfile/directives/forward_auth>: GET, `X-Forwarded-Method` and
/// `-Uri`, and what its `reverse_proxy` always sets: `X-Forwarded-For`, `-Proto`, `-Host`.
#[tokio::test]
async fn caddy() {
    let server = speaking("forwarded").await;
    let ada = server.person("ada").await;
    let headers = [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "app.example.com:8443"),
        ("X-Forwarded-Method", "DELETE"),
        ("X-Forwarded-Uri", "/api/pages/1"),
        ("Via", "1.1 Caddy"),
    ];
    let answer = ask(
        &server,
        Method::GET,
        "/v1/auth/verify",
        &headers,
        &ada.access_token,
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// <https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/>: the
/// whole URL in `X-Original-URL`; the manual of `auth_request` has path and query alone, in
/// `X-Original-URI`.
#[tokio::test]
async fn nginx() {
    let server = speaking("original").await;
    let ada = server.person("ada").await;
    let token = ada.access_token.as_str();
    let whole = [
        ("X-Original-Method", "DELETE"),
        ("X-Original-URL", "https://app.example.com/api/pages/1?x"),
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "app.example.com"),
    ];
    let answer = ask(&server, Method::GET, "/v1/auth/verify", &whole, token).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let path = [
        ("Host", "app.example.com"),
        ("X-Original-Method", "DELETE"),
        ("X-Original-URI", "/api/pages/1?x"),
    ];
    let answer = ask(&server, Method::GET, "/v1/auth/verify", &path, token).await;
    assert_eq!(answer.status, 200, "{}", answer.text());

    for (wrong, detail) in [
        (&whole[1..], "x-original-method is missing"),
        (&whole[..1], "X-Original-URL or X-Original-URI is missing"),
        (&[whole[0], ("X-Original-URL", "/api")][..], "no URL"),
        (
            &[whole[0], ("X-Original-URL", "https:///api")][..],
            "host is none",
        ),
        (
            &[whole[0], ("X-Original-URL", "https://app.example.com")][..],
            "does not begin with `/`",
        ),
        (
            &[whole[0], ("X-Original-URL", "https://app.example.com?/api")][..],
            "does not begin",
        ),
        (
            &[
                whole[0],
                ("X-Original-URL", "https://evil@app.example.com/api"),
            ][..],
            "host is none",
        ),
        (
            &[whole[0], ("X-Original-URL", "ftp://app.example.com/api")][..],
            "scheme",
        ),
        (
            &[whole[0], whole[1], ("X-Original-URI", "/api")][..],
            "both there",
        ),
        (
            &[whole[0], whole[1], whole[1]][..],
            "x-original-url is there twice",
        ),
        (
            &[whole[0], whole[1], ("X-Forwarded-Uri", "/api")][..],
            "x-forwarded-uri has no place",
        ),
        (
            &[whole[0], whole[1], ("X-Forwarded-Method", "GET")][..],
            "x-forwarded-method has no place",
        ),
    ] {
        let answer = ask(&server, Method::GET, "/v1/auth/verify", wrong, token).await;
        let problem = answer.refused(400, "malformed_request");
        let said = problem["detail"].as_str().unwrap();
        assert!(said.contains(detail), "{said}");
    }
}

/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/ext_authz/v3/ext_authz.proto>:
/// the request's own method, its path behind `path_prefix`, its `Host`, no body.
#[tokio::test]
async fn envoy() {
    let server = speaking("envoy").await;
    let ada = server.person("ada").await;
    let token = ada.access_token.as_str();
    let host = ("Host", "app.example.com");
    let headers = [
        host,
        ("X-Forwarded-Proto", "https"),
        ("Content-Length", "0"),
    ];
    let path = "/v1/auth/verify/api/pages/1?a=1&a=2";
    let answer = ask(&server, Method::DELETE, path, &headers, token).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-auth-username"), "ada");

    for (method, path, headers, status, code) in [
        (
            Method::GET,
            "/v1/auth/verify/api",
            &[host][..],
            403,
            "no_rule",
        ),
        (
            Method::DELETE,
            "/v1/auth/verify/apix",
            &[host],
            403,
            "no_rule",
        ),
        (
            Method::DELETE,
            "/v1/auth/verify",
            &[host],
            400,
            "malformed_request",
        ),
        (
            Method::GET,
            "/v1/auth/verify",
            &[host],
            400,
            "malformed_request",
        ),
        (
            Method::DELETE,
            "/v1/auth/verify/api",
            &[("Host", "evil.example.com")],
            403,
            "no_rule",
        ),
        (
            Method::DELETE,
            "/v1/auth/verify/api",
            &[host, ("X-Forwarded-Uri", "/api")],
            400,
            "malformed_request",
        ),
        (
            Method::DELETE,
            "/v1/auth/verify/api",
            &[host, ("X-Original-URL", "/api")],
            400,
            "malformed_request",
        ),
    ] {
        let answer = ask(&server, method.clone(), path, headers, token).await;
        assert_eq!(answer.status, status, "{method} {path} {headers:?}");
        let problem = answer.json();
        assert_eq!(problem["code"], code);
        // Not the application's path, which may hold anything.
        assert_eq!(problem["instance"], "/v1/auth/verify");
    }
}

/// A client that reaches Envoy can write any path, and what would put it right on the way here
/// would hide it.
#[tokio::test]
async fn envoys_paths_are_read_byte_for_byte() {
    let server = speaking("envoy").await;
    for path in [
        "/blog/../api",
        "//api",
        "/api%2f..",
        "/./api",
        "/api;x",
        "/api\\x",
    ] {
        let head = format!(
            "DELETE /v1/auth/verify{path} HTTP/1.1\r\nHost: app.example.com\r\n\
             Connection: close\r\n\r\n"
        );
        let answer = server.say(head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{path}: {answer}");
        assert!(answer.contains("\"malformed_request\""), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_path_behind_is_for_envoy_alone() {
    for dialect in ["forwarded", "original"] {
        let server = speaking(dialect).await;
        let ada = server.person("ada").await;
        let headers = [
            ("Host", "app.example.com"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", "app.example.com"),
            if dialect == "original" {
                ("X-Original-Method", "DELETE")
            } else {
                ("X-Forwarded-Method", "DELETE")
            },
            if dialect == "original" {
                ("X-Original-URI", "/api")
            } else {
                ("X-Forwarded-Uri", "/api")
            },
        ];
        let path = "/v1/auth/verify/api";
        let answer = ask(&server, Method::DELETE, path, &headers, &ada.access_token).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (400, &"malformed_request".into())
        );
    }
}
