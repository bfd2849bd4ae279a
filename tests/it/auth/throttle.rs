//! Guessing passwords, slowed down.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::harness::{Ask, PASSWORD, TestServer};

#[tokio::test]
async fn lg_03_failures_are_throttled_for_names_known_and_unknown_alike() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let mut seen = Vec::new();
    for name in ["ada", "nobody"] {
        let mut statuses = Vec::new();
        for _ in 0..30 {
            statuses.push(server.login(name, "not her password").await.status);
        }
        let refused = statuses.iter().position(|status| *status == 429).unwrap();
        assert!(refused <= 20, "{refused} failures are free");
        assert!(statuses[..refused].iter().all(|status| *status == 401));
        assert!(statuses[refused..].iter().all(|status| *status == 429));
        seen.push(statuses);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn lg_03_success_resets_the_count() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    for _ in 0..10 {
        for _ in 0..5 {
            server
                .login("ada", "not her password")
                .await
                .refused(401, "invalid_credentials");
        }
        server.login("ada", PASSWORD).await.ok();
    }
}

#[tokio::test]
async fn lg_04_nobody_is_locked_out_for_good() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let mut waits = 0;
    for _ in 0..300 {
        let answer = server.login("ada", "not her password").await;
        if answer.status == 429 {
            waits += 1;
            let seconds = answer.header("retry-after").parse().unwrap();
            assert!(seconds <= 60, "the delay is bounded");
            server.clock.advance(Duration::from_secs(seconds));
        }
    }
    assert!(waits > 100);
    let answer = server.login("ada", PASSWORD).await;
    if answer.status == 429 {
        let seconds = answer.header("retry-after").parse().unwrap();
        server.clock.advance(Duration::from_secs(seconds));
        server.login("ada", PASSWORD).await.ok();
    }
}

#[tokio::test]
async fn lg_05_an_address_that_tries_many_names_is_throttled() {
    let server = TestServer::start().await;
    let mut statuses = Vec::new();
    for number in 0..300 {
        statuses.push(
            server
                .login(&format!("user{number}"), "a guess at it")
                .await
                .status,
        );
    }
    assert!(statuses.contains(&429));
}

#[tokio::test]
async fn lg_05_forwarded_addresses_count_only_from_trusted_proxies() {
    for trusted in [false, true] {
        let server = TestServer::with(|settings| {
            if trusted {
                settings.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
            }
        })
        .await;
        let mut throttled = 0;
        for number in 0..40 {
            let body = json!({ "username": "nobody", "password": "not a password" });
            let request = server.request(Method::POST, "/v1/auth/login").json(&body);
            let request = request.header("X-Forwarded-For", format!("203.0.113.{number}"));
            throttled += u32::from(request.ask().await.status == 429);
        }
        // Each from elsewhere, as far as a trusted proxy says; all from here, otherwise.
        assert_eq!(throttled == 0, trusted, "{throttled}");
    }
}

#[tokio::test]
async fn rl_01_a_throttled_answer_says_when_to_come_back() {
    let server = TestServer::start().await;
    let answer = loop {
        let answer = server.login("nobody", "not a password").await;
        if answer.status != 401 {
            break answer;
        }
    };
    let problem = answer.refused(429, "throttled");
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!(seconds >= 1);
    let quota = "https://iana.org/assignments/http-problem-types#quota-exceeded";
    assert_eq!(problem["type"], quota);
    server.clock.advance(Duration::from_secs(seconds));
    server
        .login("nobody", "not a password")
        .await
        .refused(401, "invalid_credentials");
}

#[tokio::test]
async fn rl_02_what_is_left_is_told_as_structured_fields() {
    let server = TestServer::start().await;
    let answer = server.login("nobody", "not a password").await;
    answer.refused(401, "invalid_credentials");
    let policy = fields(answer.header("ratelimit-policy"));
    let limit = fields(answer.header("ratelimit"));
    assert_eq!(policy.0, limit.0, "both speak of one policy");
    assert!(policy.1.contains(&('q', 10)) && policy.1.iter().any(|(name, _)| *name == 'w'));
    assert!(limit.1.contains(&('r', 9)) && limit.1.iter().any(|(name, _)| *name == 't'));
}

#[tokio::test]
async fn rl_03_a_throttled_answer_names_the_violated_policy() {
    let server = TestServer::start().await;
    for _ in 0..10 {
        server.login("nobody", "not a password").await;
    }
    let answer = server.login("nobody", "not a password").await;
    let problem = answer.refused(429, "throttled");
    let (policy, _) = fields(answer.header("ratelimit-policy"));
    assert_eq!(problem["violated-policies"], json!([policy]));
}

#[tokio::test]
async fn rl_04_the_limits_do_not_tell_who_exists() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    for _ in 0..15 {
        let mut told = Vec::new();
        for name in ["ada", "nobody"] {
            let answer = server.login(name, "not her password").await;
            let header = |name| answer.headers.get(name).cloned();
            told.push((answer.status, header("ratelimit"), header("retry-after")));
        }
        assert_eq!(told[0], told[1]);
    }
}

/// A structured field of one item: `"login";q=10;w=60` is `("login", [('q', 10), ('w', 60)])`.
fn fields(text: &str) -> (String, Vec<(char, u64)>) {
    let mut parts = text.split(';');
    let name = parts.next().unwrap().trim_matches('"').to_owned();
    let parameter = |part: &str| {
        let (key, value) = part.split_once('=').unwrap();
        (key.trim().parse().unwrap(), value.parse().unwrap())
    };
    (name, parts.map(parameter).collect())
}
