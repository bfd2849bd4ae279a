//! Confidential clients ask by their secret.

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use signet::auth::clients::ClientWish;
use signet::model::authority::Authority;
use signet::model::client::ClientKind;

use super::{INTROSPECT, ada, ask, hears_nothing};
use crate::harness::{Answer, Ask, TestServer};
use crate::oauth::{Registered, form, register};

/// A resource server of these audiences, with these scopes.
async fn client(server: &TestServer, resources: &[&str], scopes: &[&str]) -> Registered {
    let owned = |all: &[&str]| -> Vec<String> { all.iter().map(|one| (*one).into()).collect() };
    let wish = ClientWish {
        name: "shop",
        resources: &owned(resources),
        scopes: Some(&owned(scopes)),
        ..ClientWish::default()
    };
    register(server, ClientKind::Confidential, wish).await
}

async fn by_basic(server: &TestServer, client: &Registered, token: &str) -> Answer {
    let request = form(server, INTROSPECT, &[("token", token)]);
    let request = request.basic_auth(&client.id, Some(&client.secret));
    request.ask().await
}

fn by_body(server: &TestServer, client: &Registered, token: &str) -> RequestBuilder {
    let asked = [
        ("token", token),
        ("client_id", &client.id),
        ("client_secret", &client.secret),
    ];
    form(server, INTROSPECT, &asked)
}

fn batch(server: &TestServer, client: &Registered, token: &str) -> RequestBuilder {
    let request = server.request(Method::POST, "/v1/introspect");
    let request = request.basic_auth(&client.id, Some(&client.secret));
    request.json(&json!({ "tokens": [token] }))
}

#[tokio::test]
async fn in_05_a_client_hears_of_what_is_for_its_resources() {
    let server = TestServer::start().await;
    let (ada, key) = ada(&server).await;
    let own = client(&server, &[&server.issuer], &[]).await;
    let all = client(&server, &[], &["signet.introspect.any"]).await;
    for token in [&ada.access_token, &key.text] {
        for asks in [&own, &all] {
            let said = by_basic(&server, asks, token).await.ok();
            assert_eq!(
                (&said["active"], &said["username"]),
                (&json!(true), &json!("ada"))
            );
            assert_eq!(by_body(&server, asks, token).ask().await.ok(), said);
            let said = json!({ "results": [said] });
            assert_eq!(batch(&server, asks, token).ask().await.ok(), said);
        }
    }
    // Neither another's resources, nor none, nor a wide pattern that does not say `signet.`.
    for (resources, scopes) in [
        (&["https://other.example"][..], &[][..]),
        (&[], &[]),
        (&[], &["*"]),
        (&[], &["signet.introspect"]),
    ] {
        let stranger = client(&server, resources, scopes).await;
        for token in [&ada.access_token, &key.text] {
            hears_nothing(&by_basic(&server, &stranger, token).await);
            hears_nothing(&by_body(&server, &stranger, token).ask().await);
        }
    }
    // What a client was given it loses like anybody.
    let id = own.id.parse().unwrap();
    let by = &Authority::Operator;
    let wish = ClientWish {
        name: "shop",
        ..ClientWish::default()
    };
    server.auth.update_client(by, None, id, wish).await.unwrap();
    hears_nothing(&by_basic(&server, &own, &key.text).await);
}

#[tokio::test]
async fn in_01_a_client_that_is_not_proven_hears_nothing() {
    let server = TestServer::start().await;
    let (_, key) = ada(&server).await;
    let own = client(&server, &[&server.issuer], &[]).await;
    let other = client(&server, &[&server.issuer], &[]).await;
    let named = |id: &str, secret: &str| Registered {
        id: id.to_owned(),
        secret: secret.to_owned(),
    };
    let default = server.auth.terms().default_client.id.to_string();
    for wrong in [
        named(&own.id, &other.secret),
        named(&own.id, ""),
        named("x", &own.secret),
        named(&default, ""),
    ] {
        let answers = [
            by_basic(&server, &wrong, &key.text).await,
            by_body(&server, &wrong, &key.text).ask().await,
        ];
        for answer in &answers {
            assert_eq!(answer.status, 401, "{}", answer.text());
            assert_eq!(answer.json()["error"], "invalid_client");
            assert!(!answer.text().contains("active"));
        }
        assert!(answers[0].header("www-authenticate").starts_with("Basic "));
        let answer = batch(&server, &wrong, &key.text).ask().await;
        answer.refused(401, "invalid_client");
    }
    // A public client cannot prove anything: its name is no credential.
    let public = [("token", &*key.text), ("client_id", &default)];
    let answer = form(&server, INTROSPECT, &public).ask().await;
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (401, &json!("invalid_client"))
    );
    // One credential a request.
    for twice in [
        by_body(&server, &own, &key.text).basic_auth(&own.id, Some(&own.secret)),
        by_body(&server, &own, &key.text).bearer_auth(&key.text),
    ] {
        let answer = twice.ask().await;
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (400, &json!("invalid_request"))
        );
    }
    // Whoever presents a key need not be a client.
    let named = [("token", &*key.text), ("client_id", &own.id)];
    assert_eq!(ask(&server, &key.text, &named).await.ok()["active"], true);
    let id = own.id.parse().unwrap();
    server
        .auth
        .disable_client(&Authority::Operator, id)
        .await
        .unwrap();
    assert_eq!(by_basic(&server, &own, &key.text).await.status, 401);
}
