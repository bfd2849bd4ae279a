//! Gateways with the lines of docs/gateways.md, between a client and an application: Debian's Caddy,
//! and Envoy from a Python package. (nginx: `tests/it/verify`; Apache: `tests/apache.rs`.)

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../it/verify/application.rs"]
mod application;
mod caddy;
mod deployment;
mod envoy;
mod offline;
#[path = "../packages/mod.rs"]
mod packages;
#[path = "../processes/mod.rs"]
mod processes;
#[path = "../servers/mod.rs"]
mod servers;

use std::collections::BTreeMap;

use deployment::{Deployment, IDENTITY, Kind, sent, wait};
use reqwest::Method;

/// What each gateway has to hold, whichever it is.
async fn holds(kind: Kind) {
    let here = Deployment::start(kind).await;
    let token = here.token().await;
    the_application_hears_who_asks(&here, &token).await;
    an_identity_that_a_client_writes_never_arrives(&here, &token).await;
    a_request_is_not_another_because_its_client_says_so(&here, &token).await;
    refusals_come_back_as_themselves(&here, &token).await;
    too_many_come_back_as_themselves(&here).await;
    without_signet_nobody_passes(here).await;
}

async fn the_application_hears_who_asks(here: &Deployment, token: &str) {
    let path = "/pages/caf%C3%A9/100%25?a=1&a=%2F..";
    let request = here.asks(Method::POST, path).bearer_auth(token);
    let received = here.passes(request.body("hello")).await;
    assert_eq!(received.line, format!("POST {path} HTTP/1.1"));
    assert_eq!(received.body, "hello");
    let identity = received.identity();
    assert_eq!(identity["x-auth-username"], "ada");
    assert_eq!(identity["x-auth-scopes"], "pages.read");
    assert!(identity["x-auth-user-id"].starts_with("usr_"));
}

/// Under no spelling and no number.
async fn an_identity_that_a_client_writes_never_arrives(here: &Deployment, token: &str) {
    let forged = |mut request: reqwest::RequestBuilder| {
        for name in IDENTITY {
            request = request.header(name, "root").header(name, "admin");
            request = request.header(name.replace('-', "_"), "root");
        }
        request
    };
    let nobody = here.passes(forged(here.asks(Method::GET, "/"))).await;
    let told: BTreeMap<_, _> = nobody.identity();
    assert!(told.values().all(|value| value.is_empty()), "{told:?}");
    let request = here.asks(Method::GET, "/").bearer_auth(token);
    let somebody = here.passes(forged(request)).await;
    let identity = somebody.identity();
    assert_eq!(identity["x-auth-username"], "ada");
    let forged = |value: &&str| ["root", "admin"].contains(value);
    assert!(!identity.values().any(forged), "{identity:?}");
}

async fn a_request_is_not_another_because_its_client_says_so(here: &Deployment, token: &str) {
    for (name, value) in [
        ("X-Forwarded-Method", "GET"),
        ("X-Forwarded-Uri", "/"),
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "other.example.com"),
        ("X-Original-Method", "GET"),
        ("X-Original-URL", "https://app.example.com/"),
        ("X-Original-URI", "/"),
        ("X-Envoy-Original-Path", "/"),
        ("X-Rewrite-URL", "/"),
    ] {
        let refused = [400, 401, 403];
        let request = here.asks(Method::DELETE, "/admin").bearer_auth(token);
        let answer = sent(request.header(name, value)).await;
        assert!(refused.contains(&answer.status().as_u16()), "{name}");
        let answer = sent(here.asks(Method::POST, "/").header(name, value)).await;
        assert!(refused.contains(&answer.status().as_u16()), "{name}");
    }
}

async fn refusals_come_back_as_themselves(here: &Deployment, token: &str) {
    let answer = sent(here.asks(Method::POST, "/")).await;
    assert_eq!(answer.status(), 401);
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
    let both = "Bearer realm=\"signet\", Basic realm=\"signet\", charset=\"UTF-8\"";
    assert_eq!(challenge, both);
    let forged = here.asks(Method::GET, "/").bearer_auth("x.y.z");
    assert_eq!(sent(forged).await.status(), 401);
    let request = here.asks(Method::GET, "/admin").bearer_auth(token);
    assert_eq!(sent(request).await.status(), 403);
    // Two readings of one path: an application might find /admin behind these.
    for path in [
        "/pages;x/../admin",
        "//admin",
        "/pages%2f..%2fadmin",
        "/%2561dmin",
    ] {
        let status = here.status_of(path).await;
        assert!([400, 403].contains(&status), "{path}: {status}");
    }
}

async fn too_many_come_back_as_themselves(here: &Deployment) {
    for _ in 0..10 {
        assert_eq!(here.guess().await.status(), 401);
    }
    let throttled = here.guess().await;
    assert_eq!(throttled.status(), 429);
    assert!(wait(&throttled) > 0);
}

async fn without_signet_nobody_passes(mut here: Deployment) {
    here.passes(here.asks(Method::GET, "/")).await;
    here.node.crash();
    let status = sent(here.asks(Method::GET, "/")).await.status();
    assert!([403, 502, 503].contains(&status.as_u16()), "{status}");
}

#[tokio::test]
async fn caddy_lets_pass_whom_signet_knows_and_tells_the_application_who_asks() {
    holds(Kind::Caddy).await;
}

#[tokio::test]
async fn envoy_lets_pass_whom_signet_knows_and_tells_the_application_who_asks() {
    holds(Kind::Envoy).await;
}
