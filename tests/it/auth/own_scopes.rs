//! Signet's own scopes, `signet.*`: for Signet's own API, and only where they are asked for.

use serde_json::{Value, json};

use crate::harness::{Answer, PASSWORD, TestServer, part};

const OWN: &str = "signet.users.read";

#[tokio::test]
async fn jt_04_a_token_with_an_own_scope_is_for_our_own_api_alone() {
    let server = administrator(&["pages.read", OWN]).await;
    let own_api = json!(format!("{}/v1", server.issuer));
    for scope in [OWN, "pages.read signet.users.read"] {
        let mut answer = login(&server, json!({ "scope": scope })).await.ok();
        // The session keeps what it was opened with.
        for _ in 0..3 {
            let claims = claims(&answer);
            assert_eq!(claims["scope"], scope);
            assert_eq!(claims["aud"], own_api);
            let token = answer["refresh_token"].as_str().unwrap();
            answer = server.refresh(token).await.ok();
        }
    }
    let named = json!({ "scope": OWN, "audience": [own_api] });
    let answer = login(&server, named).await.ok();
    assert_eq!(claims(&answer)["aud"], own_api);
}

#[tokio::test]
async fn jt_04_an_own_scope_for_another_audience_is_refused() {
    let server = administrator(&["pages.read", OWN]).await;
    let own_api = format!("{}/v1", server.issuer);
    for audience in [json!([server.issuer]), json!([own_api, server.issuer])] {
        for scope in [OWN, "pages.read signet.users.read"] {
            let asked = json!({ "scope": scope, "audience": audience });
            assert_eq!(
                login(&server, asked).await.invalid_fields(),
                [("/audience".to_owned(), "invalid_target".to_owned())]
            );
        }
        let asked = json!({ "scope": "pages.read", "audience": audience });
        login(&server, asked).await.ok();
    }
}

#[tokio::test]
async fn an_own_scope_is_never_given_unasked() {
    for grants in [&["pages.read", OWN][..], &["pages.read", "*", "signet.*"]] {
        let server = administrator(grants).await;
        let answer = login(&server, json!({})).await.ok();
        let claims = claims(&answer);
        assert_eq!(claims["scope"], "pages.read");
        assert!(claims["aud"].as_array().unwrap().len() > 1);
        // And no refresh adds it: that would widen what resource servers hold already.
        let asks = json!({ "refresh_token": answer["refresh_token"], "scope": OWN });
        let refused = server.post("/v1/auth/refresh", asks).await;
        assert_eq!(refused.invalid_fields()[0].0, "/scope");
    }
}

#[tokio::test]
async fn an_own_scope_is_for_those_who_are_granted_it_or_everything() {
    for (grants, scope) in [
        (&["*"][..], "pages.read signet.users.read"),
        (
            &["signet.users.*", "pages.*"],
            "pages.read signet.users.read",
        ),
        (&["pages.*", "signet.scopes.*"], "pages.read"),
    ] {
        let server = administrator(grants).await;
        server.register(&["pages.read"]).await;
        let asked = json!({ "scope": "pages.read signet.users.read" });
        assert_eq!(claims(&login(&server, asked).await.ok())["scope"], scope);
    }
}

async fn administrator(grants: &[&str]) -> TestServer {
    let server = TestServer::start().await;
    server.create_user("ada", grants).await;
    server
}

async fn login(server: &TestServer, asked: Value) -> Answer {
    let mut body = json!({ "username": "ada", "password": PASSWORD });
    let members = asked.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(members);
    server.post("/v1/auth/login", body).await
}

fn claims(answer: &Value) -> Value {
    part(answer["access_token"].as_str().unwrap(), 1)
}
