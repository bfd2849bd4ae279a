//! Several nodes on one database: what one ends the others refuse, and nobody notices which one
//! answers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use signet::app::{Ambient, App};
use signet::auth::health::State;
use signet::auth::users::UserWish;
use signet::config::{DatabaseUrl, MigrateWhen};
use signet::model::authority::Authority;
use signet::model::time::Clock;
use signet::store::clock::SystemClock;
use signet::store::database::all_migrations;

use crate::harness::{Answer, Ask, PASSWORD, Person, Store, TestServer, part};
use crate::oauth::{TOKEN_EXCHANGE, form};
use crate::servers::{Postgres, TestDatabase};
use crate::verify::gateway;

/// Within this long every node knows what another one ended.
const SOON: Duration = Duration::from_secs(1);

async fn me(node: &TestServer, access_token: &str) -> Answer {
    let request = node.request(Method::GET, "/v1/me");
    request.bearer_auth(access_token).ask().await
}

/// Waits until the node refuses an access token that it accepted.
async fn refuses_soon(node: &TestServer, access_token: &str) {
    let began = Instant::now();
    while me(node, access_token).await.status == 200 {
        assert!(began.elapsed() < SOON, "still accepted");
        tokio::task::yield_now().await;
    }
    me(node, access_token)
        .await
        .refused(401, "invalid_access_token");
}

#[tokio::test]
async fn what_one_node_ends_the_other_refuses_within_a_second() {
    let here = TestServer::start().await;
    let there = here.beside().await;
    let mut ends: Vec<(&str, &str)> = Vec::new();
    for (name, reason) in [
        ("logout", "logout"),
        ("disabled", "user_disabled"),
        ("password", "password_changed"),
        ("admin", "admin"),
    ] {
        here.create_user(name, &[]).await;
        ends.push((name, reason));
    }
    for (name, reason) in ends {
        let person = Person::log_in(&here, name, PASSWORD).await;
        me(&there, &person.access_token).await.ok();
        match name {
            "logout" => person.log_out().await.no_content(),
            "disabled" => here.disable_user(name).await,
            "password" => here.set_password(name, "another walnut saddle 43").await,
            _ => here.end_sessions(name).await,
        }
        // SQL is one: refreshing ends at once, everywhere.
        let refused = there.refresh(&person.refresh_token).await;
        assert_eq!(refused.refused(401, "session_ended")["reason"], reason);
        refuses_soon(&there, &person.access_token).await;
    }
}

#[tokio::test]
async fn another_name_is_told_by_every_node_within_a_second() {
    let here = TestServer::start().await;
    let there = here.beside().await;
    let ada = here.person("ada").await;
    let name = async || me(&there, &ada.access_token).await.ok()["username"].clone();
    assert_eq!(name().await, "ada");
    let user = here.auth.find_user("ada").await.unwrap().id;
    let wish = UserWish {
        username: Some("lovelace"),
        ..UserWish::default()
    };
    here.auth.update_user(user, &wish).await.unwrap();
    let began = Instant::now();
    while name().await != "lovelace" {
        assert!(began.elapsed() < SOON, "still the former name");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_client_is_one_to_the_other_node_at_once() {
    let here = TestServer::start().await;
    let there = here.beside().await;
    let held = ["signet.clients.*", "pages.read"];
    here.register(&["pages.read"]).await;
    here.create_user("admin", &held).await;
    let admin = Person::log_in_for(&here, "admin", &held.join(" ")).await;
    let new = json!({ "kind": "confidential", "name": "Export", "scopes": ["pages.read"] });
    for _ in 0..5 {
        let made = admin.post("/v1/clients", new.clone()).await.created();
        let id = made["client"]["id"].as_str().unwrap();
        proves(&there, id, &made["client_secret"]).await;
        let rotate = format!("/v1/clients/{id}/rotate-secret");
        let rotated = admin.post(&rotate, json!({})).await.ok();
        proves(&there, id, &rotated["client_secret"]).await;
    }
}

/// The client gets a token by this secret.
async fn proves(node: &TestServer, id: &str, secret: &Value) {
    let asked = [("grant_type", "client_credentials")];
    let request = form(node, "/oauth/token", &asked);
    request.basic_auth(id, secret.as_str()).ask().await.ok();
}

#[tokio::test]
async fn a_thief_on_the_other_node_ends_the_session_on_both() {
    let here = TestServer::with(|settings| settings.sessions.reuse_interval = Duration::ZERO).await;
    let there = here.beside().await;
    let mut victim = here.person("ada").await;
    let stolen = victim.refresh_token.clone();
    victim.refresh().await.ok();
    there.refresh(&stolen).await.refused(401, "session_ended");
    here.refresh(&victim.refresh_token)
        .await
        .refused(401, "session_ended");
    refuses_soon(&here, &victim.access_token).await;
}

#[tokio::test]
async fn fifty_parallel_refreshes_over_two_nodes_have_one_successor() {
    let here = TestServer::start().await;
    let there = here.beside().await;
    let person = here.person("ada").await;
    let both = (0..25).flat_map(|_| [&here, &there]);
    let answers = join_all(both.map(|node| node.refresh(&person.refresh_token))).await;
    let successors: BTreeSet<String> = answers
        .iter()
        .map(|answer| answer.ok()["refresh_token"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(successors.len(), 1);
    let listed = me(&there, &person.access_token).await;
    listed.ok();
    let sessions = person.get("/v1/me/sessions").await.ok();
    assert_eq!(sessions["total"], 1, "{sessions}");
    let next = successors.first().unwrap();
    there.refresh(next).await.ok();
}

#[tokio::test]
async fn nodes_that_start_at_once_on_an_empty_database_agree() {
    let first = TestServer::start().await;
    let second = TestServer::start().await;
    // Another database, not migrated yet, that two apps open at the same time.
    let mut settings = second.settings.clone();
    let server = Postgres::shared().database().await;
    settings.store.database = DatabaseUrl::parse(&server.url).unwrap();
    settings.keys.dir.clone_from(&first.settings.keys.dir);
    let ambient = || Ambient {
        clock: Arc::new(SystemClock::new()),
        ..first.ambient.clone()
    };
    let opened = tokio::join!(
        App::open(settings.clone(), ambient()),
        App::open(settings.clone(), ambient())
    );
    let (one, other) = (opened.0.unwrap(), opened.1.unwrap());
    assert_eq!(
        one.auth().keys().jwks_json(),
        other.auth().keys().jwks_json()
    );
    assert_eq!(
        one.auth().terms().default_client.id,
        other.auth().terms().default_client.id
    );
}

#[tokio::test]
async fn a_restored_database_is_noticed_and_read_again() {
    let here = TestServer::start().await;
    let there = here.beside().await;
    let (ada, eve) = (here.person("ada").await, here.person("eve").await);
    eve.log_out().await.no_content();
    refuses_soon(&there, &eve.access_token).await;
    // As many rows as before, but the last is another one: it ended ada's session.
    let sid = ada.claims()["sid"].as_str().unwrap().to_owned();
    let restored = format!("UPDATE changes SET mark = 'other', subject = '{sid}'");
    here.store.connect().await.execute(&restored).await;
    refuses_soon(&there, &ada.access_token).await;
    refuses_soon(&here, &ada.access_token).await;
}

/// The procedure of docs/operations.md: restore, end what had begun by then, start.
#[tokio::test]
async fn what_was_ended_since_a_backup_is_not_brought_back_by_restoring_it() {
    const HOUR: Duration = Duration::from_hours(1);
    let mut server = TestServer::start().await;
    let [logs_out, is_revoked, stays] = ["ada", "ben", "eve"];
    let mut tokens = Vec::new();
    for name in [logs_out, is_revoked, stays] {
        let mut person = server.person(name).await;
        person.refresh().await.ok();
        tokens.push((person.access_token, person.refresh_token));
    }
    server.clock.advance(HOUR);
    server.stop().await;
    let (backup, made_at) = (database(&server).back_up(), server.clock.now());
    server.start_again().await;
    let body = serde_json::json!({ "refresh_token": tokens[0].1 });
    server.post("/v1/auth/logout", body).await.no_content();
    server.end_sessions(is_revoked).await;

    server.clock.advance(HOUR);
    server.stop().await;
    database(&server).restore(&backup);
    let command = server.node().await;
    let ended = command.auth().end_everyones_sessions(made_at).await;
    assert_eq!(ended.unwrap(), 3);
    command.close().await;
    server.start_again().await;
    for (access_token, refresh_token) in &tokens {
        let refused = server.refresh(refresh_token).await;
        refused.refused(401, "session_ended");
        me(&server, access_token)
            .await
            .refused(401, "invalid_access_token");
    }
    let mut again = Person::log_in(&server, stays, PASSWORD).await;
    again.refresh().await.ok();
    again.get("/v1/me").await.ok();
}

#[tokio::test]
async fn a_start_on_an_old_schema_is_refused_with_a_sentence() {
    let server = TestServer::start().await;
    let empty = Postgres::shared().database().await;
    let mut settings = server.settings.clone();
    settings.store.database = DatabaseUrl::parse(&empty.url).unwrap();
    settings.store.migrate = None;
    let refused = App::open(settings.clone(), server.ambient.clone()).await;
    let sentence = refused.err().unwrap().to_string();
    let lacks = all_migrations().join(", ");
    assert_eq!(
        sentence,
        format!("the database is not up to date, it lacks {lacks}")
    );
    settings.store.migrate = Some(MigrateWhen::AtStart);
    assert!(
        App::open(settings.clone(), server.ambient.clone())
            .await
            .is_ok()
    );
    settings.store.migrate = None;
    assert!(App::open(settings, server.ambient.clone()).await.is_ok());
}

#[tokio::test]
async fn a_clock_that_is_off_is_an_illness() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/readyz").await.status, 200);
    let ambient = Ambient {
        clock: Arc::new(SystemClock::new()),
        ..server.ambient.clone()
    };
    // The database of this test lives in another month.
    let app = App::open(server.settings.clone(), ambient.clone())
        .await
        .unwrap();
    let health = app.auth().health().await;
    assert!(
        health
            .parts()
            .any(|part| part == ("clock", State::Degraded))
    );
    // It is corrected: requests are answered rightly, and no balancer needs to turn away.
    assert_eq!(health.worst(), State::Degraded);
    let off = ambient.clock.now().millis() - server.clock.now().millis();
    assert!(off.abs() < 2_000, "{off} ms off");
}

fn database(server: &TestServer) -> &TestDatabase {
    match &*server.store {
        Store::Postgres(database, _) => database,
        Store::Sqlite(_) => panic!("it is a file"),
    }
}

async fn introspected(node: &TestServer, credential: &str, token: &str) -> Value {
    let request = node.request(Method::POST, "/v1/introspect");
    let request = request.bearer_auth(credential);
    let answer = request.json(&json!({ "tokens": [token] })).ask().await;
    answer.ok()["results"][0].clone()
}

/// Waits until the node says of a credential what it should.
async fn hears_soon(node: &TestServer, asks: &str, token: &str, expected: impl Fn(&Value) -> bool) {
    let began = Instant::now();
    loop {
        let said = introspected(node, asks, token).await;
        if expected(&said) {
            return;
        }
        assert!(began.elapsed() < SOON, "{said}");
        tokio::task::yield_now().await;
    }
}

/// Whatever lets a key do less, the other node says so within a second, though it has just said
/// otherwise from memory.
#[tokio::test]
async fn ak_05_what_one_node_ends_is_not_active_at_the_other() {
    let here = TestServer::start().await;
    let there = here.beside().await;
    here.create_user("root", &["*"]).await;
    here.create_user("ada", &["pages.read", "pages.write"])
        .await;
    let root = "signet.api-keys.read signet.api-keys.write signet.introspect.any";
    let root = Person::log_in_for(&here, "root", root).await;
    let asks = json!({ "name": "asks", "scopes": ["signet.introspect.any"] });
    let asks = root.create_key(asks).await.text;
    let ada = Person::log_in(&here, "ada", PASSWORD).await;
    let active = |said: &Value| said["active"] == true;
    let over = |said: &Value| *said == json!({ "active": false });
    let key = ada.create_key(json!({ "name": "CI" })).await;
    let (mine, all) = (
        format!("/v1/me/api-keys/{}", key.id),
        format!("/v1/api-keys/{}", key.id),
    );
    hears_soon(&there, &asks, &key.text, active).await;
    ada.patch(&mine, json!({ "scopes": ["pages.read"] }))
        .await
        .ok();
    let narrowed = |said: &Value| said["scope"] == "pages.read";
    hears_soon(&there, &asks, &key.text, narrowed).await;
    // Ada has more than root's token includes: the operator disables it.
    let (by, id) = (&Authority::Operator, key.id.parse().unwrap());
    here.auth.disable_api_key(by, id).await.unwrap();
    hears_soon(&there, &asks, &key.text, over).await;
    here.auth.enable_api_key(by, id).await.unwrap();
    hears_soon(&there, &asks, &key.text, active).await;
    root.get(&all).await.ok();
    ada.delete(&mine).await.no_content();
    hears_soon(&there, &asks, &key.text, over).await;
}

#[tokio::test]
async fn ak_05_a_key_that_one_node_ends_opens_nothing_at_the_other() {
    const RULES: &str = "[[verify.rules]]\naccept = [\"bearer_api_key\"]";
    let here = gateway::server(RULES).await;
    let there = here.beside().await;
    here.create_user("root", &["*"]).await;
    let scopes = "signet.scopes.read pages.read";
    here.register(&["pages.read"]).await;
    let root = Person::log_in_for(&here, "root", scopes).await;
    let wish = json!({ "name": "CI", "scopes": ["signet.scopes.read", "pages.read"] });
    let key = root.create_key(wish).await;
    let api = async || {
        let request = there.request(Method::GET, "/v1/scopes");
        request.bearer_auth(&key.text).ask().await
    };
    let passes = async || {
        gateway::asked(&there, "/pages")
            .bearer(&key.text)
            .ask()
            .await
    };
    api().await.ok();
    assert_eq!(passes().await.status, 200);
    let (operator, id) = (&Authority::Operator, key.id.parse().unwrap());
    for (step, code) in [
        ("disable", "api_key_disabled"),
        ("enable", ""),
        ("revoke", "api_key_revoked"),
    ] {
        match step {
            "disable" => drop(here.auth.disable_api_key(operator, id).await.unwrap()),
            "enable" => drop(here.auth.enable_api_key(operator, id).await.unwrap()),
            _ => {
                let path = format!("/v1/me/api-keys/{}", key.id);
                root.delete(&path).await.no_content();
            }
        }
        let began = Instant::now();
        let is_so = |answer: &Answer| match code {
            "" => answer.status == 200,
            code => answer.status == 401 && answer.json()["code"] == code,
        };
        while !is_so(&api().await) || !is_so(&passes().await) {
            assert!(began.elapsed() < SOON, "{step} is not seen");
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn ak_09_what_ends_a_key_at_one_node_ends_its_tokens_at_the_other() {
    let here = TestServer::start().await;
    let there = here.beside().await;
    here.create_user("root", &["*"]).await;
    here.create_user("ada", &["pages.read", "pages.write"])
        .await;
    let root = Person::log_in_for(&here, "root", "signet.introspect.any").await;
    let asks = json!({ "name": "asks", "scopes": ["signet.introspect.any"] });
    let asks = root.create_key(asks).await.text;
    let ada = Person::log_in(&here, "ada", PASSWORD).await;
    for end in ["narrow", "disable", "revoke", "disable its owner"] {
        let key = ada.create_key(json!({ "name": end })).await;
        let exchange = [
            ("grant_type", TOKEN_EXCHANGE),
            ("subject_token_type", "urn:signet:token-type:api_key"),
            ("subject_token", &key.text),
        ];
        let exchanged = form(&here, "/oauth/token", &exchange).ask().await.ok();
        let token = exchanged["access_token"].as_str().unwrap();
        hears_soon(&there, &asks, token, |said| said["active"] == true).await;
        let path = format!("/v1/me/api-keys/{}", key.id);
        let id = key.id.parse().unwrap();
        match end {
            "narrow" => drop(ada.patch(&path, json!({ "scopes": [] })).await.ok()),
            "disable" => {
                let by = &Authority::Operator;
                here.auth.disable_api_key(by, id).await.unwrap();
            }
            "revoke" => ada.delete(&path).await.no_content(),
            _ => here.disable_user("ada").await,
        }
        let over = |said: &Value| *said == json!({ "active": false });
        hears_soon(&there, &asks, token, over).await;
    }
}

#[tokio::test]
async fn in_09_what_ends_at_one_node_is_not_active_at_the_other() {
    let here = TestServer::with(|settings| settings.sessions.reuse_interval = Duration::ZERO).await;
    let there = here.beside().await;
    here.create_user("root", &["*"]).await;
    let root = Person::log_in_for(&here, "root", "signet.introspect.any").await;
    let asks = json!({ "name": "asks", "scopes": ["signet.introspect.any"] });
    let asks = root.create_key(asks).await.text;
    for end in ["logout", "disabled", "reuse"] {
        let person = here.person(end).await;
        let token = &person.access_token;
        hears_soon(&there, &asks, token, |said| said["active"] == true).await;
        match end {
            "logout" => person.log_out().await.no_content(),
            "disabled" => here.disable_user(end).await,
            _ => {
                here.refresh(&person.refresh_token).await.ok();
                let again = here.refresh(&person.refresh_token).await;
                assert_eq!(again.refused(401, "session_ended")["reason"], end);
            }
        }
        let over = |said: &Value| *said == json!({ "active": false });
        hears_soon(&there, &asks, token, over).await;
    }
}

/// The `kid`s that a node publishes.
async fn published(node: &TestServer) -> BTreeSet<String> {
    let jwks = node.get("/.well-known/jwks.json").await.ok();
    let keys = jwks["keys"].as_array().expect("a key set").iter();
    keys.map(|key| key["kid"].as_str().expect("a name").to_owned())
        .collect()
}

fn kid(token: &str) -> String {
    part(token, 0)["kid"].as_str().expect("a name").to_owned()
}

#[tokio::test]
async fn jk_08_what_a_leaked_key_signed_is_not_active_on_any_node_within_a_second() {
    let here = TestServer::start().await;
    let there = here.beside().await;
    here.create_user("root", &["*"]).await;
    let root = Person::log_in_for(&here, "root", "signet.introspect.any").await;
    let asks = json!({ "name": "asks", "scopes": ["signet.introspect.any"] });
    let asks = root.create_key(asks).await.text;
    let mut ada = here.person("ada").await;
    let (old, leaked) = (ada.access_token.clone(), kid(&ada.access_token));
    for node in [&here, &there] {
        hears_soon(node, &asks, &old, |said| said["active"] == true).await;
    }
    let by = &Authority::Operator;
    here.auth.revoke_signing_key(by, &leaked).await.unwrap();
    let began = Instant::now();
    for node in [&here, &there] {
        let over = |said: &Value| *said == json!({ "active": false });
        hears_soon(node, &asks, &old, over).await;
        refuses_soon(node, &old).await;
        assert!(!published(node).await.contains(&leaked));
    }
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    // The standby has taken over, and whoever is shown what it signs knows it.
    ada.refresh().await.ok();
    let next = there.refresh(&ada.refresh_token).await.ok();
    for token in [&*ada.access_token, next["access_token"].as_str().unwrap()] {
        assert_ne!(kid(token), leaked);
        for node in [&here, &there] {
            assert!(published(node).await.contains(&kid(token)));
            hears_soon(node, &asks, token, |said| said["active"] == true).await;
        }
    }
}

#[tokio::test]
async fn jk_12_nodes_agree_on_the_key_that_signs() {
    const DAY: Duration = Duration::from_hours(24);
    let here = TestServer::start().await;
    let there = here.beside().await;
    let mut ada = here.person("ada").await;
    let by = &Authority::Operator;
    let mut signers = BTreeSet::from([kid(&ada.access_token)]);
    for _ in 0..3 {
        let ahead = [published(&here).await, published(&there).await];
        here.clock.advance(DAY);
        // Ordered at both at once, one of them is first; the other's key is a day too young by then.
        let ordered = tokio::join!(
            here.auth.rotate_signing_key(by, None),
            there.auth.rotate_signing_key(by, None)
        );
        assert!(ordered.0.is_ok() != ordered.1.is_ok());
        // At first one of them may not have heard of it, and then both have.
        for _ in 0..2 {
            ada.refresh().await.ok();
            let next = there.refresh(&ada.refresh_token).await.ok();
            let tokens = [&*ada.access_token, next["access_token"].as_str().unwrap()];
            let used = tokens.map(kid);
            next["refresh_token"]
                .as_str()
                .unwrap()
                .clone_into(&mut ada.refresh_token);
            for kid in &used {
                assert!(ahead.iter().all(|keys| keys.contains(kid)));
            }
            signers.extend(used);
            let began = Instant::now();
            // The key that signs comes first.
            while here.auth.keys().jwks_json() != there.auth.keys().jwks_json() {
                assert!(began.elapsed() < SOON, "they do not agree");
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(published(&here).await, published(&there).await);
    }
    // Never two new ones for one rotation.
    assert_eq!(signers.len(), 4);
}
