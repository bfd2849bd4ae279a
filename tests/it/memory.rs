//! What a node holds in memory, and for how long.

use std::time::Duration;

use signet::auth::clients::Asking;
use signet::auth::refresh::Refresh;
use signet::auth::{Auth, AuthError};

use crate::harness::{PASSWORD, Person, TestServer};

#[tokio::test]
async fn a_node_reads_a_change_log_that_it_has_not_seen_for_long_before_it_answers() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let node = server.node().await;
    let auth = node.auth();
    auth.authenticate(&ada.access_token).await.unwrap();
    ada.log_out().await.no_content();
    server.clock.advance(Duration::from_secs(11));
    let refused = auth.authenticate(&ada.access_token).await;
    assert!(matches!(refused, Err(AuthError::InvalidAccessToken)));
    node.close().await;
}

#[tokio::test]
async fn a_user_is_read_again_after_a_minute_whatever_the_change_log_says() {
    let server = TestServer::start().await;
    server.create_user("ada", &["pages.read"]).await;
    server.register(&["pages.write"]).await;
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    let node = server.node().await;
    let mut token = ada.refresh_token.clone();
    assert_eq!(refreshed(node.auth(), &mut token).await, "pages.read");

    // Nothing tells the node of this.
    let grant = "INSERT INTO user_grants SELECT id, 'pages.write' FROM users";
    server.store.connect().await.execute(grant).await;
    server.clock.advance(Duration::from_secs(59));
    assert_eq!(refreshed(node.auth(), &mut token).await, "pages.read");
    server.clock.advance(Duration::from_secs(1));
    let scope = refreshed(node.auth(), &mut token).await;
    assert_eq!(scope, "pages.read pages.write");
    node.close().await;
}

/// The scope that a refresh gives.
async fn refreshed(auth: &Auth, token: &mut String) -> String {
    let refresh = Refresh {
        token,
        client: Asking::Named(None),
        scope: None,
        audience: &[],
    };
    let tokens = auth.refresh(refresh).await.unwrap();
    *token = tokens.refresh_token;
    tokens.scope.to_string()
}
