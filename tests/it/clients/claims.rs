//! Claims that the tokens of a client carry beside those of all.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::oauth::{TOKEN_EXCHANGE, form};
use super::{HELD, administrator, id};
use crate::harness::{Ask, PASSWORD, Person, TestServer, part};

fn own() -> Value {
    json!({ "tenant": { "id": 7 }, "https://example.com/claims": ["a", null] })
}

/// What a token says beside what every one says.
fn carried(token: &Value) -> Value {
    let mut claims = part(token.as_str().unwrap(), 1);
    let claims = claims.as_object_mut().unwrap();
    claims.retain(|name, _| own().get(name).is_some());
    Value::from(claims.clone())
}

async fn me(server: &TestServer, token: &Value) {
    let request = server.request(reqwest::Method::GET, "/v1/me");
    request
        .bearer_auth(token.as_str().unwrap())
        .ask()
        .await
        .ok();
}

async fn refresh(server: &TestServer, client: &str, tokens: &Value) -> Value {
    let body = json!({ "refresh_token": tokens["refresh_token"], "client_id": client });
    server.post("/v1/auth/refresh", body).await.ok()
}

#[tokio::test]
async fn the_tokens_of_a_client_carry_its_claims() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    server.create_user("ada", &["pages.read"]).await;
    let new = json!({ "kind": "public", "name": "Web", "claims": own() });
    let made = admin.post("/v1/clients", new).await.created();
    assert_eq!(made["client"]["claims"], own());
    let client = id(&made["client"]);
    let login = json!({ "username": "ada", "password": PASSWORD, "client_id": client });
    let tokens = server.post("/v1/auth/login", login).await.ok();
    assert_eq!(carried(&tokens["access_token"]), own());
    me(&server, &tokens["access_token"]).await;
    let next = refresh(&server, &client, &tokens).await;
    assert_eq!(carried(&next["access_token"]), own());
    let body = json!({ "tokens": [next["access_token"]] });
    let request = server.request(reqwest::Method::POST, "/v1/introspect");
    let request = request.bearer_auth(next["access_token"].as_str().unwrap());
    let told = request.json(&body).ask().await.ok();
    assert_eq!(told["results"][0]["active"], true);

    // Chosen anew, they hold from the next token on; other clients' are without.
    let path = format!("/v1/clients/{client}");
    let other = json!({ "name": "Web", "claims": { "tenant": "acme" } });
    admin.put(&path, other).await.ok();
    let last = refresh(&server, &client, &next).await;
    assert_eq!(carried(&last["access_token"]), json!({ "tenant": "acme" }));
    let none = admin.put(&path, json!({ "name": "Web" })).await.ok();
    assert!(none.get("claims").is_none());
    let last = refresh(&server, &client, &last).await;
    assert_eq!(carried(&last["access_token"]), json!({}));
}

#[tokio::test]
async fn what_a_server_gets_for_itself_or_for_a_key_carries_them_too() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    server.create_user("ada", &["pages.read"]).await;
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    let key = ada.create_key(json!({ "name": "CI" })).await;
    let new = json!({
        "kind": "confidential", "name": "Export", "scopes": ["pages.read"], "claims": own(),
    });
    let made = admin.post("/v1/clients", new).await.created();
    let client = id(&made["client"]);
    let secret = made["client_secret"].as_str().unwrap();
    let by = [("client_id", &*client), ("client_secret", secret)];
    let of_itself = [&[("grant_type", "client_credentials")], &by[..]].concat();
    let of_key = [
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token", &*key.text),
        ("subject_token_type", "urn:signet:token-type:api_key"),
    ];
    for asked in [of_itself, [&of_key[..], &by[..]].concat()] {
        let token = form(&server, "/oauth/token", &asked).ask().await.ok()["access_token"].clone();
        assert_eq!(carried(&token), own());
        let token = token.as_str().unwrap();
        let told = form(&server, "/oauth/introspect", &[("token", token)]);
        let told = told.bearer_auth(token).ask().await.ok();
        assert_eq!(told["active"], true);
    }
}

#[tokio::test]
async fn jt_12_registered_names_and_signets_own_are_refused() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    for (claims, code) in [
        (json!({ "sub": "usr_1" }), "reserved"),
        (json!({ "scope": "*" }), "reserved"),
        (json!({ "act": {} }), "reserved"),
        (json!({ "email": "root@example.com" }), "reserved"),
        (json!({ "signet_admin": true }), "reserved"),
        (json!({ "scp": ["pages.write"] }), "reserved"),
        (json!({ "": 1 }), "malformed"),
        (json!({ "a": "x".repeat(1024) }), "too_large"),
    ] {
        let new = json!({ "kind": "public", "name": "Web", "claims": claims });
        let refused = admin.post("/v1/clients", new).await.invalid_fields();
        assert_eq!(refused, [("/claims".to_owned(), code.to_owned())]);
    }
}

#[tokio::test]
async fn other_claims_need_the_password() {
    let server = TestServer::start().await;
    administrator(&server).await;
    let mut admin = Person::log_in_for(&server, "admin", &HELD.join(" ")).await;
    for kind in ["confidential", "public"] {
        let new = json!({ "kind": kind, "name": "S", "current_password": PASSWORD });
        let made = admin.post("/v1/clients", new).await.created();
        let path = format!("/v1/clients/{}", id(&made["client"]));
        server.clock.advance(Duration::from_mins(6));
        admin.refresh().await.ok();
        let mut wish = json!({ "name": "S", "claims": { "admin": true } });
        let answer = admin.put(&path, wish.clone()).await;
        answer.refused(403, "reauthentication_required");
        wish["current_password"] = PASSWORD.into();
        admin.put(&path, wish.clone()).await.ok();
        wish.as_object_mut().unwrap().remove("current_password");
        wish["kind"] = kind.into();
        let answer = admin.post("/v1/clients", wish).await;
        answer.refused(403, "reauthentication_required");
    }
}
