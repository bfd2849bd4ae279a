//! The registry of scopes: what there is to be granted, asked for and put into tokens.

use serde_json::json;
use signet::auth::AuthError;
use signet::auth::api_keys::{KeyUse, KeyWish};
use signet::auth::clients::ClientWish;
use signet::auth::scopes::NewScope;
use signet::model::authority::Authority;
use signet::model::client::ClientKind;
use signet::model::scope::Grant;

use crate::harness::{Ask, PASSWORD, Person, TestServer};
use crate::oauth::{form, register};

const HERE: KeyUse = KeyUse {
    address: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
    writes: false,
};

#[tokio::test]
async fn g11_a_pattern_gives_what_is_registered_and_no_more() {
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

    server
        .auth
        .remove_scope(&Authority::Operator, "pages.drafts.read")
        .await
        .unwrap();
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
    server
        .auth
        .remove_scope(&Authority::Operator, "pages.write")
        .await
        .unwrap();
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
async fn a_removed_scope_leaves_keys_and_clients_and_does_not_come_back() {
    let server = TestServer::start().await;
    server.register(&["pages.read", "pages.write"]).await;
    server.create_user("ada", &["*"]).await;
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    let by = &Authority::Operator;
    let names = |all: &[&str]| -> Vec<String> { all.iter().map(|one| (*one).into()).collect() };
    let key = |name, scopes| KeyWish {
        name: Some(name),
        scopes: Some(scopes),
        ..KeyWish::default()
    };
    let both = names(&["pages.read", "pages.write"]);
    let one = names(&["pages.write"]);
    let wide = names(&["pages.*"]);
    let mut keys = Vec::new();
    for (name, scopes) in [("both", &both), ("one", &one), ("wide", &wide)] {
        let made = server.auth.create_api_key(by, None, key(name, scopes));
        keys.push(made.await.unwrap().text.to_string());
    }
    let own = json!({ "name": "own", "scopes": both });
    keys.push(ada.create_key(own).await.text);
    let wish = ClientWish {
        name: "export",
        scopes: Some(&both),
        ..ClientWish::default()
    };
    let client = register(&server, ClientKind::Confidential, wish).await;

    // Known to this node before.
    let scopes = async || {
        let mut all = Vec::new();
        for text in &keys {
            let holder = server.auth.authenticate_key(text, HERE).await.unwrap();
            all.push(holder.scopes.to_string());
        }
        let credentials = [("grant_type", "client_credentials")];
        let asked = form(&server, "/oauth/token", &credentials);
        let asked = asked.basic_auth(&client.id, Some(&client.secret));
        all.push(asked.ask().await.ok()["scope"].as_str().unwrap().to_owned());
        all
    };
    let all = "pages.read pages.write";
    assert_eq!(scopes().await, [all, "pages.write", all, all, all]);
    server.auth.remove_scope(by, "pages.write").await.unwrap();
    assert_eq!(
        scopes().await,
        ["pages.read", "", "pages.read", "pages.read", "pages.read"]
    );
    // A pattern was never about the name.
    server.register(&["pages.write"]).await;
    assert_eq!(
        scopes().await,
        ["pages.read", "", all, "pages.read", "pages.read"]
    );
    let shown = server.auth.show_client(client.id.parse().unwrap()).await;
    assert_eq!(shown.unwrap().settings.scopes.to_string(), "pages.read");
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
    server
        .auth
        .remove_scope(&Authority::Operator, "pages.read")
        .await
        .unwrap();
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
        match server
            .auth
            .add_scope(&Authority::Operator, NewScope { name, description })
            .await
        {
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

#[tokio::test]
async fn scopes_are_registered_listed_and_taken_out_over_http() {
    let server = TestServer::start().await;
    server.create_user("root", &["*"]).await;
    let root = Person::log_in_for(&server, "root", "signet.scopes.*").await;
    let new = json!({ "name": "pages.read", "description": "See pages." });
    let added = root.post("/v1/scopes", new.clone()).await.created();
    assert_eq!(added["built_in"], false);
    assert_eq!(added["created_at"], "2026-06-01T12:00:00.000Z");
    root.post("/v1/scopes", new).await.refused(409, "conflict");
    for (name, code) in [
        ("signet.pages.read", "reserved"),
        ("signet", "reserved"),
        ("pages.*", "malformed"),
        ("pages..read", "malformed"),
        ("pages read", "malformed"),
    ] {
        let refused = root.post("/v1/scopes", json!({ "name": name })).await;
        assert_eq!(
            refused.invalid_fields(),
            [("/name".to_owned(), code.to_owned())]
        );
    }
    let misleading = json!({ "name": "a", "description": "See\u{202e}pages" });
    let refused = root.post("/v1/scopes", misleading).await.invalid_fields();
    assert_eq!(
        refused,
        [("/description".to_owned(), "malformed".to_owned())]
    );

    root.delete("/v1/scopes/pages.read").await.no_content();
    root.delete("/v1/scopes/pages.read")
        .await
        .refused(404, "not_found");
    root.delete("/v1/scopes/pages%20read")
        .await
        .refused(404, "not_found");
    root.delete("/v1/scopes/signet.users.read")
        .await
        .refused(409, "conflict");
}

#[tokio::test]
async fn a_list_of_scopes_has_signets_own_and_pages() {
    let server = TestServer::start().await;
    server.create_user("root", &["*"]).await;
    server
        .register(&["zebra", "alpha.read", "read:users", "a/b?c"])
        .await;
    let root = Person::log_in_for(&server, "root", "signet.scopes.*").await;
    let all = root.get("/v1/scopes?limit=100").await.ok();
    let items = all["items"].as_array().unwrap();
    let names: Vec<&str> = items
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    assert!(
        names.is_sorted() && names.contains(&"signet.scopes.read"),
        "{names:?}"
    );
    assert_eq!(all["total"], names.len());
    assert!(all.get("next_cursor").is_none());

    let (mut path, mut found) = ("/v1/scopes?limit=2".to_owned(), Vec::new());
    loop {
        let page = root.get(&path).await.ok();
        assert_eq!(page["total"], names.len());
        found.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        let cursor = cursor.replace('?', "%3F");
        path = format!("/v1/scopes?limit=2&cursor={cursor}");
    }
    assert_eq!(&found, items);
    // Whatever its name, it can be taken out.
    for path in ["read:users", "a%2Fb%3Fc", "zebra"] {
        root.delete(&format!("/v1/scopes/{path}"))
            .await
            .no_content();
    }
}
