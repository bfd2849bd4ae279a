//! The refresh token as a cookie.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Ask, Browser, ORIGIN, PASSWORD, TestServer};

const REFRESH: &str = "/v1/auth/refresh";
const LOGOUT: &str = "/v1/auth/logout";
/// In seconds.
const DAY: u64 = 24 * 3600;

#[tokio::test]
async fn ck_01_the_cookie_is_bound_to_this_host_and_hidden_from_scripts() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    server.create_user("ada", &[]).await;
    let answer = browser.login("ada", PASSWORD).await;
    answer.ok();
    let (name, value, attributes) = cookie(&answer);
    assert!(name.starts_with("__Host-signet_refresh-"));
    assert!(value.starts_with("signet_rt_"));
    let mut attributes: Vec<&str> = attributes
        .iter()
        .map(String::as_str)
        .filter(|one| !one.starts_with("Max-Age="))
        .collect();
    attributes.sort_unstable();
    assert_eq!(
        attributes,
        ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"]
    );
}

#[tokio::test]
async fn ck_02_no_body_carries_the_token() {
    let server = TestServer::start().await;
    let mut browser = logged_in(&server).await;
    let answer = browser.refresh().await;
    let body = answer.ok();
    assert!(body["access_token"].is_string());
    assert!(body.get("refresh_token").is_none());
    assert!(!answer.text().contains("signet_rt_"));
}

#[tokio::test]
async fn ck_03_the_cookie_is_small_and_dies_with_the_session() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    server.create_user("ada", &[]).await;
    let answer = browser.login("ada", PASSWORD).await;
    let (name, value, _) = cookie(&answer);
    assert!(name.len() + value.len() < 4096);
    assert_eq!(max_age(&answer), 90 * DAY);
    for tens in 1..=8 {
        server.clock.advance(Duration::from_secs(10 * DAY));
        let answer = browser.refresh().await;
        answer.ok();
        let left = (90 - 10 * tens) * DAY;
        let age = max_age(&answer);
        assert!(0 < age && age <= left, "{age} of {left}");
    }
}

#[tokio::test]
async fn ck_04_logging_out_clears_the_cookie_as_it_was_set() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    server.create_user("ada", &[]).await;
    let (name, _, mut set) = cookie(&browser.login("ada", PASSWORD).await);
    let answer = browser.post(LOGOUT, json!({})).await;
    answer.no_content();
    let (cleared, value, mut clearing) = cookie(&answer);
    assert_eq!((cleared, value.as_str()), (name, ""));
    assert!(clearing.contains(&"Max-Age=0".to_owned()));
    set.retain(|one| !one.starts_with("Max-Age="));
    clearing.retain(|one| !one.starts_with("Max-Age="));
    assert_eq!(set, clearing);
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn ck_04_a_proven_end_clears_the_cookie_and_nothing_else_does() {
    let server = TestServer::start().await;
    let mut browser = logged_in(&server).await;
    let kept = browser.cookies.clone();

    browser.cookies[0].1.push('0');
    let answer = browser.refresh().await;
    answer.refused(401, "invalid_refresh_token");
    assert!(!answer.has("set-cookie"));

    browser.cookies = kept;
    server.clock.advance(Duration::from_hours(15 * 24));
    let answer = browser.refresh().await;
    assert_eq!(answer.refused(401, "session_ended")["reason"], "idle");
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn ck_05_two_cookies_of_the_name_are_refused() {
    let server = TestServer::start().await;
    let mut browser = logged_in(&server).await;
    let planted = (browser.cookies[0].0.clone(), "planted".to_owned());
    browser.cookies.insert(0, planted);
    browser.refresh().await.refused(400, "malformed_request");
    browser.cookies.remove(0);
    browser.refresh().await.ok();
}

#[tokio::test]
async fn a_cookie_under_an_escaped_name_is_another_cookie() {
    let server = TestServer::start().await;
    let mut browser = logged_in(&server).await;
    let escaped = browser.cookies[0].0.replacen("__Host", "__%48ost", 1);
    browser.cookies.insert(0, (escaped, "planted".to_owned()));
    browser.refresh().await.ok();
}

#[tokio::test]
async fn a_login_ends_the_session_of_the_cookie_it_replaces() {
    let server = TestServer::start().await;
    let mut browser = logged_in(&server).await;
    let mut before = Browser::new(&server, ORIGIN);
    before.cookies = browser.cookies.clone();
    browser.login("ada", PASSWORD).await.ok();
    assert_eq!(
        before.refresh().await.refused(401, "session_ended")["reason"],
        "replaced"
    );
    browser.refresh().await.ok();
}

#[tokio::test]
async fn cs_01_a_cookie_call_needs_our_header_and_a_registered_origin() {
    let server = TestServer::start().await;
    let browser = logged_in(&server).await;
    let ours = ("X-Signet-Request", "1");
    let refused: [&[(&str, &str)]; 7] = [
        &[("Origin", ORIGIN)],
        &[ours, ("Origin", "https://evil.example")],
        &[ours, ("Origin", "null")],
        &[ours, ("Origin", "http://app.example.com")],
        &[ours, ("Origin", "https://app.example.com:8443")],
        &[ours, ("Sec-Fetch-Site", "cross-site")],
        &[ours, ("Sec-Fetch-Site", "same-site")],
    ];
    for path in [REFRESH, LOGOUT] {
        for headers in refused {
            call(&server, &browser, path, headers)
                .await
                .refused(403, "csrf_refused");
        }
    }
    call(&server, &browser, REFRESH, &[ours, ("Origin", ORIGIN)])
        .await
        .ok();
    call(
        &server,
        &browser,
        REFRESH,
        &[ours, ("Sec-Fetch-Site", "same-origin")],
    )
    .await
    .ok();
}

#[tokio::test]
async fn cs_02_a_cookie_call_takes_json_only() {
    let server = TestServer::start().await;
    let browser = logged_in(&server).await;
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let request = browser
            .request(Method::POST, REFRESH)
            .header("Content-Type", media_type);
        request
            .body("{}")
            .ask()
            .await
            .refused(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn cs_05_a_cookie_call_that_tells_no_origin_is_refused() {
    let server = TestServer::start().await;
    let browser = logged_in(&server).await;
    for headers in [&[][..], &[("X-Signet-Request", "1")][..]] {
        call(&server, &browser, REFRESH, headers)
            .await
            .refused(403, "csrf_refused");
    }
}

async fn logged_in(server: &TestServer) -> Browser<'_> {
    server.create_user("ada", &[]).await;
    let mut browser = server.browser();
    browser.login("ada", PASSWORD).await.ok();
    browser
}

/// A POST with the browser's cookies and exactly these headers.
async fn call(
    server: &TestServer,
    browser: &Browser<'_>,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = server
        .request(Method::POST, path)
        .header("Cookie", browser.cookie());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.json(&json!({})).ask().await
}

/// For how many seconds the cookie that an answer sets is kept.
fn max_age(answer: &Answer) -> u64 {
    let (_, _, attributes) = cookie(answer);
    let age = attributes
        .iter()
        .find_map(|one| one.strip_prefix("Max-Age="));
    age.unwrap().parse().unwrap()
}

/// Name, value and attributes of the one cookie that an answer sets.
fn cookie(answer: &Answer) -> (String, String, Vec<String>) {
    let mut parts = answer.header("set-cookie").split("; ");
    let (name, value) = parts.next().unwrap().split_once('=').unwrap();
    (
        name.to_owned(),
        value.to_owned(),
        parts.map(str::to_owned).collect(),
    )
}
