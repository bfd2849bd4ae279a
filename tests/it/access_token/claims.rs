//! What stands in our access tokens.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use serde_json::{Value, json};
use signet::auth::users::NewUser;
use signet::crypto::random::{self, SeededRng};
use signet::model::id::TokenId;
use signet::model::signing_key::Algorithm;
use signet::model::time::Clock;

use crate::harness::{PASSWORD, Person, TestServer, part};

#[tokio::test]
async fn jt_01_the_header_is_alg_typ_kid() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let header = part(&ada.access_token, 0);
    let jwks = server.get("/.well-known/jwks.json").await.ok();
    let kid = &jwks["keys"][0]["kid"];
    assert_eq!(
        header,
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid })
    );
}

#[tokio::test]
async fn jt_02_the_claims_are_strings_and_integers() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let claims = ada.claims();
    for name in ["iss", "sub", "client_id", "jti", "sid"] {
        assert!(claims[name].is_string(), "{name}: {claims}");
    }
    for name in ["exp", "iat", "auth_time"] {
        assert!(claims[name].is_i64(), "{name}: {claims}");
    }
    let known = [
        "amr",
        "aud",
        "auth_time",
        "client_id",
        "exp",
        "iat",
        "iss",
        "jti",
        "scope",
        "sid",
        "sub",
    ];
    let names: BTreeSet<&str> = claims
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert!(names.is_subset(&BTreeSet::from(known)), "{names:?}");
}

#[tokio::test]
async fn jt_03_the_issuer_is_the_metadatas() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let metadata = server.get("/.well-known/openid-configuration").await.ok();
    assert_eq!(ada.claims()["iss"], metadata["issuer"]);
    assert_eq!(ada.claims()["iss"], server.issuer);
}

#[tokio::test]
async fn jt_04_the_audience_is_the_issuer_and_its_api_unless_asked_for() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let own = format!("{}/v1", server.issuer);
    assert_eq!(ada.claims()["aud"], json!([server.issuer, own]));

    let login =
        |audience: Value| json!({ "username": "ada", "password": PASSWORD, "audience": audience });
    let answer = server
        .post("/v1/auth/login", login(json!([own])))
        .await
        .ok();
    assert_eq!(
        part(answer["access_token"].as_str().unwrap(), 1)["aud"],
        json!(own)
    );

    let answer = server
        .post("/v1/auth/login", login(json!(["https://unknown.example"])))
        .await;
    assert!(answer.invalid_fields()[0].0.starts_with("/audience"));
}

#[tokio::test]
async fn jt_05_the_scope_is_one_string() {
    let server = TestServer::start().await;
    server
        .create_user("ada", &["pages.write", "pages.read"])
        .await;
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    assert_eq!(ada.claims()["scope"], "pages.read pages.write");
}

#[tokio::test]
async fn jt_06_a_refresh_keeps_the_time_of_the_login() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let login = ada.claims();
    assert_eq!(login["auth_time"], login["iat"]);
    assert_eq!(login["amr"], json!(["pwd"]));
    server.clock.advance(Duration::from_secs(1000));
    ada.refresh().await.ok();
    let refreshed = ada.claims();
    assert_eq!(refreshed["auth_time"], login["auth_time"]);
    assert_eq!(refreshed["amr"], login["amr"]);
    assert_eq!(
        refreshed["iat"],
        json!(login["iat"].as_i64().unwrap() + 1000)
    );
}

#[tokio::test]
async fn jt_07_no_token_is_from_the_future() {
    let server = TestServer::start().await;
    server.clock.advance(Duration::from_millis(999));
    let ada = server.person("ada").await;
    let claims = ada.claims();
    assert_eq!(
        claims["iat"],
        json!(server.clock.now().millis().div_euclid(1000))
    );
    assert!(claims.get("nbf").is_none());
}

#[tokio::test]
async fn jt_08_the_lifetime_is_what_the_answer_says() {
    for seconds in [300, 60] {
        let server = TestServer::with(|settings| {
            settings.tokens.access_lifetime = Duration::from_secs(seconds);
        })
        .await;
        server.create_user("ada", &[]).await;
        let answer = server.login("ada", PASSWORD).await.ok();
        let claims = part(answer["access_token"].as_str().unwrap(), 1);
        let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        assert_eq!(
            (lifetime, &answer["expires_in"]),
            (seconds, &json!(seconds))
        );
    }
}

#[test]
fn jt_09_no_jti_comes_twice_in_a_million() {
    let (rng, now) = (
        SeededRng::new(1),
        signet::model::time::Timestamp::from_millis(0),
    );
    let ids: HashSet<TokenId> = (0..1_000_000)
        .map(|_| TokenId::new(now, random::bytes(&rng)))
        .collect();
    assert_eq!(ids.len(), 1_000_000);
}

#[tokio::test]
async fn jt_10_nothing_personal_is_told() {
    let server = TestServer::start().await;
    let user = NewUser {
        username: "zoe_lovelace",
        email: Some("zoe@analytical.example"),
        password: Some(PASSWORD),
        grants: &[],
    };
    server.create(user).await;
    let zoe = Person::log_in(&server, "zoe@analytical.example", PASSWORD).await;
    let text = format!("{}{}", part(&zoe.access_token, 0), zoe.claims()).to_lowercase();
    for secret in [
        "zoe",
        "lovelace",
        "analytical",
        PASSWORD,
        "signet_rt_",
        "argon2",
    ] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(zoe.claims()["sub"].as_str().unwrap().starts_with("usr_"));
}

#[tokio::test]
async fn jt_11_the_session_is_named_and_stays() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let sid = ada.claims()["sid"].clone();
    assert!(sid.as_str().unwrap().starts_with("ses_"));
    let first = ada.claims()["jti"].clone();
    ada.refresh().await.ok();
    assert_eq!(ada.claims()["sid"], sid);
    assert_ne!(ada.claims()["jti"], first);
}

#[tokio::test]
async fn jt_12_a_token_has_a_largest_size() {
    let server = TestServer::with(|settings| {
        let api = |number| format!("https://api-{number}.example.com/{}", "a".repeat(200));
        settings.tokens.audience = Some((0..20).map(api).collect());
    })
    .await;
    server.create_user("ada", &["pages.read"]).await;
    let refused = server.login("ada", PASSWORD).await;
    refused.refused(400, "token_too_large");
    let own = format!("{}/v1", server.issuer);
    let body = json!({ "username": "ada", "password": PASSWORD, "audience": [own] });
    let answer = server.post("/v1/auth/login", body).await.ok();
    let token = answer["access_token"].as_str().unwrap();
    assert!(token.len() <= 4096);
    assert_eq!(part(token, 1)["aud"], own.as_str());
}

#[tokio::test]
async fn jt_16_rs256_and_eddsa_can_be_chosen() {
    for (algorithm, name) in [(Algorithm::RS256, "RS256"), (Algorithm::EdDsa, "EdDSA")] {
        let server = TestServer::with(|settings| {
            settings.signing_keys.algorithms = vec![algorithm];
        })
        .await;
        let ada = server.person("ada").await;
        assert_eq!(part(&ada.access_token, 0)["alg"], name);
        ada.get("/v1/me").await.ok();
    }
}
