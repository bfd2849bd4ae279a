//! `POST /oauth/revoke` (RFC 7009).

use reqwest::Method;
use serde_json::json;
use signet::auth::clients::ClientWish;
use signet::model::client::{ClientKind, GrantType};

use crate::harness::{Answer, Ask, Person, TestServer};

use super::{Registered, form, login, page, refused, register, service, text, token, unavailable};

async fn revoke(server: &TestServer, parameters: &[(&str, &str)]) -> Answer {
    form(server, "/oauth/revoke", parameters).ask().await
}

async fn refresh(server: &TestServer, client: &Registered, refresh_token: &str) -> Answer {
    let asked = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
        ("client_id", &client.id),
    ];
    token(server, &asked).await
}

async fn me(server: &TestServer, access_token: &str) -> u16 {
    let request = server.request(Method::GET, "/v1/me");
    request.bearer_auth(access_token).ask().await.status
}

/// A key of somebody who may ask about every token.
async fn asker(server: &TestServer) -> String {
    server.create_user("root", &["*"]).await;
    let root = Person::log_in_for(server, "root", "signet.introspect.any").await;
    let key = json!({ "name": "asks", "scopes": ["signet.introspect.any"] });
    root.create_key(key).await.text
}

/// What is said of a token to whoever asks with this key.
async fn is_active(server: &TestServer, key: &str, token: &str) -> bool {
    let request = form(server, "/oauth/introspect", &[("token", token)]);
    let said = request.bearer_auth(key).ask().await.ok();
    said["active"].as_bool().unwrap()
}

#[tokio::test]
async fn rv_01_a_refresh_token_is_revoked_by_its_client() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let client = page(&server).await;
    let tokens = login(&server, &client).await;
    let spent = text(&tokens["refresh_token"]);
    let next = refresh(&server, &client, spent).await.ok();
    // Of any generation: this speaks of the session.
    revoke(&server, &[("token", spent), ("client_id", &client.id)])
        .await
        .ok();
    let refused_now = refresh(&server, &client, text(&next["refresh_token"])).await;
    refused(&refused_now, 400, "invalid_grant");
}

#[tokio::test]
async fn rv_02_what_is_no_token_is_revoked_already() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let client = page(&server).await;
    let tokens = login(&server, &client).await;
    let token = text(&tokens["refresh_token"]);
    for known in [token, token, "unknown", "signet_rt_x", "a.b.c"] {
        revoke(&server, &[("token", known), ("client_id", &client.id)])
            .await
            .ok();
    }
}

#[tokio::test]
async fn rv_03_one_token_is_needed() {
    let server = TestServer::start().await;
    let client = page(&server).await;
    let id = ("client_id", &*client.id);
    refused(&revoke(&server, &[id]).await, 400, "invalid_request");
    let twice = [id, ("token", "a"), ("token", "b")];
    refused(&revoke(&server, &twice).await, 400, "invalid_request");
}

#[tokio::test]
async fn rv_04_a_wrong_hint_misleads_nobody() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let client = page(&server).await;
    for (kind, hint) in [
        ("refresh_token", "access_token"),
        ("refresh_token", "unheard-of"),
        ("refresh_token", ""),
        ("access_token", "refresh_token"),
    ] {
        let tokens = login(&server, &client).await;
        let asked = [
            ("token", text(&tokens[kind])),
            ("token_type_hint", hint),
            ("client_id", &client.id),
        ];
        revoke(&server, &asked).await.ok();
        let answer = refresh(&server, &client, text(&tokens["refresh_token"])).await;
        refused(&answer, 400, "invalid_grant");
    }
}

#[tokio::test]
async fn rv_05_an_access_token_ends_its_session() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let client = page(&server).await;
    let tokens = login(&server, &client).await;
    let access_token = text(&tokens["access_token"]);
    let key = asker(&server).await;
    assert!(is_active(&server, &key, access_token).await);
    revoke(
        &server,
        &[("token", access_token), ("client_id", &client.id)],
    )
    .await
    .ok();
    assert_eq!(me(&server, access_token).await, 401);
    assert!(!is_active(&server, &key, access_token).await);
    // A client's own has none, and says so.
    let service = service(&server).await;
    let proof = [
        ("client_id", &*service.id),
        ("client_secret", &service.secret),
    ];
    let asked = [("grant_type", "client_credentials"), proof[0], proof[1]];
    let own = token(&server, &asked).await.ok();
    let asked = [("token", text(&own["access_token"])), proof[0], proof[1]];
    refused(
        &revoke(&server, &asked).await,
        400,
        "unsupported_token_type",
    );
}

#[tokio::test]
async fn rv_06_access_tokens_go_with_the_refresh_token() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let client = page(&server).await;
    let key = asker(&server).await;
    let (tokens, other) = (login(&server, &client).await, login(&server, &client).await);
    let old = text(&tokens["refresh_token"]);
    let next = refresh(&server, &client, old).await.ok();
    let both = [&tokens, &next].map(|one| text(&one["access_token"]));
    for token in both {
        assert_eq!(me(&server, token).await, 200);
        assert!(is_active(&server, &key, token).await);
    }
    let asked = [("token", old), ("client_id", &*client.id)];
    revoke(&server, &asked).await.ok();
    for token in both {
        assert_eq!(me(&server, token).await, 401);
        assert!(!is_active(&server, &key, token).await);
    }
    // Another session of the same user and client is another thing.
    let token = text(&other["access_token"]);
    assert_eq!(me(&server, token).await, 200);
    assert!(is_active(&server, &key, token).await);
}

#[tokio::test]
async fn rv_07_the_token_of_another_client_lives_on() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let (client, other) = (page(&server).await, page(&server).await);
    let tokens = login(&server, &client).await;
    for kind in ["refresh_token", "access_token"] {
        let asked = [("token", text(&tokens[kind])), ("client_id", &*other.id)];
        refused(&revoke(&server, &asked).await, 400, "invalid_grant");
    }
    refresh(&server, &client, text(&tokens["refresh_token"]))
        .await
        .ok();
}

#[tokio::test]
async fn rv_08_a_confidential_client_authenticates() {
    let server = TestServer::start().await;
    let wish = ClientWish {
        name: "portal",
        grant_types: Some(vec![GrantType::RefreshToken]),
        ..ClientWish::default()
    };
    let client = register(&server, ClientKind::Confidential, wish).await;
    let asked = [("token", "x"), ("client_id", &*client.id)];
    refused(&revoke(&server, &asked).await, 401, "invalid_client");
    refused(&revoke(&server, &asked[..1]).await, 400, "invalid_request");
    let request = form(&server, "/oauth/revoke", &asked[..1]);
    request
        .basic_auth(&client.id, Some(&client.secret))
        .ask()
        .await
        .ok();
}

#[tokio::test]
async fn rv_11_there_is_one_method() {
    let server = TestServer::start().await;
    let answer = server.request(Method::GET, "/oauth/revoke").ask().await;
    refused(&answer, 405, "invalid_request");
    assert_eq!(answer.header("allow"), "POST");
}

#[tokio::test]
async fn rv_09_when_the_store_is_away_nothing_is_called_revoked() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let client = page(&server).await;
    let tokens = login(&server, &client).await;
    let refresh_token = text(&tokens["refresh_token"]);
    let asked = [("token", refresh_token), ("client_id", &client.id)];
    let mut other = server.store.connect().await;
    other.lock().await;
    unavailable(&revoke(&server, &asked).await);
    other.execute("ROLLBACK").await;
    if server.store.redis().is_none() {
        refresh(&server, &client, refresh_token).await.ok();
    }
    revoke(&server, &asked).await.ok();
    let over = refresh(&server, &client, refresh_token).await;
    refused(&over, 400, "invalid_grant");
}
