use std::time::Duration;

use serde_json::json;

use super::{NOT_ACTIVE, ResourceServer, ada, ask, hears_nothing};
use crate::harness::{PASSWORD, Person, TestServer};

#[tokio::test]
async fn in_02_what_is_said_equals_the_claims() {
    let server = TestServer::start().await;
    let (ada, _) = ada(&server).await;
    let rs = ResourceServer::new(&server).await;
    let mut said = rs.hears(&ada.access_token).await;
    let more = said.as_object_mut().unwrap();
    assert_eq!(more.remove("active"), Some(json!(true)));
    assert_eq!(more.remove("username"), Some(json!("ada")));
    assert_eq!(more.remove("token_type"), Some(json!("Bearer")));
    assert_eq!(said, ada.claims());
    // Again, from memory: the same.
    rs.hears(&ada.access_token).await;
}

#[tokio::test]
async fn in_03_every_refusal_is_the_same_bytes() {
    let server = TestServer::start().await;
    let (ada, key) = ada(&server).await;
    let rs = ResourceServer::new(&server).await;
    let token = &ada.access_token;
    let (head, signature) = token.rsplit_once('.').unwrap();
    let turned: String = signature.chars().rev().collect();
    let refused = [
        "x",
        "a.b.c",
        &token[..token.len() - 1],
        &format!("{head}.{turned}"),
        &format!("{token}."),
        &ada.refresh_token,
        &key.text[..72],
        "signet_ak_10123456789ABCDEFABCDEFGHIJKLMNOPQRSTUVWXYZabcdefOEfEqr5t4YJ9hE",
        "eyJhbGciOiJub25lIn0.e30.",
    ];
    for refused in refused {
        rs.hears_nothing(refused).await;
    }
    let batch = json!({ "tokens": refused });
    let answer = server.request(reqwest::Method::POST, "/v1/introspect");
    let answer = answer.bearer_auth(&rs.key.text).json(&batch).send().await;
    let text = answer.unwrap().text().await.unwrap();
    let all = vec![NOT_ACTIVE; refused.len()].join(",");
    assert_eq!(text, format!(r#"{{"results":[{all}]}}"#));
    // Another issuer's, signed by the very key.
    let other = TestServer::start().await;
    let stranger = other.person("ada").await;
    rs.hears_nothing(&stranger.access_token).await;
    // Its time is over.
    rs.hears(token).await;
    server.clock.advance(Duration::from_secs(306));
    rs.hears_nothing(token).await;
}

#[tokio::test]
async fn in_05_a_token_for_somebody_else_is_not_active() {
    let server = TestServer::with(|settings| {
        settings.tokens.audience =
            Some(vec!["https://a.example".into(), "https://b.example".into()]);
    });
    let server = server.await;
    server.create_user("ada", &["pages.read"]).await;
    let mut asks = json!({ "username": "ada", "password": PASSWORD });
    asks["audience"] = json!(["https://a.example"]);
    let answer = server.post("/v1/auth/login", asks).await.ok();
    let token = answer["access_token"].as_str().unwrap();
    let rs = |audience: &str, scope: &str| {
        let wish = json!({ "scopes": [scope], "audience": [audience] });
        ResourceServer::with(&server, wish)
    };
    let own = "signet.introspect";
    rs("https://a.example", own).await.hears(token).await;
    rs("https://b.example", own)
        .await
        .hears_nothing(token)
        .await;
    let any = "signet.introspect.any";
    rs("https://b.example", any).await.hears(token).await;
    // What is for Signet's own API alone is nobody's else.
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    rs("https://a.example", own)
        .await
        .hears(&ada.access_token)
        .await;
    server.create_user("eve", &["signet.users.read"]).await;
    let eve = Person::log_in_for(&server, "eve", "signet.users.read").await;
    rs("https://a.example", own)
        .await
        .hears_nothing(&eve.access_token)
        .await;
}

#[tokio::test]
async fn in_09_what_ended_is_not_active_any_more() {
    let server = TestServer::start().await;
    let (mut ada, _) = ada(&server).await;
    let rs = ResourceServer::new(&server).await;
    // A logout.
    rs.hears(&ada.access_token).await;
    ada.log_out().await.no_content();
    rs.hears_nothing(&ada.access_token).await;
    // Reuse of a spent refresh token.
    ada = Person::log_in(&server, "ada", PASSWORD).await;
    let spent = ada.refresh_token.clone();
    ada.refresh().await.ok();
    server.clock.advance(Duration::from_mins(1));
    ada.refresh().await.ok();
    server.clock.advance(Duration::from_mins(1));
    rs.hears(&ada.access_token).await;
    server.refresh(&spent).await.refused(401, "session_ended");
    rs.hears_nothing(&ada.access_token).await;
    // The user is disabled.
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    rs.hears(&ada.access_token).await;
    server.disable_user("ada").await;
    rs.hears_nothing(&ada.access_token).await;
}

#[tokio::test]
async fn a_scope_that_was_taken_back_is_not_said() {
    let server = TestServer::start().await;
    let (ada, _) = ada(&server).await;
    let rs = ResourceServer::new(&server).await;
    assert_eq!(
        rs.hears(&ada.access_token).await["scope"],
        "pages.read pages.write"
    );
    let id = server.auth.find_user("ada").await.unwrap().id;
    let grants = ["pages.write".parse().unwrap()];
    server.auth.ungrant(id, &grants).await.unwrap();
    assert_eq!(rs.hears(&ada.access_token).await["scope"], "pages.read");
}

#[tokio::test]
async fn a5_whoever_presents_a_token_may_ask_about_it() {
    let server = TestServer::start().await;
    let (ada, key) = ada(&server).await;
    for own in [&ada.access_token, &key.text] {
        let said = ask(&server, own, &[("token", own)]).await.ok();
        assert_eq!(said["sub"], ada.claims()["sub"]);
        assert_eq!(said["active"], true);
    }
    // About nothing else.
    let pair = [
        (&ada.access_token, &key.text),
        (&key.text, &ada.access_token),
    ];
    for (own, other) in pair {
        hears_nothing(&ask(&server, own, &[("token", other)]).await);
    }
}
