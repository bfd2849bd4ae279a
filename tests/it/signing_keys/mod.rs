//! Signing keys follow each other: nobody who caches the JWKS meets a token that it cannot verify.

mod verifiers;
mod world;

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use signet::auth::Auth;
use signet::crypto::import;
use signet::model::authority::Authority;
use signet::model::signing_key::{Algorithm, KeyState};

use crate::harness::{Answer, Ask, Person, TestServer, part};
use world::World;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const OWN: &str = "signet.signing-keys.read signet.signing-keys.write";

async fn administrator(server: &TestServer) -> Person<'_> {
    server.create_user("root", &["signet.signing-keys.*"]).await;
    Person::log_in_for(server, "root", OWN).await
}

/// The `kid`s that a node publishes.
fn published(auth: &Auth) -> BTreeSet<String> {
    let jwks: Value = serde_json::from_slice(&auth.keys().jwks_json()).unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    keys.iter().map(|key| text(&key["kid"])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn kid(token: &str) -> String {
    text(&part(token, 0)["kid"])
}

/// The `kid` of the key in this state.
fn in_state(list: &Value, state: &str) -> Option<String> {
    let items = list["items"].as_array().unwrap();
    let mut found = items.iter().filter(|key| key["state"] == state);
    let key = found.next();
    assert!(found.next().is_none(), "two are {state}: {list}");
    key.map(|key| text(&key["kid"]))
}

async fn me(server: &TestServer, token: &str) -> Answer {
    let request = server.request(Method::GET, "/v1/me");
    request.bearer_auth(token).ask().await
}

/// With two nodes that both sign where there can be two, and verifiers that keep the JWKS for its max-age and for a day.
#[tokio::test]
async fn jk_05_three_rotations_pass_without_one_refused_token() {
    let mut world = World::new().await;
    let begun = world.now();
    let settings = &world.nodes[0].settings.signing_keys;
    let (rotate_every, publish_ahead) = (settings.rotate_every, settings.publish_ahead);
    assert_eq!((rotate_every, publish_ahead), (30 * DAY, DAY));
    world.sign_and_show().await;
    world.live_until(begun.plus(92 * DAY)).await;
    assert_eq!(world.signers.len(), 4, "{:?}", world.signers);
    assert!(world.shown > 1000, "{}", world.shown);
    // What the last rotation left behind is gone.
    for node in &world.nodes {
        let known = published(&node.auth);
        assert!(known.len() == 2 && known.contains(&text(&world.signers[3]["kid"])));
    }
}

#[tokio::test]
async fn jk_06_a_key_stays_until_what_it_signed_has_expired() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let ada = server.person("ada").await;
    let old = kid(&ada.access_token);
    server.clock.advance(DAY);
    let mut admin = admin;
    admin.refresh().await.ok();
    let mut ada = ada;
    ada.refresh().await.ok();
    let rotated = admin.post("/v1/signing-keys/rotate", json!({})).await.ok();
    assert_eq!(in_state(&rotated, "retired"), Some(old.clone()));
    me(&server, &ada.access_token).await.ok();
    // The longest life of a token, the clocks' difference, and the age of a cached JWKS.
    server
        .clock
        .advance(HOUR + Duration::from_secs(5 + 300 - 1));
    server.auth.tend_signing_keys().await.unwrap();
    assert!(published(&server.auth).contains(&old));
    server.clock.advance(Duration::from_secs(1));
    server.auth.tend_signing_keys().await.unwrap();
    assert!(!published(&server.auth).contains(&old));
}

#[tokio::test]
async fn jk_08_a_key_that_leaked_ends_at_once_and_the_standby_takes_over() {
    let server = TestServer::start().await;
    let other = server.node().await;
    let admin = administrator(&server).await;
    let ada = server.person("ada").await;
    let list = admin.get("/v1/signing-keys").await.ok();
    let (leaked, standby) = (in_state(&list, "active"), in_state(&list, "next"));
    let leaked = leaked.unwrap();
    let path = format!("/v1/signing-keys/{leaked}");
    let list = admin.delete(&path).await.ok();
    assert_eq!(in_state(&list, "active"), standby);
    assert_eq!(in_state(&list, "gone"), Some(leaked.clone()));
    // Another stands by already.
    assert!(in_state(&list, "next").is_some());
    me(&server, &ada.access_token)
        .await
        .refused(401, "invalid_access_token");
    other.auth().catch_up().await.unwrap();
    for node in [&*server.auth, &**other.auth()] {
        assert!(!published(node).contains(&leaked));
    }
    // Sessions live on, and so does who ended the key.
    let mut ada = ada;
    ada.refresh().await.ok();
    assert_eq!(Some(kid(&ada.access_token)), standby);
    me(&server, &ada.access_token).await.ok();
}

#[tokio::test]
async fn jk_12_no_key_signs_by_order_before_verifiers_know_it() {
    let server = TestServer::start().await;
    let mut admin = administrator(&server).await;
    let early = admin.post("/v1/signing-keys/rotate", json!({})).await;
    early.refused(409, "conflict");
    server.clock.advance(DAY);
    admin.refresh().await.ok();
    let list = admin.get("/v1/signing-keys").await.ok();
    let next = in_state(&list, "next");
    let rotated = admin.post("/v1/signing-keys/rotate", json!({})).await.ok();
    assert_eq!(in_state(&rotated, "active"), next);
    // The one that stands by now is a day too young.
    let early = admin.post("/v1/signing-keys/rotate", json!({})).await;
    early.refused(409, "conflict");
    let unknown = json!({ "alg": "RS256" });
    let unknown = admin.post("/v1/signing-keys/rotate", unknown).await;
    unknown.refused(404, "not_found");
    let unknown = admin.delete("/v1/signing-keys/unknown").await;
    unknown.refused(404, "not_found");
}

#[tokio::test]
async fn an_imported_key_is_known_to_verifiers_before_it_signs() {
    let server = TestServer::start().await;
    let other = server.node().await;
    let mut ada = server.person("ada").await;
    let old = kid(&ada.access_token);
    // RFC 7515, appendix A.3.1.
    let foreign = import::read(
        br#"{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#,
    )
    .unwrap();
    let by = &Authority::Operator;
    server.auth.import_signing_key(by, &foreign).await.unwrap();
    other.auth().catch_up().await.unwrap();
    for node in [&*server.auth, &**other.auth()] {
        assert!(published(node).contains(foreign.kid()));
        assert_eq!(published(node).len(), 2);
    }
    let early = server.auth.rotate_signing_key(by, None).await;
    assert!(early.is_err());
    let moment = Duration::from_millis(1);
    server.clock.advance(DAY.saturating_sub(moment));
    assert!(server.auth.rotate_signing_key(by, None).await.is_err());
    ada.refresh().await.ok();
    assert_eq!(kid(&ada.access_token), old);
    server.clock.advance(moment);
    other.auth().rotate_signing_key(by, None).await.unwrap();
    server.auth.catch_up().await.unwrap();
    ada.refresh().await.ok();
    assert_eq!(kid(&ada.access_token), foreign.kid());
    me(&server, &ada.access_token).await.ok();
}

#[tokio::test]
async fn it_is_told_how_many_tokens_a_key_has_signed() {
    let mut server = TestServer::start().await;
    let other = server.node().await;
    let signed = async |auth: &Auth| {
        let keys = auth.signing_keys().await.unwrap();
        let active = keys.iter().find(|key| key.state == KeyState::Active);
        let rest = keys.iter().filter(|key| key.state != KeyState::Active);
        assert!(rest.into_iter().all(|key| key.tokens_signed == 0));
        active.unwrap().tokens_signed
    };
    assert_eq!(signed(&server.auth).await, 0);
    let mut refresh_token = {
        let admin = administrator(&server).await;
        // The list knows of what this node has not written down yet.
        let list = admin.get("/v1/signing-keys").await.ok();
        let keys = list["items"].as_array().unwrap();
        let active = keys.iter().find(|key| key["state"] == "active");
        assert_eq!(active.unwrap()["tokens_signed"], 1);
        admin.refresh_token
    };
    let next = server.refresh(&refresh_token).await.ok();
    refresh_token = text(&next["refresh_token"]);
    assert_eq!(signed(&server.auth).await, 2);
    server.auth.write_tokens_signed().await.unwrap();
    assert_eq!(
        (signed(&server.auth).await, signed(other.auth()).await),
        (2, 2)
    );
    // What was counted is written at the end, once.
    server.refresh(&refresh_token).await.ok();
    server.stop().await;
    server.start_again().await;
    assert_eq!(
        (signed(&server.auth).await, signed(other.auth()).await),
        (3, 3)
    );
}

#[tokio::test]
async fn keys_are_for_those_who_hold_their_scopes() {
    let server = TestServer::start().await;
    server.create_user("ada", &["*"]).await;
    let reads = Person::log_in_for(&server, "ada", "signet.signing-keys.read").await;
    let list = reads.get("/v1/signing-keys").await.ok();
    let kid = in_state(&list, "active").unwrap();
    for refused in [
        reads.post("/v1/signing-keys/rotate", json!({})).await,
        reads.delete(&format!("/v1/signing-keys/{kid}")).await,
    ] {
        refused.refused(403, "insufficient_scope");
    }
    let plain = Person::log_in(&server, "ada", crate::harness::PASSWORD).await;
    let refused = plain.get("/v1/signing-keys").await;
    refused.refused(403, "insufficient_scope");
}

/// Each algorithm is followed by each other one; the nodes are restarted with it one after the other.
#[tokio::test]
async fn jk_05_another_algorithm_takes_over_without_one_refused_token() {
    let mut world = World::new().await;
    world.sign_and_show().await;
    let way = [
        Algorithm::RS256,
        Algorithm::EdDsa,
        Algorithm::ES256,
        Algorithm::EdDsa,
        Algorithm::RS256,
        Algorithm::ES256,
    ];
    for algorithm in way {
        for place in 0..world.nodes.len() {
            let node = &mut world.nodes[place];
            node.stop().await;
            node.settings.signing_keys.algorithms = vec![algorithm];
            node.start_again().await;
            world.sign_and_show().await;
        }
        world.live_until(world.now().plus(3 * DAY)).await;
        assert_eq!(world.signers.last().unwrap()["alg"], algorithm.as_str());
        for node in &world.nodes {
            assert_eq!(published(&node.auth).len(), 2);
        }
    }
    let algorithms = world.signers.iter().map(|header| text(&header["alg"]));
    let expected = ["ES256"].into_iter().chain(way.map(Algorithm::as_str));
    assert!(algorithms.eq(expected), "{:?}", world.signers);
}
