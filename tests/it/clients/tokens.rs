//! What holds for the tokens of a client is what was chosen for it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use signet::model::signing_key::Algorithm;

use crate::harness::{Ask, PASSWORD, Person, TestServer, part};

use super::{administrator, id};

async fn create(admin: &Person<'_>, more: Value) -> String {
    let mut body = json!({ "kind": "public", "name": "Web" });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    id(&admin.post("/v1/clients", body).await.created()["client"])
}

async fn log_in(server: &TestServer, client: &str) -> Value {
    let login = json!({ "username": "ada", "password": PASSWORD, "client_id": client });
    server.post("/v1/auth/login", login).await.ok()
}

async fn refresh(server: &TestServer, client: &str, token: &Value) -> crate::harness::Answer {
    let body = json!({ "refresh_token": token, "client_id": client });
    server.post("/v1/auth/refresh", body).await
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn jt_01_a_client_may_have_its_tokens_called_jwt_and_signed_otherwise() {
    let server = TestServer::with(|settings| {
        settings.signing_keys.algorithms = vec![Algorithm::ES256, Algorithm::EdDsa];
    })
    .await;
    let admin = administrator(&server).await;
    server.create_user("ada", &[]).await;
    let client = create(&admin, json!({ "typ": "JWT", "alg": "EdDSA" })).await;
    let tokens = log_in(&server, &client).await;
    let header = part(text(&tokens["access_token"]), 0);
    assert_eq!(
        (&header["typ"], &header["alg"]),
        (&json!("JWT"), &json!("EdDSA"))
    );
    let me = server.request(Method::GET, "/v1/me");
    me.bearer_auth(text(&tokens["access_token"]))
        .ask()
        .await
        .ok();

    // From now on its tokens are called otherwise, and the old name is another kind of token.
    let path = format!("/v1/clients/{client}");
    admin.put(&path, json!({ "name": "Web" })).await.ok();
    let me = server.request(Method::GET, "/v1/me");
    let refused = me.bearer_auth(text(&tokens["access_token"])).ask().await;
    refused.refused(401, "invalid_access_token");
}

#[tokio::test]
async fn jt_04_the_audience_of_a_client_is_its_own() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    server.create_user("ada", &[]).await;
    let client = create(
        &admin,
        json!({ "audiences": ["https://a.example", "https://b.example"] }),
    );
    let client = client.await;
    let tokens = log_in(&server, &client).await;
    let own = format!("{}/v1", server.issuer);
    let claims = part(text(&tokens["access_token"]), 1);
    assert_eq!(
        claims["aud"],
        json!(["https://a.example", "https://b.example", own])
    );
    assert_eq!(claims["client_id"], client.as_str());

    let asks = |audience: &str| {
        json!({
            "username": "ada", "password": PASSWORD, "client_id": client, "audience": [audience],
        })
    };
    let one = server
        .post("/v1/auth/login", asks("https://b.example"))
        .await
        .ok();
    assert_eq!(
        part(text(&one["access_token"]), 1)["aud"],
        "https://b.example"
    );
    let refused = server
        .post("/v1/auth/login", asks(&server.issuer))
        .await
        .invalid_fields();
    assert_eq!(
        refused,
        [("/audience".to_owned(), "invalid_target".to_owned())]
    );
}

#[tokio::test]
async fn a_client_limits_what_its_tokens_carry() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    server.create_user("ada", &["*"]).await;
    let client = create(
        &admin,
        json!({ "scopes": ["pages.read", "pages.drafts.*"] }),
    )
    .await;
    let tokens = log_in(&server, &client).await;
    assert_eq!(tokens["scope"], "pages.read");
    let wide = json!({
        "username": "ada", "password": PASSWORD, "client_id": client,
        "scope": "pages.read pages.write signet.users.read",
    });
    let tokens = server.post("/v1/auth/login", wide).await.ok();
    assert_eq!(tokens["scope"], "pages.read");
    // Nor by a narrower refresh.
    let body = json!({
        "refresh_token": tokens["refresh_token"], "client_id": client, "scope": "pages.write",
    });
    let refused = server.post("/v1/auth/refresh", body).await.invalid_fields();
    assert_eq!(refused, [("/scope".to_owned(), "invalid_scope".to_owned())]);
    // What is chosen anew holds from the next token on.
    let path = format!("/v1/clients/{client}");
    admin
        .put(&path, json!({ "name": "Web", "scopes": ["pages.*"] }))
        .await
        .ok();
    let next = refresh(&server, &client, &tokens["refresh_token"])
        .await
        .ok();
    assert_eq!(next["scope"], "pages.read pages.write");
}

#[tokio::test]
async fn jt_08_lifetimes_are_the_clients() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    server.create_user("ada", &[]).await;
    let client = create(
        &admin,
        json!({ "access_lifetime": 60, "idle_lifetime": 600, "absolute_lifetime": 1000 }),
    )
    .await;
    let tokens = log_in(&server, &client).await;
    assert_eq!(
        (&tokens["expires_in"], &tokens["session_expires_in"]),
        (&json!(60), &json!(1000))
    );
    let claims = part(text(&tokens["access_token"]), 1);
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        60
    );

    server.clock.advance(Duration::from_secs(599));
    let next = refresh(&server, &client, &tokens["refresh_token"])
        .await
        .ok();
    server.clock.advance(Duration::from_secs(402));
    let over = refresh(&server, &client, &next["refresh_token"]).await;
    assert_eq!(over.refused(401, "session_ended")["reason"], "absolute");
    let tokens = log_in(&server, &client).await;
    server.clock.advance(Duration::from_secs(601));
    let over = refresh(&server, &client, &tokens["refresh_token"]).await;
    assert_eq!(over.refused(401, "session_ended")["reason"], "idle");
}

#[tokio::test]
async fn rt_02_strict_mode_is_the_clients_choice() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    server.create_user("ada", &[]).await;
    let strict = create(&admin, json!({ "reuse_interval": 0 })).await;
    let usual = create(&admin, json!({})).await;
    for (client, reused) in [(&strict, true), (&usual, false)] {
        let tokens = log_in(&server, client).await;
        refresh(&server, client, &tokens["refresh_token"])
            .await
            .ok();
        let again = refresh(&server, client, &tokens["refresh_token"]).await;
        assert_eq!(again.status == 401, reused);
    }
}

#[tokio::test]
async fn rt_07_a_token_works_for_the_client_that_it_was_given_to_alone() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    server.create_user("ada", &[]).await;
    let (one, other) = (
        create(&admin, json!({})).await,
        create(&admin, json!({})).await,
    );
    let tokens = log_in(&server, &one).await;
    let refused = refresh(&server, &other, &tokens["refresh_token"]).await;
    refused.refused(401, "invalid_refresh_token");
    let refused = server.refresh(text(&tokens["refresh_token"])).await;
    refused.refused(401, "invalid_refresh_token");
    refresh(&server, &one, &tokens["refresh_token"]).await.ok();
}
