//! `POST /oauth/token`.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use signet::auth::clients::ClientWish;
use signet::model::authority::Authority;
use signet::model::client::ClientKind;

use crate::harness::{Ask, ORIGIN, TestServer, part};

use super::{
    TOKEN_EXCHANGE, form, login, page, refused, register, service, text, token, unavailable,
};

#[tokio::test]
async fn te_01_a_public_client_refreshes() {
    let server = TestServer::start().await;
    server
        .create_user("ada", &["pages.read", "pages.write"])
        .await;
    let client = page(&server).await;
    let tokens = login(&server, &client).await;
    let refresh = |refresh_token: &str, scope: &str| {
        let request = form(
            &server,
            "/oauth/token",
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh_token),
                ("client_id", &client.id),
                ("scope", scope),
            ],
        );
        async { request.ask().await }
    };
    let answer = refresh(text(&tokens["refresh_token"]), "").await;
    let next = answer.ok();
    assert_eq!(
        (&next["token_type"], &next["expires_in"]),
        (&json!("Bearer"), &json!(300))
    );
    assert_ne!(next["refresh_token"], tokens["refresh_token"]);
    assert_eq!(next["scope"], "pages.read pages.write");
    let me = server.request(Method::GET, "/v1/me");
    me.bearer_auth(text(&next["access_token"])).ask().await.ok();

    let narrowed = refresh(text(&next["refresh_token"]), "pages.read")
        .await
        .ok();
    assert_eq!(narrowed["scope"], "pages.read");
    let whole = refresh(text(&narrowed["refresh_token"]), "").await.ok();
    assert_eq!(whole["scope"], "pages.read pages.write");
}

#[tokio::test]
async fn te_02_no_answer_is_kept() {
    let server = TestServer::start().await;
    let client = service(&server).await;
    let asked = [
        ("grant_type", "client_credentials"),
        ("client_id", &*client.id),
    ];
    let for_itself = [asked[0], asked[1], ("client_secret", &client.secret)];
    let ada = server.person("ada").await;
    let key = ada.create_key(json!({ "name": "CI" })).await;
    let exchange = [
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token_type", "urn:signet:token-type:api_key"),
        ("subject_token", &key.text),
    ];
    let page = page(&server).await;
    let tokens = login(&server, &page).await;
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&tokens["refresh_token"])),
        ("client_id", &page.id),
    ];
    for good in [for_itself, exchange, refresh] {
        let answer = token(&server, &good).await;
        answer.ok();
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("pragma"), "no-cache");
    }
    refused(&token(&server, &asked).await, 401, "invalid_client");
}

#[tokio::test]
async fn te_03_answers_are_json() {
    let server = TestServer::start().await;
    let client = service(&server).await;
    let good = [
        ("grant_type", "client_credentials"),
        ("client_id", &client.id),
        ("client_secret", &client.secret),
    ];
    assert_eq!(
        token(&server, &good).await.header("content-type"),
        "application/json"
    );
    let wrong = token(&server, &[]).await;
    assert_eq!(wrong.header("content-type"), "application/json");
}

#[tokio::test]
async fn te_04_only_forms_are_read() {
    let server = TestServer::start().await;
    let post = || server.request(Method::POST, "/oauth/token");
    let body = json!({ "grant_type": "refresh_token" });
    refused(&post().json(&body).ask().await, 400, "invalid_request");
    let multipart = post().header("Content-Type", "multipart/form-data; boundary=x");
    refused(&multipart.body("--x--").ask().await, 400, "invalid_request");
    refused(
        &post().body("grant_type=refresh_token").ask().await,
        400,
        "invalid_request",
    );
}

#[tokio::test]
async fn te_05_a_grant_type_is_needed() {
    let server = TestServer::start().await;
    let client = page(&server).await;
    let id = ("client_id", &*client.id);
    refused(&token(&server, &[id]).await, 400, "invalid_request");
    refused(
        &token(&server, &[id, ("grant_type", "")]).await,
        400,
        "invalid_request",
    );
}

#[tokio::test]
async fn te_06_an_unknown_grant_type_is_unsupported() {
    let server = TestServer::start().await;
    let client = page(&server).await;
    for unknown in ["implicit", "authorization_code", "REFRESH_TOKEN", "urn:x:y"] {
        let asked = [("client_id", &*client.id), ("grant_type", unknown)];
        refused(&token(&server, &asked).await, 400, "unsupported_grant_type");
    }
}

#[tokio::test]
async fn te_07_a_parameter_is_sent_once() {
    let server = TestServer::start().await;
    let client = service(&server).await;
    let good = [
        ("grant_type", "client_credentials"),
        ("client_id", &client.id),
        ("client_secret", &client.secret),
        ("scope", "pages.read"),
    ];
    let others = ["refresh_token", "client_assertion", "client_assertion_type"];
    for twice in good.iter().chain(&others.map(|name| (name, "x"))) {
        let mut asked = good.to_vec();
        asked.extend([*twice, *twice]);
        refused(&token(&server, &asked).await, 400, "invalid_request");
    }
}

#[tokio::test]
async fn te_08_unknown_parameters_are_ignored() {
    let server = TestServer::start().await;
    let client = service(&server).await;
    let asked = [
        ("grant_type", "client_credentials"),
        ("client_id", &client.id),
        ("client_secret", &client.secret),
        ("foo", "bar"),
        ("foo", "baz"),
    ];
    token(&server, &asked).await.ok();
}

#[tokio::test]
async fn te_09_nothing_in_the_url_counts() {
    let server = TestServer::start().await;
    let client = service(&server).await;
    let secret = format!("client_secret={}", client.secret);
    let path = format!("/oauth/token?{secret}");
    let asked = [
        ("grant_type", "client_credentials"),
        ("client_id", &client.id),
    ];
    refused(
        &form(&server, &path, &asked).ask().await,
        401,
        "invalid_client",
    );
    let all = format!(
        "{path}&grant_type=client_credentials&client_id={}",
        client.id
    );
    refused(
        &form(&server, &all, &[]).ask().await,
        400,
        "invalid_request",
    );
    // Nor does a token, which would be spent otherwise.
    server.create_user("ada", &[]).await;
    let page = page(&server).await;
    let tokens = login(&server, &page).await;
    let old = text(&tokens["refresh_token"]);
    let path = format!("/oauth/token?refresh_token={old}");
    let asked = [("grant_type", "refresh_token"), ("client_id", &*page.id)];
    let answer = form(&server, &path, &asked).ask().await;
    refused(&answer, 400, "invalid_request");
    let more = [("grant_type", "refresh_token"), ("refresh_token", old)];
    let answer = form(
        &server,
        &format!("/oauth/token?client_id={}", page.id),
        &more,
    );
    refused(&answer.ask().await, 400, "invalid_request");
}

#[tokio::test]
async fn te_10_there_is_one_method() {
    let server = TestServer::start().await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = server.request(method, "/oauth/token").ask().await;
        refused(&answer, 405, "invalid_request");
        assert_eq!(answer.header("allow"), "POST");
    }
}

#[tokio::test]
async fn te_15_a_client_uses_its_own_grants_alone() {
    let server = TestServer::start().await;
    let (page, service) = (page(&server).await, service(&server).await);
    let asked = [
        ("grant_type", "client_credentials"),
        ("client_id", &page.id),
    ];
    refused(&token(&server, &asked).await, 400, "unauthorized_client");
    let asked = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "x"),
        ("client_id", &service.id),
        ("client_secret", &service.secret),
    ];
    refused(&token(&server, &asked).await, 400, "unauthorized_client");
}

#[tokio::test]
async fn te_16_scopes_are_registered_and_allowed() {
    let server = TestServer::start().await;
    let client = service(&server).await;
    let ask = async |scope: &str| {
        let asked = [
            ("grant_type", "client_credentials"),
            ("client_id", &*client.id),
            ("client_secret", &client.secret),
            ("scope", scope),
        ];
        token(&server, &asked).await
    };
    for wrong in [
        "pages.unheard-of",
        "blog.read",
        "pages.read  pages.write",
        "a\"b",
        "a\\b",
        "\u{e9}",
    ] {
        refused(&ask(wrong).await, 400, "invalid_scope");
    }
    refused(&ask("signet.users.read").await, 400, "invalid_scope");
    assert_eq!(ask("pages.read").await.ok()["scope"], "pages.read");
    // All that is allowed and there: registered later, it is there later.
    assert_eq!(ask("").await.ok()["scope"], "pages.read pages.write");
    let by = &Authority::Operator;
    server.auth.remove_scope(by, "pages.write").await.unwrap();
    assert_eq!(ask("").await.ok()["scope"], "pages.read");
}

#[tokio::test]
async fn te_17_every_dead_refresh_token_is_one_answer() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let (client, other) = (page(&server).await, page(&server).await);
    let ask = async |client: &str, refresh_token: &str| {
        let asked = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            ("client_id", client),
        ];
        let mut body = refused(&token(&server, &asked).await, 400, "invalid_grant");
        body["request_id"].take();
        body
    };
    let unknown = ask(&client.id, "signet_rt_unknown").await;
    let living = login(&server, &client).await;
    assert_eq!(
        ask(&other.id, text(&living["refresh_token"])).await,
        unknown
    );
    let ended = login(&server, &client).await;
    server.end_sessions("ada").await;
    assert_eq!(
        ask(&client.id, text(&ended["refresh_token"])).await,
        unknown
    );
    server.clock.advance(Duration::from_secs(1));
    let expired = login(&server, &client).await;
    server.clock.advance(Duration::from_hours(24 * 15));
    assert_eq!(
        ask(&client.id, text(&expired["refresh_token"])).await,
        unknown
    );
}

#[tokio::test]
async fn te_19_there_is_no_password_grant() {
    let server = TestServer::start().await;
    let client = page(&server).await;
    let asked = [
        ("grant_type", "password"),
        ("username", "ada"),
        ("password", "x"),
        ("client_id", &client.id),
    ];
    refused(&token(&server, &asked).await, 400, "unsupported_grant_type");
    let metadata = server
        .get("/.well-known/oauth-authorization-server")
        .await
        .ok();
    let supported = &metadata["grant_types_supported"];
    assert_eq!(
        *supported,
        json!(["refresh_token", "client_credentials", TOKEN_EXCHANGE])
    );
}

#[tokio::test]
async fn jt_14_a_clients_own_token_tells_of_no_login() {
    let server = TestServer::start().await;
    let client = service(&server).await;
    let request = form(
        &server,
        "/oauth/token",
        &[("grant_type", "client_credentials")],
    );
    let request = request.basic_auth(&client.id, Some(&client.secret));
    let tokens = request.ask().await.ok();
    let claims = part(text(&tokens["access_token"]), 1);
    assert_eq!(claims["sub"], client.id);
    for absent in ["auth_time", "amr", "acr", "sid"] {
        assert_eq!(claims.get(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn te_20_a_server_gets_tokens_of_its_own() {
    let server = TestServer::start().await;
    server.register(&["pages.read"]).await;
    let wish = ClientWish {
        name: "export",
        scopes: Some(&["pages.read".to_owned()]),
        audiences: &["https://api.example.com".to_owned()],
        access_lifetime: Some(Duration::from_mins(1)),
        ..ClientWish::default()
    };
    let client = register(&server, ClientKind::Confidential, wish).await;
    let request = form(
        &server,
        "/oauth/token",
        &[("grant_type", "client_credentials")],
    );
    let tokens = request
        .basic_auth(&client.id, Some(&client.secret))
        .ask()
        .await
        .ok();
    assert_eq!(
        (tokens.get("refresh_token"), &tokens["expires_in"]),
        (None, &json!(60))
    );
    let claims = part(text(&tokens["access_token"]), 1);
    assert_eq!(
        (&claims["sub"], &claims["client_id"]),
        (&json!(client.id), &json!(client.id))
    );
    assert_eq!(
        (&claims["scope"], claims.get("sid")),
        (&json!("pages.read"), None)
    );
    let own = format!("{}/v1", server.issuer);
    assert_eq!(claims["aud"], json!(["https://api.example.com", own]));
    // It speaks of no person.
    let me = server.request(Method::GET, "/v1/me");
    let refused = me.bearer_auth(text(&tokens["access_token"])).ask().await;
    refused.refused(401, "invalid_access_token");
}

#[tokio::test]
async fn te_23_a_large_body_is_not_read() {
    let server = TestServer::start().await;
    let large = "x".repeat(70_000);
    let answer = token(
        &server,
        &[("grant_type", "refresh_token"), ("scope", &large)],
    )
    .await;
    refused(&answer, 413, "invalid_request");
    // Where its length is told, nothing of it; where it is not, no more than is allowed.
    let told = say_to_token(&server, "Content-Length: 10000000000", "").await;
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let untold = say_to_token(&server, "Transfer-Encoding: chunked", &chunk.repeat(5)).await;
    for answer in [told, untold] {
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.contains(r#""error":"invalid_request""#), "{answer}");
    }
}

#[tokio::test]
async fn te_23_a_slow_body_is_not_waited_for() {
    let short = Duration::from_millis(200);
    let server = TestServer::with(|settings| settings.limits.request = short).await;
    for (length, begun) in [
        ("Content-Length: 100", "grant_type=refresh"),
        ("Content-Length: 100", ""),
        ("Transfer-Encoding: chunked", "4\r\ngran\r\n"),
    ] {
        // The rest never comes: it is the server that ends this.
        let answer = say_to_token(&server, length, begun).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains(r#""error":"invalid_request""#), "{answer}");
    }
}

/// Begins a request on a connection of its own, and hears what comes until the server closes it.
async fn say_to_token(server: &TestServer, length: &str, body: &str) -> String {
    let head = format!(
        "POST /oauth/token HTTP/1.1\r\nHost: x\r\n{length}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    );
    server.say((head + body).as_bytes()).await
}

#[tokio::test]
async fn te_24_nonsense_is_refused() {
    let server = TestServer::start().await;
    let long = format!(
        "grant_type=refresh_token&refresh_token={}",
        "x".repeat(50_000)
    );
    let many = "a=1&".repeat(100);
    for body in [
        "grant_type=%",
        "grant_type=%zz",
        "grant_type=%00",
        "grant_type=%ff",
        "grant_type=refresh_token&client_id=%c3%28",
        "&&&",
        "=",
        "%",
        &many,
        &long,
    ] {
        let request = server
            .request(Method::POST, "/oauth/token")
            .body(body.to_owned());
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        refused(&request.ask().await, 400, "invalid_request");
    }
}

#[tokio::test]
async fn co_01_registered_pages_may_refresh() {
    let server = TestServer::start().await;
    check_pages(&server, "/oauth/token").await;
}

#[tokio::test]
async fn rv_10_registered_pages_may_revoke() {
    let server = TestServer::start().await;
    check_pages(&server, "/oauth/revoke").await;
}

/// A registered page may ask and read the answers, refusals too; no other, and none with cookies.
async fn check_pages(server: &TestServer, path: &str) {
    let request = server
        .request(Method::OPTIONS, path)
        .header("Origin", ORIGIN);
    let request = request.header("Access-Control-Request-Method", "POST");
    let answer = request.ask().await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
    assert!(!answer.has("access-control-allow-credentials"));
    let lists = |name: &str, one: &str| {
        let mut all = answer.header(name).split(',');
        all.any(|listed| listed.trim().eq_ignore_ascii_case(one))
    };
    assert!(lists("access-control-allow-methods", "POST"));
    for needed in ["content-type", "authorization"] {
        assert!(lists("access-control-allow-headers", needed), "{needed}");
    }
    assert!(lists("vary", "Origin"));
    let kept: u32 = answer.header("access-control-max-age").parse().unwrap();
    assert!(kept > 0);
    let wrong = form(server, path, &[]).header("Origin", ORIGIN).ask().await;
    assert_eq!(wrong.header("access-control-allow-origin"), ORIGIN);
    let foreign = form(server, path, &[]).header("Origin", "https://evil.example");
    assert!(!foreign.ask().await.has("access-control-allow-origin"));
}

#[tokio::test]
async fn te_22_when_the_store_is_away_no_grant_is_called_invalid() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let client = page(&server).await;
    let tokens = login(&server, &client).await;
    let asked = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&tokens["refresh_token"])),
        ("client_id", &client.id),
    ];
    let mut other = server.store.connect().await;
    other.lock().await;
    let answer = token(&server, &asked).await;
    match server.store.redis() {
        // Where sessions live, nothing is away.
        Some(_) => drop(answer.ok()),
        None => unavailable(&answer),
    }
    other.execute("ROLLBACK").await;
    // The client kept its token, and was right.
    token(&server, &asked).await.ok();
}
