use std::time::Duration;

use serde_json::json;

use super::{ResourceServer, ada, ask, hears_nothing};
use crate::harness::{Key, PASSWORD, Person, TestServer};

#[tokio::test]
async fn in_06_a_key_is_described() {
    let server = TestServer::start().await;
    let (ada, _) = ada(&server).await;
    let rs = ResourceServer::new(&server).await;
    let wish = json!({
        "name": "export", "scopes": ["pages.read"], "metadata": { "project": 7 },
        "expires_in": 3600,
    });
    let key = ada.create_key(wish).await;
    let began = ada.claims()["iat"].as_i64().unwrap();
    let expected = json!({
        "active": true, "token_type": "api_key", "iss": server.issuer, "aud": server.issuer,
        "sub": ada.claims()["sub"], "username": "ada", "jti": key.id, "name": "export",
        "scope": "pages.read", "iat": began, "exp": began + 3600, "read_only": false,
        "addresses": [], "metadata": { "project": 7 },
    });
    assert_eq!(rs.hears(&key.text).await, expected);
}

#[tokio::test]
async fn d6_d8_a_services_key_is_found_by_its_text() {
    let server = TestServer::start().await;
    let wish = json!({ "metadata": { "project": "apollo" }, "scopes": [] });
    let service = ResourceServer::with(&server, wish).await.key;
    let rs = ResourceServer::new(&server).await;
    let said = rs.hears(&service.text).await;
    assert_eq!(said["metadata"], json!({ "project": "apollo" }));
    assert_eq!(
        (&said["sub"], &said["jti"]),
        (&json!(service.id), &json!(service.id))
    );
    assert!(said.get("username").is_none() && said.get("scope").is_none());
}

/// Every reason for which a key is refused elsewhere with a code of its own.
#[tokio::test]
async fn in_03_a_key_that_does_not_count_is_not_active() {
    let server = TestServer::start().await;
    let (ada, _) = ada(&server).await;
    let rs = ResourceServer::new(&server).await;
    let [expired, revoked, disabled] = [
        ada.create_key(json!({ "name": "e", "expires_in": 60 }))
            .await,
        ada.create_key(json!({ "name": "r" })).await,
        ada.create_key(json!({ "name": "d" })).await,
    ];
    let owned = ada.create_key(json!({ "name": "o" })).await;
    for key in [&expired, &revoked, &disabled, &owned] {
        rs.hears(&key.text).await;
    }
    let path = format!("/v1/me/api-keys/{}", revoked.id);
    ada.delete(&path).await.no_content();
    rs.hears_nothing(&revoked.text).await;
    let by = &signet::model::authority::Authority::Operator;
    let id = disabled.id.parse().unwrap();
    server.auth.disable_api_key(by, id).await.unwrap();
    rs.hears_nothing(&disabled.text).await;
    server.auth.enable_api_key(by, id).await.unwrap();
    rs.hears(&disabled.text).await;
    server.clock.advance(Duration::from_mins(1));
    rs.hears_nothing(&expired.text).await;
    rs.hears(&owned.text).await;
    server.disable_user("ada").await;
    rs.hears_nothing(&owned.text).await;
}

#[tokio::test]
async fn a_bound_key_is_active_where_and_for_what_it_may_be_used() {
    let server = TestServer::start().await;
    let (ada, _) = ada(&server).await;
    let rs = ResourceServer::new(&server).await;
    let bound = json!({ "name": "bound", "addresses": ["192.0.2.0/24"] });
    let bound = ada.create_key(bound).await.text;
    let reads = json!({ "name": "reads", "read_only": true });
    let reads = ada.create_key(reads).await.text;
    let active = async |token: &str, more: &[(&'static str, &str)]| {
        let parameters = [&[("token", token)], more].concat();
        let said = ask(&server, &rs.key.text, &parameters).await.ok();
        said["active"] == true
    };
    assert!(active(&bound, &[("address", "192.0.2.7")]).await);
    assert!(!active(&bound, &[("address", "192.0.3.7")]).await);
    assert!(active(&reads, &[("method", "GET")]).await);
    assert!(active(&reads, &[("method", "HEAD"), ("address", "192.0.2.7")]).await);
    for writes in ["POST", "DELETE", "get"] {
        assert!(!active(&reads, &[("method", writes)]).await, "{writes}");
    }
    // Nobody takes it for an unbound one because they do not know of bounds.
    assert!(!active(&bound, &[]).await && !active(&reads, &[]).await);
    let answer = ask(
        &server,
        &rs.key.text,
        &[("token", "x"), ("address", "here")],
    )
    .await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn ak_05_narrowing_rotating_and_revoking_count_at_once() {
    let server = TestServer::start().await;
    let (ada, key) = ada(&server).await;
    let rs = ResourceServer::new(&server).await;
    let path = format!("/v1/me/api-keys/{}", key.id);
    assert_eq!(rs.hears(&key.text).await["scope"], "pages.read pages.write");
    let narrow = json!({ "scopes": ["pages.read"] });
    ada.patch(&path, narrow).await.ok();
    assert_eq!(rs.hears(&key.text).await["scope"], "pages.read");
    let rotation = json!({ "current_password": PASSWORD });
    let rotated = ada.post(&format!("{path}/rotate"), rotation).await.ok();
    rs.hears_nothing(&key.text).await;
    let key = Key::of(&rotated);
    rs.hears(&key.text).await;
    // A use, as far as it is known.
    server.clock.advance(Duration::from_mins(1));
    rs.hears(&key.text).await;
    assert_eq!(
        ada.get(&path).await.ok()["last_used_at"],
        "2026-06-01T12:01:00.000Z"
    );
    ada.delete(&path).await.no_content();
    rs.hears_nothing(&key.text).await;
}

#[tokio::test]
async fn a6_a_key_is_judged_by_its_end_its_state_and_its_owner_each_time() {
    let server = TestServer::start().await;
    let (ada, _) = ada(&server).await;
    let rs = ResourceServer::new(&server).await;
    let key = ada.create_key(json!({ "name": "short", "expires_in": 60 }));
    let key = key.await;
    let id = server.auth.find_user("ada").await.unwrap().id;
    rs.hears(&key.text).await;
    server.disable_user("ada").await;
    rs.hears_nothing(&key.text).await;
    server.auth.enable_user(id).await.unwrap();
    rs.hears(&key.text).await;
    let all = ["pages.read", "pages.write"].map(|scope| scope.parse().unwrap());
    server.auth.ungrant(id, &all).await.unwrap();
    assert!(rs.hears(&key.text).await.get("scope").is_none());
    server.clock.advance(Duration::from_mins(1));
    rs.hears_nothing(&key.text).await;
}

#[tokio::test]
async fn signets_own_scopes_are_their_holders_alone() {
    let server = TestServer::start().await;
    server.create_user("root", &["*"]).await;
    server.register(&["pages.read"]).await;
    let root = Person::log_in_for(&server, "root", "signet.users.read pages.read").await;
    let key =
        root.create_key(json!({ "name": "CI", "scopes": ["signet.users.read", "pages.read"] }));
    let key = key.await;
    let rs = ResourceServer::new(&server).await;
    assert_eq!(rs.hears(&key.text).await["scope"], "pages.read");
    let own = ask(&server, &key.text, &[("token", &key.text)]).await.ok();
    assert_eq!(own["scope"], "pages.read signet.users.read");
    hears_nothing(&ask(&server, &key.text, &[("token", &rs.key.text)]).await);
}

#[tokio::test]
async fn in_05_a_key_for_somebody_else_is_not_active() {
    const A: &str = "https://a.example";
    const B: &str = "https://b.example";
    let server = TestServer::with(|settings| {
        settings.tokens.audience = Some(vec![A.into(), B.into()]);
    });
    let server = server.await;
    let (ada, both) = ada(&server).await;
    let for_a = json!({ "name": "a", "audience": [A] });
    let for_a = ada.create_key(for_a).await.text;
    let rs = |audience: &str, scope: &str| {
        let wish = json!({ "scopes": [scope], "audience": [audience] });
        ResourceServer::with(&server, wish)
    };
    let own = "signet.introspect";
    let (a, b) = (rs(A, own).await, rs(B, own).await);
    assert_eq!(a.hears(&for_a).await["aud"], A);
    b.hears_nothing(&for_a).await;
    let all = rs(B, "signet.introspect.any").await;
    assert_eq!(all.hears(&for_a).await["aud"], A);
    for rs in [&a, &b] {
        assert_eq!(rs.hears(&both.text).await["aud"], json!([A, B]));
    }
    // The keys of resource servers are credentials too.
    a.hears_nothing(&b.key.text).await;
    a.hears(&a.key.text).await;
    // A key that is for nobody in particular asks for all, and one without the scope for none.
    let everywhere = ResourceServer::with(&server, json!({ "scopes": [own] })).await;
    everywhere.hears(&for_a).await;
    let nowhere = ResourceServer::with(&server, json!({ "scopes": [] })).await;
    nowhere.hears_nothing(&for_a).await;
    nowhere.hears(&nowhere.key.text).await;
}
