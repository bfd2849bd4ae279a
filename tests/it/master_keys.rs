//! The master key changes under two nodes that go on, and nobody notices.

use std::fs;

use serde_json::Value;
use signet::app::App;
use signet::auth::clients::ClientWish;
use signet::auth::master_keys::MasterKeyUse;
use signet::model::authority::Authority;
use signet::model::client::{ClientKind, GrantType};
use signet::model::signing_key::KeyState;
use signet::store::opening::Purpose;

use crate::harness::{Ask, PASSWORD, TestServer};
use crate::oauth::form;

/// Puts entries into the key file, each with a key of its own.
fn write_entries(server: &TestServer, ids: &[u8]) {
    let file = server.folder.path().join("keys/master.key");
    let first = fs::read_to_string(&file).unwrap();
    let first = first.lines().next().unwrap().to_owned();
    let second = "2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
    let lines = ids.iter().map(|id| match id {
        1 => format!("{first}\n"),
        _ => format!("{second}\n"),
    });
    fs::write(file, lines.collect::<String>()).unwrap();
}

/// An operator's command, with entry 2 in use.
async fn command(server: &TestServer) -> App {
    let mut settings = server.settings.clone();
    settings.keys.active = Some(2);
    let app = App::open_to(Purpose::Use, settings, server.ambient.clone());
    app.await.unwrap()
}

async fn rests_on(app: &App, id: u8) -> MasterKeyUse {
    let uses = app.auth().master_keys().await.unwrap();
    uses.into_iter().find(|one| one.id == id).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn everything_is_sealed_anew_while_two_nodes_serve() {
    let mut server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let by = &Authority::Operator;
    let wish = ClientWish {
        name: "service",
        grant_types: Some(vec![GrantType::ClientCredentials]),
        ..ClientWish::default()
    };
    let made = server
        .auth
        .create_client(by, None, ClientKind::Confidential, wish);
    let made = made.await.unwrap();
    let (client, secret) = (made.client.id.to_string(), made.secret.unwrap());
    let tokens = server.login("ada", PASSWORD).await.ok();
    let mut refresh_token = text(&tokens["refresh_token"]);

    server.stop().await;
    write_entries(&server, &[1, 2]);
    server.start_again().await;
    let other = server.node().await;
    let operator = command(&server).await;
    // The key that signs, the one that stands by, and the pepper.
    assert_eq!(rests_on(&operator, 1).await.sealed, 3);
    let (resealed, refreshed) =
        tokio::join!(operator.auth().reseal(), server.refresh(&refresh_token));
    assert_eq!(resealed.unwrap(), 3);
    refresh_token = text(&refreshed.ok()["refresh_token"]);
    assert_eq!(operator.auth().reseal().await.unwrap(), 0);
    let (old, new) = (rests_on(&operator, 1).await, rests_on(&operator, 2).await);
    assert_eq!((old.sealed, new.sealed), (0, 3));
    // The session's token is of entry 1 still.
    assert!(old.tokens_until.is_some() && !old.is_removable());
    assert!(new.is_active && !new.is_removable());

    // The nodes open what is sealed anew, and go on sealing under entry 1: what a command leaves
    // that is given up half-way.
    let keys = server.auth.signing_keys().await.unwrap();
    let active = keys
        .iter()
        .find(|key| key.state == KeyState::Active)
        .unwrap();
    let moved = server.auth.revoke_signing_key(by, &active.kid).await;
    moved.unwrap();
    other.auth().catch_up().await.unwrap();
    assert!(other.auth().keys().jwks_json() == server.auth.keys().jwks_json());
    let old = rests_on(&operator, 1).await;
    assert_eq!((old.sealed, old.is_removable()), (1, false));

    server.stop().await;
    server.settings.keys.active = Some(2);
    server.start_again().await;
    // The token before the newest may come back late: the first time it is of entry 1 still.
    for is_of_old in [true, false] {
        let refreshed = server.refresh(&refresh_token).await.ok();
        refresh_token = text(&refreshed["refresh_token"]);
        // By its end a node has written down what Redis did.
        server.stop().await;
        let old = rests_on(&operator, 1).await;
        assert_eq!(old.tokens_until.is_some(), is_of_old);
        assert!(!old.is_removable());
        server.start_again().await;
    }
    assert_eq!(operator.auth().reseal().await.unwrap(), 1);
    let old = rests_on(&operator, 1).await;
    assert_eq!((old.sealed, old.tokens_until), (0, None));
    assert!(old.is_removable());

    server.stop().await;
    write_entries(&server, &[2]);
    server.start_again().await;
    server.refresh(&refresh_token).await.ok();
    let asked = [("grant_type", "client_credentials")];
    let asked = form(&server, "/oauth/token", &asked);
    asked.basic_auth(client, Some(&*secret)).ask().await.ok();
}

#[tokio::test]
async fn an_entry_on_which_something_rests_cannot_be_taken_out() {
    let server = TestServer::start().await;
    write_entries(&server, &[1, 2]);
    let operator = command(&server).await;
    drop(operator);
    write_entries(&server, &[2]);
    let opened = App::open_to(
        Purpose::Use,
        server.settings.clone(),
        server.ambient.clone(),
    );
    let error = opened.await.err().unwrap().to_string();
    assert!(error.contains("sealed under master key 1"), "{error}");
}

#[tokio::test]
async fn an_entry_that_was_taken_out_too_early_is_missed() {
    let server = TestServer::start().await;
    server.person("ada").await;
    write_entries(&server, &[1, 2]);
    let operator = command(&server).await;
    operator.auth().reseal().await.unwrap();
    assert_eq!(operator.auth().missing_master_keys().await.unwrap(), []);
    operator.close().await;

    write_entries(&server, &[2]);
    let operator = command(&server).await;
    let missing = operator.auth().missing_master_keys().await.unwrap();
    let missing: Vec<u8> = missing.into_iter().map(|(id, _)| id).collect();
    assert_eq!(missing, [1]);
    operator.close().await;
}
