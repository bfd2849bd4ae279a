//! Names and passwords with each request.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::gateway::{Asked, asked, server};
use crate::harness::{Log, PASSWORD, TestServer};

const RULES: &str = "[[verify.rules]]\naccept = [\"basic\"]\nanonymous = [\"GET\"]";

fn basic<'a>(server: &'a TestServer, name: &str, password: &str) -> Asked<'a> {
    let value = format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
    asked(server, "/").header("Authorization", &value)
}

#[tokio::test]
async fn a_name_and_a_password_tell_who_asks() {
    let server = server(RULES).await;
    server.create_user("ada", &["pages.read"]).await;
    for name in ["ada", "ADA"] {
        let answer = basic(&server, name, PASSWORD).passes().await;
        assert_eq!(answer.header("x-auth-method"), "basic");
        assert_eq!(answer.header("x-auth-username"), "ada");
        assert_eq!(answer.header("x-auth-scopes"), "pages.read");
        assert_eq!(answer.header("x-auth-expires"), "");
        assert_eq!(answer.header("x-auth-token-id"), "");
    }
    server.disable_user("ada").await;
    basic(&server, "ada", PASSWORD)
        .refused(401, "invalid_credentials")
        .await;
}

#[tokio::test]
async fn it_is_off_unless_a_rule_takes_it() {
    let server = server("[[verify.rules]]\naccept = [\"bearer_jwt\"]").await;
    server.create_user("ada", &[]).await;
    basic(&server, "ada", PASSWORD)
        .refused(401, "unsupported_auth_scheme")
        .await;
}

#[tokio::test]
async fn what_is_wrong_is_refused_alike_and_never_ignored() {
    let server = server(RULES).await;
    server.create_user("ada", &[]).await;
    basic(&server, "ada", PASSWORD).passes().await;
    let long = "x".repeat(2000);
    for (name, password) in [
        ("ada", "wrong horse battery"),
        ("ada", ""),
        ("nobody", PASSWORD),
        ("", ""),
        ("a b@c", "x"),
        ("ada", &long),
        (&long, "x"),
    ] {
        let answer = basic(&server, name, password).from("203.0.113.7");
        let answer = answer.refused(401, "invalid_credentials").await;
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge, "Basic realm=\"signet\", charset=\"UTF-8\"");
    }
    for value in ["Basic", "Basic !!", "Basic YWRh", "Basic /w=="] {
        let malformed = asked(&server, "/").header("Authorization", value);
        malformed.refused(401, "invalid_credentials").await;
    }
}

/// Only a right password is remembered, and only for a minute.
#[tokio::test]
async fn a_right_password_is_remembered_for_a_minute() {
    let server = server(RULES).await;
    server.create_user("ada", &[]).await;
    // The hash is gone: whoever passes from now on was remembered.
    basic(&server, "ada", PASSWORD).passes().await;
    let mut stranger = server.store.connect().await;
    let forget = "UPDATE users SET password_hash = NULL";
    stranger.execute(forget).await;
    basic(&server, "ada", PASSWORD).passes().await;
    basic(&server, "ada", "wrong horse battery")
        .refused(401, "invalid_credentials")
        .await;
    server.clock.advance(Duration::from_secs(59));
    basic(&server, "ada", PASSWORD).passes().await;
    server.clock.advance(Duration::from_secs(1));
    basic(&server, "ada", PASSWORD)
        .refused(401, "invalid_credentials")
        .await;
}

#[tokio::test]
async fn any_change_of_the_user_forgets_it() {
    let server = server(RULES).await;
    server.create_user("ada", &["a"]).await;
    basic(&server, "ada", PASSWORD).passes().await;
    let other = "saddle walnut orbit 24";
    server.set_password("ada", other).await;
    basic(&server, "ada", PASSWORD)
        .refused(401, "invalid_credentials")
        .await;
    basic(&server, "ada", other).passes().await;

    let mut stranger = server.store.connect().await;
    let forget = "UPDATE users SET password_hash = NULL";
    stranger.execute(forget).await;
    basic(&server, "ada", other).passes().await;
    let user = server.auth.find_user("ada").await.unwrap();
    server
        .auth
        .ungrant(user.id, &["a".parse().unwrap()])
        .await
        .unwrap();
    basic(&server, "ada", other)
        .refused(401, "invalid_credentials")
        .await;
}

/// By name and address, as at a login: the two share one count.
#[tokio::test]
async fn guessing_is_slowed_down_as_at_a_login() {
    let server = server(RULES).await;
    server.create_user("ada", &[]).await;
    let guess = |name| basic(&server, name, "wrong horse battery").from("203.0.113.7");
    for _ in 0..10 {
        guess("ada").refused(401, "invalid_credentials").await;
    }
    let answer = guess("ada").refused(429, "throttled").await;
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    assert!(answer.has("ratelimit"));
    let login = server.request(reqwest::Method::POST, "/v1/auth/login");
    let login = login.header("X-Forwarded-For", "203.0.113.7");
    let login = login.json(&serde_json::json!({ "username": "ada", "password": PASSWORD }));
    crate::harness::Ask::ask(login)
        .await
        .refused(429, "throttled");
    // Names that there are not are counted alike, and other addresses not at all.
    for _ in 0..10 {
        guess("nobody").refused(401, "invalid_credentials").await;
    }
    guess("nobody").refused(429, "throttled").await;
    basic(&server, "ada", PASSWORD)
        .from("198.51.100.1")
        .passes()
        .await;
}

#[tokio::test]
async fn passwords_and_names_are_not_logged() {
    Log::keep();
    let server = server(RULES).await;
    server.create_user("ada", &[]).await;
    basic(&server, "ada", PASSWORD).passes().await;
    basic(&server, "hunter2hunter2", "also a secret")
        .refused(401, "invalid_credentials")
        .await;
    let log = Log::own();
    assert!(log.contains("basic.refused"));
    for secret in [PASSWORD, "hunter2hunter2", "also a secret"] {
        assert!(!log.contains(secret), "{secret}");
    }
}
