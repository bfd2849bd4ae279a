//! Logged-in browsers, by the session cookie.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use signet::config::Origin;

use super::gateway::{Asked, asked, server, settings};
use crate::harness::{Browser, ORIGIN, PASSWORD, TestServer};

const RULES: &str = "[[verify.rules]]\naccept = [\"session_cookie\"]";

/// A browser in which Ada is logged in, with a session cookie.
async fn browser(server: &TestServer) -> Browser<'_> {
    server.create_user("ada", &["pages.read"]).await;
    let mut browser = server.browser();
    log_in(&mut browser).await;
    browser
}

async fn log_in(browser: &mut Browser<'_>) {
    let body = json!({
        "username": "ada", "password": PASSWORD, "delivery": "cookie_and_session",
    });
    browser.post("/v1/auth/login", body).await.ok();
}

fn with<'a>(browser: &Browser<'_>, asked: Asked<'a>) -> Asked<'a> {
    asked.header("Cookie", &browser.cookie())
}

#[tokio::test]
async fn a_login_that_asks_for_it_gets_a_session_cookie() {
    let server = server(RULES).await;
    server.create_user("ada", &[]).await;
    let login = |delivery: &str| {
        let body = json!({ "username": "ada", "password": PASSWORD, "delivery": delivery });
        let request = server
            .browser()
            .request(Method::POST, "/v1/auth/login")
            .json(&body);
        crate::harness::Ask::ask(request)
    };
    assert_eq!(
        login("cookie")
            .await
            .headers
            .get_all("set-cookie")
            .iter()
            .count(),
        1
    );
    assert!(!login("body").await.has("set-cookie"));
    let answer = login("cookie_and_session").await;
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies.len(), 2);
    let text = cookies[1].to_str().unwrap();
    let (value, attributes) = text.split_once(';').unwrap();
    assert!(
        value.starts_with("__Host-signet_session=signet_sc_"),
        "{value}"
    );
    assert_eq!(
        attributes,
        " Max-Age=7776000; Path=/; HttpOnly; Secure; SameSite=Lax"
    );
    let body = answer.ok();
    assert!(body.get("refresh_token").is_none() && body.get("session_cookie").is_none());
}

#[tokio::test]
async fn a_domain_shares_the_cookie() {
    let verify = settings(&format!(
        "[verify]\ncookie_domain = \"example.com\"\n{RULES}"
    ));
    let server = TestServer::with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        settings.verify = verify;
    })
    .await;
    let browser = browser(&server).await;
    let (name, _) = browser.cookies.last().unwrap();
    assert_eq!(name, "__Secure-signet_session");
    let answer = with(&browser, asked(&server, "/")).passes().await;
    assert_eq!(answer.header("x-auth-username"), "ada");
}

#[tokio::test]
async fn a_logged_in_browser_counts_and_nothing_is_advanced() {
    let server = server(RULES).await;
    let mut browser = browser(&server).await;
    let cookies = browser.cookies.clone();
    for _ in 0..3 {
        let answer = with(&browser, asked(&server, "/")).passes().await;
        assert_eq!(answer.header("x-auth-method"), "session_cookie");
        assert_eq!(answer.header("x-auth-username"), "ada");
        assert_eq!(answer.header("x-auth-scopes"), "pages.read");
        assert!(answer.header("x-auth-token-id").starts_with("ses_"));
        assert_eq!(answer.header("x-auth-expires"), "2026-06-15T12:00:00.000Z");
        assert!(!answer.has("set-cookie"));
        server.clock.advance(Duration::from_secs(61));
    }
    assert_eq!(browser.cookies, cookies);
    // A refresh lets the session live on, with the cookie it has.
    server.clock.advance(Duration::from_hours(13 * 24));
    browser.refresh().await.ok();
    server.clock.advance(Duration::from_hours(13 * 24));
    with(&browser, asked(&server, "/")).passes().await;
    server.clock.advance(Duration::from_hours(2 * 24));
    with(&browser, asked(&server, "/"))
        .refused(401, "session_ended")
        .await;
}

#[tokio::test]
async fn the_cookie_is_taken_here_alone() {
    let server = server(RULES).await;
    let browser = browser(&server).await;
    let (_, value) = browser.cookies.last().unwrap().clone();
    let me = server
        .request(Method::GET, "/v1/me")
        .header("Cookie", browser.cookie());
    crate::harness::Ask::ask(me)
        .await
        .refused(401, "credential_missing");
    let me = server.request(Method::GET, "/v1/me").bearer_auth(&value);
    crate::harness::Ask::ask(me)
        .await
        .refused(401, "invalid_access_token");
    server
        .refresh(&value)
        .await
        .refused(401, "invalid_refresh_token");
}

#[tokio::test]
async fn a_session_that_ended_takes_its_cookie_along() {
    let server = server(RULES).await;
    let mut browser = browser(&server).await;
    with(&browser, asked(&server, "/")).passes().await;
    server.end_sessions("ada").await;
    let answer = with(&browser, asked(&server, "/")).ask().await;
    let problem = answer.refused(401, "session_ended");
    assert_eq!(problem["reason"], "admin");
    let cleared = answer.header("set-cookie");
    assert!(
        cleared.starts_with("__Host-signet_session=; Max-Age=0; "),
        "{cleared}"
    );

    browser.cookies.clear();
    log_in(&mut browser).await;
    let session = browser.cookie();
    with(&browser, asked(&server, "/")).passes().await;
    browser
        .post("/v1/auth/logout", json!({}))
        .await
        .no_content();
    assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
    let stolen = asked(&server, "/").header("Cookie", &session);
    stolen.refused(401, "session_ended").await;
}

#[tokio::test]
async fn a_disabled_users_cookie_is_worthless() {
    let server = server(RULES).await;
    let browser = browser(&server).await;
    with(&browser, asked(&server, "/")).passes().await;
    server.disable_user("ada").await;
    let answer = with(&browser, asked(&server, "/")).ask().await;
    assert_eq!(
        answer.refused(401, "session_ended")["reason"],
        "user_disabled"
    );
}

#[tokio::test]
async fn made_up_and_doubled_cookies_are_refused() {
    let server = server(&format!("{RULES}\nanonymous = [\"GET\"]")).await;
    let browser = browser(&server).await;
    let (name, value) = browser.cookies.last().unwrap();
    asked(&server, "/")
        .header("Cookie", "other=1")
        .passes()
        .await;
    let mut damaged = value.clone();
    damaged.replace_range(15..16, if &value[15..16] == "a" { "b" } else { "a" });
    for wrong in ["", "x", "signet_sc_x", &damaged, &value.to_lowercase()] {
        let cookie = format!("{name}={wrong}");
        let answer = asked(&server, "/").header("Cookie", &cookie).ask().await;
        assert_eq!(
            answer.refused(401, "session_ended")["reason"],
            "unknown",
            "{wrong}"
        );
    }
    let twice = format!("{name}={value}; {name}={value}");
    asked(&server, "/")
        .header("Cookie", &twice)
        .refused(400, "malformed_request")
        .await;
}

/// Browsers add cookies by themselves: what changes something has to come from a page of the site,
/// or of the client.
#[tokio::test]
async fn what_changes_something_comes_from_the_sites_own_pages() {
    let server = server(RULES).await;
    let browser = browser(&server).await;
    let own = "https://app.example.com";
    assert_eq!(own, ORIGIN, "the client's origin is tested apart");
    let passes: &[&[(&str, &str)]] = &[
        &[("Sec-Fetch-Site", "same-origin")],
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", "null")],
        &[("Origin", own)],
        &[("Sec-Fetch-Site", "same-site"), ("Origin", own)],
    ];
    let refused: &[&[(&str, &str)]] = &[
        &[],
        &[("Origin", "https://evil.example.com")],
        &[("Origin", "http://app.example.com")],
        &[("Origin", "https://app.example.com:8443")],
        &[("Origin", "https://app.example.com.evil.com")],
        &[("Origin", "null")],
        &[("Origin", own), ("Origin", own)],
        &[
            ("Sec-Fetch-Site", "same-site"),
            ("Origin", "https://evil.example.com"),
        ],
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", own)],
        &[("Sec-Fetch-Site", "none"), ("Origin", own)],
        &[("Sec-Fetch-Site", "same-site")],
        &[
            ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Origin", own),
        ],
        &[("Referer", "https://app.example.com/")],
    ];
    let request = |method, headers: &[(&str, &str)]| {
        let request = with(&browser, asked(&server, "/")).method(method);
        headers.iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        })
    };
    for method in ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"] {
        for headers in passes {
            request(method, headers).passes().await;
        }
        for headers in refused {
            request(method, headers).refused(403, "csrf_refused").await;
        }
    }
    for method in ["GET", "HEAD", "OPTIONS"] {
        for headers in passes.iter().chain(refused) {
            request(method, headers).passes().await;
        }
        // These only read by their method.
        let socket = [
            ("Sec-WebSocket-Key", "x"),
            ("Origin", "https://evil.example.com"),
        ];
        request(method, &socket).refused(403, "csrf_refused").await;
        let disguised = [("X-HTTP-Method-Override", "DELETE")];
        request(method, &disguised)
            .refused(403, "csrf_refused")
            .await;
    }
}

#[tokio::test]
async fn the_clients_own_origins_may_change_things() {
    let verify = settings(RULES);
    let page = "https://shop.example.org";
    let server = TestServer::with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        settings.verify = verify;
        settings.default_client.origins = vec![Origin::parse(page).unwrap()];
    })
    .await;
    server.create_user("ada", &[]).await;
    let mut browser = Browser::new(&server, page);
    log_in(&mut browser).await;
    let post = |origin| with(&browser, asked(&server, "/").method("POST")).header("Origin", origin);
    post(page).passes().await;
    post("https://other.example.org")
        .refused(403, "csrf_refused")
        .await;
}
