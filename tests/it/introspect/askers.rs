use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use signet::auth::api_keys::KeyRef;
use signet::model::authority::Authority;

use super::{INTROSPECT, ResourceServer, ada, ask, form, hears_nothing};
use crate::harness::{Ask, TestServer};

#[tokio::test]
async fn in_01_whoever_presents_nothing_hears_nothing() {
    let server = TestServer::start().await;
    let (ada, key) = ada(&server).await;
    for path in [INTROSPECT, "/v1/introspect"] {
        let request = server.request(Method::POST, path);
        let request = if path == INTROSPECT {
            request
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(form(&[("token", &key.text)]))
        } else {
            request.json(&json!({ "tokens": [key.text] }))
        };
        let bare = request.try_clone().unwrap().ask().await;
        assert_eq!(bare.status, 401);
        assert!(bare.header("www-authenticate").starts_with("Bearer realm="));
        assert!(!bare.text().contains("active"));
        // Nor does a credential in the body speak for itself.
        for wrong in ["x", &key.text[..72], &ada.refresh_token] {
            let answer = request.try_clone().unwrap().bearer_auth(wrong).ask().await;
            assert_eq!(answer.status, 401, "{wrong}");
            let challenge = answer.header("www-authenticate");
            assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
        }
    }
    let answer = ask(&server, "x", &[("token", "x")]).await;
    assert_eq!(answer.json()["error"], "invalid_token");
}

#[tokio::test]
async fn in_04_the_request_is_held_to_the_standard() {
    let server = TestServer::start().await;
    let rs = ResourceServer::new(&server).await;
    for wrong in [&[][..], &[("token", "")], &[("token", "a"), ("token", "b")]] {
        let answer = ask(&server, &rs.key.text, wrong).await;
        assert_eq!(answer.status, 400, "{wrong:?} {}", answer.text());
        assert_eq!(answer.json()["error"], "invalid_request");
    }
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = server.request(method, INTROSPECT).ask().await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    }
}

#[tokio::test]
async fn in_12_the_body_is_form_encoded_and_the_answer_json() {
    let server = TestServer::start().await;
    let (_, key) = ada(&server).await;
    let rs = ResourceServer::new(&server).await;
    let request = || {
        let request = server.request(Method::POST, INTROSPECT);
        request.bearer_auth(&rs.key.text)
    };
    let as_json = request().json(&json!({ "token": key.text })).ask().await;
    assert_eq!(as_json.status, 400);
    assert_eq!(as_json.json()["error"], "invalid_request");
    for accept in ["*/*", "application/json", "text/html"] {
        let request = request().header("Accept", accept);
        let request = request.header(
            "Content-Type",
            "application/x-www-form-urlencoded; charset=utf-8",
        );
        let hint = [
            ("token", &*key.text),
            ("token_type_hint", "refresh_token"),
            ("x", "y"),
        ];
        let answer = request.body(form(&hint)).ask().await;
        assert_eq!(answer.ok()["active"], true);
        assert_eq!(answer.header("content-type"), "application/json");
    }
}

#[tokio::test]
async fn in_08_no_cache_keeps_an_answer() {
    let server = TestServer::start().await;
    let (_, key) = ada(&server).await;
    let rs = ResourceServer::new(&server).await;
    let answer = rs.asks(&key.text).await;
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn batches_are_answered_in_their_order() {
    let server = TestServer::start().await;
    let (ada, key) = ada(&server).await;
    let rs = ResourceServer::new(&server).await;
    let batch = |tokens: Value| {
        let request = server.request(Method::POST, "/v1/introspect");
        let request = request.bearer_auth(&rs.key.text);
        request.json(&json!({ "tokens": tokens })).ask()
    };
    let said = batch(json!([key.text, "x", ada.access_token])).await.ok();
    let kinds: Vec<_> = said["results"].as_array().unwrap().iter().collect();
    assert_eq!(kinds[0]["token_type"], "api_key");
    assert_eq!(*kinds[1], json!({ "active": false }));
    assert_eq!(kinds[2]["token_type"], "Bearer");
    // A hundred tokens, as long as ours can be; and no more of either.
    let long = "x".repeat(2_600);
    let most = batch(json!(vec![long.clone(); 100])).await.ok();
    assert_eq!(most["results"].as_array().unwrap().len(), 100);
    let many = batch(json!(vec!["x"; 101])).await;
    assert_eq!(many.invalid_fields()[0].0, "/tokens");
    assert!(batch(json!([])).await.status == 422);
    let larger = batch(json!(vec![long.repeat(2); 100])).await;
    larger.refused(413, "body_too_large");
}

#[tokio::test]
async fn in_11_whoever_asks_about_rubbish_is_slowed_down_for_rubbish_alone() {
    let server = TestServer::start().await;
    let (_, key) = ada(&server).await;
    let rs = ResourceServer::new(&server).await;
    let other = ResourceServer::with(&server, json!({ "scopes": ["signet.introspect.any"] })).await;
    let rubbish = json!({ "tokens": vec!["x"; 100] });
    let batch = async || {
        let request = server.request(Method::POST, "/v1/introspect");
        let request = request.bearer_auth(&rs.key.text);
        request.json(&rubbish).ask().await
    };
    for _ in 0..30 {
        batch().await.ok();
    }
    let answer = batch().await;
    answer.refused(429, "throttled");
    assert_eq!(answer.header("retry-after"), "1");
    let answer = rs.asks("x").await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
    // Nobody keeps a resource server from what it is there for by sending it rubbish.
    rs.hears(&key.text).await;
    hears_nothing(&other.asks("x").await);
    server.clock.advance(Duration::from_secs(2));
    batch().await.ok();
}

/// Whoever asks with a key that counts no more is told so, and hears nothing of what they ask about,
/// not of the key itself either.
#[tokio::test]
async fn in_01_the_askers_own_key_has_to_count() {
    let server = TestServer::start().await;
    let (ada, key) = ada(&server).await;
    let rs = |more: Value| {
        let mut wish = json!({ "scopes": ["signet.introspect"] });
        wish.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        ResourceServer::with(&server, wish)
    };
    let [expired, revoked, disabled] = [
        rs(json!({ "expires_in": 60 })).await,
        rs(json!({})).await,
        rs(json!({})).await,
    ];
    let away = rs(json!({ "addresses": ["192.0.2.0/24"] })).await;
    let reads = rs(json!({ "read_only": true })).await;
    for rs in [&expired, &revoked, &disabled, &reads] {
        rs.hears(&key.text).await;
    }
    let operator = &Authority::Operator;
    let id = |rs: &ResourceServer<'_>| rs.key.id.parse().unwrap();
    let auth = &server.auth;
    auth.disable_api_key(operator, id(&disabled)).await.unwrap();
    let revoke = KeyRef::any(id(&revoked));
    auth.revoke_api_key(operator, &revoke).await.unwrap();
    server.clock.advance(Duration::from_mins(1));
    let owned = ada.create_key(json!({ "name": "owned" })).await.text;
    server.disable_user("ada").await;
    for (own, status, code, error) in [
        (&expired.key.text, 401, "api_key_expired", "invalid_token"),
        (&revoked.key.text, 401, "api_key_revoked", "invalid_token"),
        (&disabled.key.text, 401, "api_key_disabled", "invalid_token"),
        (&owned, 401, "owner_disabled", "invalid_token"),
        (&away.key.text, 403, "address_not_allowed", "access_denied"),
    ] {
        for token in [&reads.key.text, own] {
            let batch = server.request(Method::POST, "/v1/introspect");
            let batch = batch.bearer_auth(own).json(&json!({ "tokens": [token] }));
            batch.ask().await.refused(status, code);
            let answer = ask(&server, own, &[("token", token)]).await;
            assert_eq!(
                (answer.status, &answer.json()["error"]),
                (status, &json!(error)),
                "{code}"
            );
        }
    }
    // Asking changes nothing.
    let owned = reads.asks(&owned).await;
    hears_nothing(&owned);
}
