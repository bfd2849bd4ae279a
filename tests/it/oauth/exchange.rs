use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use signet::model::authority::Authority;

use super::{TOKEN_EXCHANGE as GRANT, page, refused, service, text, token};
use crate::harness::{Answer, Ask, Key, PASSWORD, Person, TestServer, part};

const API_KEY: &str = "urn:signet:token-type:api_key";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

async fn exchange(server: &TestServer, key: &str, more: &[(&str, &str)]) -> Answer {
    let asked = [
        ("grant_type", GRANT),
        ("subject_token", key),
        ("subject_token_type", API_KEY),
    ];
    token(server, &[&asked, more].concat()).await
}

async fn ada(server: &TestServer) -> Person<'_> {
    let grants = ["pages.read", "pages.write", "signet.users.read"];
    server.create_user("ada", &grants).await;
    Person::log_in(server, "ada", PASSWORD).await
}

/// What a resource server hears of a token: one that may ask about any.
async fn heard(server: &TestServer, asks: &str, token: &str) -> Value {
    let request = server.request(Method::POST, "/v1/introspect");
    let request = request.bearer_auth(asks);
    let answer = request.json(&json!({ "tokens": [token] })).ask().await;
    answer.ok()["results"][0].clone()
}

async fn asks(server: &TestServer) -> String {
    server.create_user("root", &["*"]).await;
    let root = Person::log_in_for(server, "root", "signet.introspect").await;
    let wish = json!({ "name": "shop", "scopes": ["signet.introspect"] });
    root.create_key(wish).await.text
}

#[tokio::test]
async fn an_audience_that_is_named_twice_is_one() {
    let (pages, blog) = ("https://pages.example", "https://blog.example");
    let server = TestServer::with(|settings| {
        settings.tokens.audience = Some([pages, blog].map(str::to_owned).to_vec());
    })
    .await;
    let key = ada(&server).await.create_key(json!({ "name": "CI" })).await;
    let asked = [("resource", pages), ("resource", blog), ("audience", pages)];
    let answer = exchange(&server, &key.text, &asked).await.ok();
    let claims = part(text(&answer["access_token"]), 1);
    assert_eq!(claims["aud"], json!([pages, blog]));
}

#[tokio::test]
async fn tx_01_an_api_key_is_exchanged_for_an_access_token() {
    let server = TestServer::start().await;
    let ada = ada(&server).await;
    let key = ada.create_key(json!({ "name": "CI" })).await;
    let answer = exchange(&server, &key.text, &[]).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let answer = answer.ok();
    assert_eq!(answer["issued_token_type"], ACCESS_TOKEN);
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 300);
    assert_eq!(answer["scope"], "pages.read pages.write");
    assert!(answer.get("refresh_token").is_none());
    let claims = part(text(&answer["access_token"]), 1);
    assert_eq!(claims["sub"], ada.claims()["sub"]);
    assert_eq!(claims["act"], json!({ "sub": key.id }));
    assert_eq!(claims["aud"], server.issuer);
    assert_eq!(claims["client_id"], ada.claims()["client_id"]);
    assert!(claims.get("sid").is_none());
    // Less if that is asked for; never more.
    let narrow = exchange(&server, &key.text, &[("scope", "pages.read")]).await;
    assert_eq!(narrow.ok()["scope"], "pages.read");
    for wider in ["blog.read", "signet.users.read", "pages.read blog.read"] {
        let wider = exchange(&server, &key.text, &[("scope", wider)]).await;
        refused(&wider, 400, "invalid_scope");
    }
    for elsewhere in ["https://other.example", &format!("{}/v1", server.issuer)] {
        for name in ["audience", "resource"] {
            let elsewhere = exchange(&server, &key.text, &[(name, elsewhere)]).await;
            refused(&elsewhere, 400, "invalid_target");
        }
    }
    // Both are needed, once, and of this type.
    let (grant, given) = (("grant_type", GRANT), ("subject_token", &*key.text));
    let of_type = ("subject_token_type", API_KEY);
    for wrong in [
        &[grant, given][..],
        &[grant, of_type],
        &[grant, given, ("subject_token_type", ACCESS_TOKEN)],
        &[grant, given, given, of_type],
        &[grant, given, of_type, ("requested_token_type", API_KEY)],
        &[grant, ("subject_token", &ada.access_token), of_type],
        &[grant, ("subject_token", &key.text[..72]), of_type],
    ] {
        refused(&token(&server, wrong).await, 400, "invalid_request");
    }
}

#[tokio::test]
async fn ak_09_a_token_never_does_more_than_its_key() {
    let server = TestServer::start().await;
    let ada = ada(&server).await;
    // It does not outlive the key.
    let short = json!({ "name": "short", "expires_in": 60 });
    let short = ada.create_key(short).await;
    let answer = exchange(&server, &short.text, &[]).await.ok();
    assert_eq!(answer["expires_in"], 60);
    let claims = part(text(&answer["access_token"]), 1);
    let issued_at = claims["iat"].as_i64().unwrap();
    assert_eq!(claims["exp"], issued_at + 60);
    // Nobody who verifies offline would know what binds these.
    for bound in [
        json!({ "name": "reads", "read_only": true }),
        json!({ "name": "bound", "addresses": ["127.0.0.0/8"] }),
        json!({ "name": "away", "addresses": ["192.0.2.0/24"] }),
    ] {
        let key = ada.create_key(bound).await;
        let answer = exchange(&server, &key.text, &[]).await;
        refused(&answer, 400, "invalid_request");
    }
    // It is for resource servers: Signet's own API takes the key itself, and makes nothing of it.
    let token = text(&answer["access_token"]);
    for made in [
        json!({ "name": "x", "current_password": PASSWORD }),
        json!({ "key": { "name": "x", "current_password": PASSWORD } }),
    ] {
        for path in ["/v1/me/api-keys", "/v1/api-keys"] {
            let request = server.request(Method::POST, path).bearer_auth(token);
            let answer = request.json(&made).ask().await;
            answer.refused(401, "invalid_access_token");
        }
    }
    for path in ["/v1/me", "/v1/me/api-keys", "/v1/users"] {
        let request = server.request(Method::GET, path).bearer_auth(token);
        request.ask().await.refused(401, "invalid_access_token");
    }
}

#[tokio::test]
async fn ak_09_a_key_that_does_not_count_is_exchanged_for_nothing() {
    let server = TestServer::start().await;
    let ada = ada(&server).await;
    let make = async |name: &str, more: Value| {
        let mut wish = more;
        wish["name"] = name.into();
        ada.create_key(wish).await
    };
    let [expired, revoked, disabled, owned] = [
        make("expired", json!({ "expires_in": 60 })).await,
        make("revoked", json!({})).await,
        make("disabled", json!({})).await,
        make("owned", json!({})).await,
    ];
    for key in [&expired, &revoked, &disabled, &owned] {
        exchange(&server, &key.text, &[]).await.ok();
    }
    let path = format!("/v1/me/api-keys/{}", revoked.id);
    ada.delete(&path).await.no_content();
    let (operator, id) = (&Authority::Operator, disabled.id.parse().unwrap());
    server.auth.disable_api_key(operator, id).await.unwrap();
    server.clock.advance(Duration::from_mins(1));
    for key in [&expired, &revoked, &disabled] {
        let answer = exchange(&server, &key.text, &[]).await;
        refused(&answer, 400, "invalid_request");
    }
    exchange(&server, &owned.text, &[]).await.ok();
    server.disable_user("ada").await;
    let answer = exchange(&server, &owned.text, &[]).await;
    refused(&answer, 400, "invalid_request");
}

#[tokio::test]
async fn ak_09_what_becomes_of_the_key_counts_for_its_tokens() {
    let server = TestServer::start().await;
    let (ada, asks) = (ada(&server).await, asks(&server).await);
    let over = json!({ "active": false });
    let by = &Authority::Operator;
    let made = async |name: &str| {
        let key = ada.create_key(json!({ "name": name })).await;
        let answer = exchange(&server, &key.text, &[]).await.ok();
        let token = text(&answer["access_token"]).to_owned();
        let said = heard(&server, &asks, &token).await;
        assert_eq!(
            (&said["active"], &said["act"]["sub"]),
            (&json!(true), &json!(key.id))
        );
        assert_eq!(said["username"], "ada");
        (key, token)
    };
    let path = |key: &Key| format!("/v1/me/api-keys/{}", key.id);

    let (key, token) = made("revoked").await;
    ada.delete(&path(&key)).await.no_content();
    assert_eq!(heard(&server, &asks, &token).await, over);

    let (key, token) = made("disabled").await;
    let id = key.id.parse().unwrap();
    server.auth.disable_api_key(by, id).await.unwrap();
    assert_eq!(heard(&server, &asks, &token).await, over);
    server.auth.enable_api_key(by, id).await.unwrap();
    assert_eq!(heard(&server, &asks, &token).await["active"], true);

    for narrower in [
        json!({ "scopes": ["pages.read"] }),
        json!({ "read_only": true }),
        json!({ "addresses": ["192.0.2.0/24"] }),
        json!({ "expires_in": 60 }),
    ] {
        let (key, token) = made(&narrower.to_string().replace(['"', '{', '}'], "")).await;
        ada.patch(&path(&key), narrower).await.ok();
        assert_eq!(heard(&server, &asks, &token).await, over);
    }

    let (key, token) = made("rotated").await;
    server.clock.advance(Duration::from_secs(1));
    let rotation = json!({ "current_password": PASSWORD });
    ada.post(&format!("{}/rotate", path(&key)), rotation)
        .await
        .ok();
    assert_eq!(heard(&server, &asks, &token).await, over);

    let (_, token) = made("of a user").await;
    server.disable_user("ada").await;
    assert_eq!(heard(&server, &asks, &token).await, over);
}

#[tokio::test]
async fn a_client_that_names_itself_proves_itself() {
    let server = TestServer::start().await;
    let ada = ada(&server).await;
    let key = ada.create_key(json!({ "name": "CI" })).await;
    let page = page(&server).await;
    let answer = exchange(&server, &key.text, &[("client_id", &page.id)])
        .await
        .ok();
    let claims = part(text(&answer["access_token"]), 1);
    assert_eq!(claims["client_id"], page.id);
    let service = service(&server).await;
    let bare = exchange(&server, &key.text, &[("client_id", &service.id)]).await;
    refused(&bare, 401, "invalid_client");
    let secret = [
        ("client_id", &*service.id),
        ("client_secret", &service.secret),
    ];
    exchange(&server, &key.text, &secret).await.ok();
}
