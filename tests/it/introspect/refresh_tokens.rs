//! What a confidential client hears of its own refresh tokens.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use signet::auth::clients::ClientWish;
use signet::model::authority::Authority;
use signet::model::client::{ClientKind, GrantType};
use signet::model::refresh_token::{RefreshTokenFields, TokenPrefix};

use super::{INTROSPECT, ResourceServer, ada, hears_nothing};
use crate::harness::{Answer, Ask, PASSWORD, Store, TestServer};
use crate::oauth::{Registered, form, register};

/// A server that logs users in; `asks` says whether it may ask about its refresh tokens.
async fn portal(server: &TestServer, asks: bool) -> Registered {
    let wish = ClientWish {
        name: "portal",
        scopes: Some(&["pages.read".to_owned()]),
        resources: std::slice::from_ref(&server.issuer),
        grant_types: Some(vec![GrantType::RefreshToken]),
        refresh_introspection: asks,
        ..ClientWish::default()
    };
    register(server, ClientKind::Confidential, wish).await
}

async fn post(server: &TestServer, path: &str, client: &Registered, body: Value) -> Answer {
    let request = server.request(Method::POST, path).json(&body);
    let request = request.basic_auth(&client.id, Some(&client.secret));
    request.ask().await
}

/// The refresh token of a login through that client.
async fn log_in(server: &TestServer, client: &Registered) -> String {
    let login = json!({ "username": "ada", "password": PASSWORD });
    let answer = post(server, "/v1/auth/login", client, login).await.ok();
    answer["refresh_token"].as_str().unwrap().to_owned()
}

/// The successor of a refresh token.
async fn refresh(server: &TestServer, client: &Registered, token: &str) -> String {
    let body = json!({ "refresh_token": token });
    let answer = post(server, "/v1/auth/refresh", client, body).await.ok();
    answer["refresh_token"].as_str().unwrap().to_owned()
}

async fn asked(server: &TestServer, client: &Registered, token: &str) -> Answer {
    let request = form(server, INTROSPECT, &[("token", token)]);
    let request = request.basic_auth(&client.id, Some(&client.secret));
    request.ask().await
}

#[tokio::test]
async fn in_07_a_client_hears_of_the_sessions_of_its_own_refresh_tokens() {
    let server = TestServer::start().await;
    ada(&server).await;
    let client = portal(&server, true).await;
    let first = log_in(&server, &client).await;
    let second = refresh(&server, &client, &first).await;
    let newest = refresh(&server, &client, &second).await;

    let answer = asked(&server, &client, &newest).await;
    let said = answer.ok();
    assert_eq!(said["active"], true);
    assert_eq!(said["token_type"], "refresh_token");
    assert_eq!(
        (&said["username"], &said["scope"]),
        (&json!("ada"), &json!("pages.read"))
    );
    assert_eq!(said["client_id"], *client.id);
    assert!(said["sid"].as_str().unwrap().starts_with("ses_"));
    assert!(said.get("aud").is_none() && said.get("jti").is_none());
    // Whichever of its tokens it is, long after it was spent: the same bytes, and nothing moves.
    server.clock.advance(Duration::from_hours(1));
    for token in [&first, &second, &newest, &first] {
        assert_eq!(asked(&server, &client, token).await.text(), answer.text());
    }
    let successor = refresh(&server, &client, &newest).await;
    assert_eq!(asked(&server, &client, &first).await.text(), answer.text());

    let logout = json!({ "refresh_token": successor });
    server.post("/v1/auth/logout", logout).await.no_content();
    for token in [&first, &newest, &successor] {
        hears_nothing(&asked(&server, &client, token).await);
    }
}

#[tokio::test]
async fn in_07_nobody_else_hears_of_a_refresh_token() {
    let server = TestServer::start().await;
    let (ada, _) = ada(&server).await;
    let client = portal(&server, true).await;
    let token = log_in(&server, &client).await;
    assert_eq!(asked(&server, &client, &token).await.ok()["active"], true);

    let other = portal(&server, true).await;
    hears_nothing(&asked(&server, &other, &token).await);
    let not_allowed = portal(&server, false).await;
    let its_own = log_in(&server, &not_allowed).await;
    hears_nothing(&asked(&server, &not_allowed, &its_own).await);
    let all = json!({ "scopes": ["signet.introspect.any", "signet.introspect"] });
    let all = ResourceServer::with(&server, all).await;
    for token in [&token, &ada.refresh_token] {
        all.hears_nothing(token).await;
        hears_nothing(&asked(&server, &other, token).await);
    }
    // What is none, or of nobody's session.
    let mut forged = RefreshTokenFields::decode(&token, &[TokenPrefix::default()]).unwrap();
    forged.tag[0] ^= 1;
    let forged = forged.encode(&TokenPrefix::default());
    for wrong in [&forged, &token[..72], "signet_rt_", "x"] {
        hears_nothing(&asked(&server, &client, wrong).await);
    }
    // Nor the client itself, once the session is over, or it counts no more.
    let idle = log_in(&server, &client).await;
    server.clock.advance(Duration::from_hours(15 * 24));
    hears_nothing(&asked(&server, &client, &idle).await);
    let (by, id) = (&Authority::Operator, client.id.parse().unwrap());
    let last = log_in(&server, &client).await;
    assert_eq!(asked(&server, &client, &last).await.ok()["active"], true);
    server.auth.disable_client(by, id).await.unwrap();
    server.auth.enable_client(by, id).await.unwrap();
    hears_nothing(&asked(&server, &client, &last).await);
    let last = log_in(&server, &client).await;
    server.disable_user("ada").await;
    hears_nothing(&asked(&server, &client, &last).await);
}

#[tokio::test]
async fn in_07_trouble_is_no_answer() {
    let server = TestServer::start().await;
    ada(&server).await;
    let client = portal(&server, true).await;
    let token = log_in(&server, &client).await;
    // Of a key that other nodes have already: nobody can tell yet.
    let mut newer = RefreshTokenFields::decode(&token, &[TokenPrefix::default()]).unwrap();
    newer.key_id = 250;
    let newer = newer.encode(&TokenPrefix::default());
    let answer = asked(&server, &client, &newer).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
    answer.header("retry-after").parse::<u32>().unwrap();
    let stranger = portal(&server, false).await;
    hears_nothing(&asked(&server, &stranger, &newer).await);

    if matches!(&*server.store, Store::Postgres(..)) && server.store.redis().is_none() {
        server.store.hide().await;
        let answer = asked(&server, &client, &token).await;
        assert_eq!(answer.status, 503, "{}", answer.text());
        server.store.show().await;
    }
    assert_eq!(asked(&server, &client, &token).await.ok()["active"], true);
}
