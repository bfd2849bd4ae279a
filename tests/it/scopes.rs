//! The registry of scopes: what there is to be granted, asked for and put into tokens.

use signet::auth::AuthError;
use signet::auth::scopes::NewScope;
use signet::model::scope::Grant;

use crate::harness::{PASSWORD, Person, TestServer};

#[tokio::test]
async fn a_pattern_gives_what_is_registered_and_no_more() {
    let server = TestServer::start().await;
    server.create_user("ada", &["pages.*"]).await;
    let mut ada = Person::log_in(&server, "ada", PASSWORD).await;
    assert_eq!(ada.claims().get("scope"), None);

    // What is registered afterwards is in the next token.
    server
        .register(&["pages.read", "pages.drafts.read", "pagesx.read", "pages"])
        .await;
    ada.refresh().await.ok();
    assert_eq!(ada.claims()["scope"], "pages.drafts.read pages.read");

    server.auth.remove_scope("pages.drafts.read").await.unwrap();
    ada.refresh().await.ok();
    assert_eq!(ada.claims()["scope"], "pages.read");
}

#[tokio::test]
async fn a_scope_that_is_taken_out_leaves_every_token_for_good() {
    let server = TestServer::start().await;
    server
        .create_user("ada", &["pages.read", "pages.write"])
        .await;
    let mut ada = Person::log_in_for(&server, "ada", "pages.read pages.write").await;
    server.auth.remove_scope("pages.write").await.unwrap();
    ada.refresh().await.ok();
    assert_eq!(ada.claims()["scope"], "pages.read");
    // The name may come back; what was granted under it does not.
    server.register(&["pages.write"]).await;
    ada.refresh().await.ok();
    assert_eq!(ada.claims()["scope"], "pages.read");
}

#[tokio::test]
async fn a_request_may_name_patterns() {
    let server = TestServer::start().await;
    server
        .register(&["blog.read", "pages.read", "pages.write"])
        .await;
    server.create_user("root", &["*"]).await;
    for (asked, given) in [
        ("pages.*", "pages.read pages.write"),
        ("*", "blog.read pages.read pages.write"),
        (
            "blog.* signet.users.*",
            "blog.read signet.users.read signet.users.write",
        ),
        ("pages.read pages.unheard-of", "pages.read"),
    ] {
        let root = Person::log_in_for(&server, "root", asked).await;
        assert_eq!(root.claims()["scope"], given);
    }
}

#[tokio::test]
async fn another_node_hears_of_the_registry_by_the_change_log() {
    let server = TestServer::start().await;
    server.create_user("ada", &["*"]).await;
    let node = server.node().await;
    server.register(&["pages.read"]).await;
    assert_eq!(node.auth().registry().iter().count(), 0);
    node.auth().catch_up().await.unwrap();
    assert_eq!(node.auth().registry(), server.auth.registry());
    server.auth.remove_scope("pages.read").await.unwrap();
    node.auth().catch_up().await.unwrap();
    assert_eq!(node.auth().registry().iter().count(), 0);
    node.close().await;
}

#[tokio::test]
async fn only_a_registered_scope_is_granted_by_name() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let ada = server.auth.find_user("ada").await.unwrap();
    for unknown in ["pages.read", "signet.unheard-of", "signet"] {
        let grant: Grant = unknown.parse().unwrap();
        let refused = server.auth.grant(ada.id, &[grant]).await;
        let Err(AuthError::UnknownScope(named)) = refused else {
            panic!("{unknown} is granted");
        };
        assert_eq!(named.as_str(), unknown);
    }
    for known in ["pages.*", "*", "signet.*", "signet.users.read"] {
        let grant: Grant = known.parse().unwrap();
        server.auth.grant(ada.id, &[grant]).await.unwrap();
    }
}

/// Whoever is granted everything gets all of it into one token, however full the registry is.
#[tokio::test]
async fn everything_fits_into_a_token() {
    let server = TestServer::start().await;
    server.create_user("root", &["*"]).await;
    let mut root = Person::log_in(&server, "root", PASSWORD).await;
    let mut count = 0;
    let refused = loop {
        let name = format!("pages.section-{count}.read");
        let (name, description) = (name.as_str(), "");
        match server.auth.add_scope(NewScope { name, description }).await {
            Ok(_) => count += 1,
            Err(refused) => break refused,
        }
    };
    assert!(refused.to_string().contains("2048 bytes"), "{refused}");
    root.refresh().await.ok();
    let claims = root.claims();
    let scopes = claims["scope"].as_str().unwrap().split(' ').count();
    assert!(scopes == count && count > 80, "{scopes} {count}");
}
