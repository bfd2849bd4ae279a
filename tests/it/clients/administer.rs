//! Registering clients, and never beyond what one's own credential includes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Ask, PASSWORD, Person, TestServer};

use super::{administrator, id, public};

#[tokio::test]
async fn a_client_is_registered_found_changed_and_deleted() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let new = json!({
        "kind": "confidential", "name": "Export", "scopes": ["pages.read"],
        "audiences": ["https://api.example.com"], "resources": ["https://export.example.com"],
        "access_lifetime": 60, "alg": "ES256", "typ": "JWT",
    });
    let made = admin.post("/v1/clients", new).await.created();
    let secret = made["client_secret"].as_str().unwrap();
    assert!(secret.starts_with("signet_cs_") && secret.len() == 59);
    let client = &made["client"];
    assert_eq!(client["grant_types"], json!(["client_credentials"]));
    assert_eq!(
        (&client["alg"], &client["typ"]),
        (&json!("ES256"), &json!("JWT"))
    );

    let path = format!("/v1/clients/{}", id(client));
    let shown = admin.get(&path).await;
    assert!(!shown.text().contains(secret));
    assert_eq!(&shown.ok(), client);

    // What is not named is as configured again.
    let changed = admin.put(&path, json!({ "name": "Report" })).await.ok();
    assert_eq!(
        (&changed["name"], &changed["scopes"]),
        (&json!("Report"), &json!([]))
    );
    assert_eq!(
        (&changed["typ"], changed.get("access_lifetime")),
        (&json!("at+jwt"), None)
    );
    assert_eq!(changed["kind"], "confidential");

    admin.delete(&path).await.no_content();
    admin.get(&path).await.refused(404, "not_found");
    admin.delete(&path).await.refused(404, "not_found");
    let page = admin.get("/v1/clients").await.ok();
    assert_eq!(page, json!({ "items": [], "total": 0 }));
}

#[tokio::test]
async fn clients_are_listed_in_pages_without_the_default_one() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let mut made = Vec::new();
    for n in 0..3 {
        made.push(public(&admin, &format!("https://app{n}.example.com")).await);
        server.clock.advance(Duration::from_millis(2));
    }
    let ids = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items.iter().map(id).collect()
    };
    let first = admin.get("/v1/clients?limit=2").await.ok();
    assert_eq!(
        (ids(&first), &first["total"]),
        (made[..2].to_vec(), &json!(3))
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = admin
        .get(&format!("/v1/clients?cursor={cursor}"))
        .await
        .ok();
    assert_eq!(
        (ids(&second), second.get("next_cursor")),
        (made[2..].to_vec(), None)
    );

    let default = server.auth.terms().default_client.id;
    let path = format!("/v1/clients/{default}");
    admin.get(&path).await.refused(404, "not_found");
    admin.delete(&path).await.refused(409, "conflict");
    let other = json!({ "name": "mine" });
    admin.put(&path, other).await.refused(409, "conflict");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_field_by_field() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let wrong = async |more: Value| {
        let mut body = json!({ "kind": "public", "name": "Web" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        admin.post("/v1/clients", body).await.invalid_fields()
    };
    let one = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
    for origin in [
        "*",
        "null",
        "https://app.example.com/",
        "http://app.example.com",
        "app",
    ] {
        assert_eq!(
            wrong(json!({ "origins": [origin] })).await,
            one("/origins", "malformed")
        );
    }
    assert_eq!(
        wrong(json!({ "name": " Web" })).await,
        one("/name", "malformed")
    );
    let unknown = json!({ "scopes": ["pages.raed"] });
    assert_eq!(wrong(unknown).await, one("/scopes", "unknown_scope"));
    let own = json!({ "grant_types": ["client_credentials"] });
    assert_eq!(wrong(own).await, one("/grant_types", "not_allowed"));
    let absent = json!({ "alg": "RS256" });
    assert_eq!(wrong(absent).await, one("/alg", "not_available"));
    for seconds in [-1, 4, 121] {
        let odd = json!({ "reuse_interval": seconds });
        assert_eq!(wrong(odd).await, one("/reuse_interval", "out_of_range"));
    }
    let pages = json!({ "kind": "confidential", "origins": ["https://app.example.com"] });
    assert_eq!(wrong(pages).await, one("/origins", "not_allowed"));
}

#[tokio::test]
async fn nobody_gives_a_client_what_they_do_not_hold() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let service = |scopes: Value| json!({ "kind": "confidential", "name": "S", "scopes": scopes });
    for beyond in [
        json!(["blog.read"]),
        json!(["*"]),
        json!(["signet.users.read"]),
    ] {
        let refused = admin.post("/v1/clients", service(beyond)).await;
        refused.refused(403, "would_escalate");
    }
    // What a public client is limited to gives nobody anything.
    public(&admin, "https://app.example.com").await;

    // Whoever holds less does not touch one that holds more.
    let made = admin
        .post("/v1/clients", service(json!(["pages.*"])))
        .await
        .created();
    let path = format!("/v1/clients/{}", id(&made["client"]));
    server
        .create_user("less", &["pages.read", "signet.clients.*"])
        .await;
    let less = Person::log_in_for(&server, "less", "pages.read signet.clients.*").await;
    let refusals = [
        less.put(&path, json!({ "name": "mine" })).await,
        less.post(&format!("{path}/rotate-secret"), json!({})).await,
        less.request(reqwest::Method::POST, &format!("{path}/disable"))
            .ask()
            .await,
        less.delete(&path).await,
    ];
    for refused in refusals {
        refused.refused(403, "would_escalate");
    }
}

#[tokio::test]
async fn a_secret_needs_the_presence_of_whoever_makes_it() {
    let server = TestServer::start().await;
    let mut admin = administrator(&server).await;
    let new = json!({ "kind": "confidential", "name": "S", "scopes": ["pages.read"] });
    let made = admin.post("/v1/clients", new.clone()).await.created();
    let path = format!("/v1/clients/{}", id(&made["client"]));
    server.clock.advance(Duration::from_mins(6));
    admin.refresh().await.ok();

    let rotate = format!("{path}/rotate-secret");
    let wider = json!({ "name": "S", "scopes": ["pages.*"] });
    let wrong = json!({ "current_password": "not a password" });
    for refused in [
        admin.post("/v1/clients", new).await,
        admin.put(&path, wider).await,
        admin.post(&rotate, json!({})).await,
        admin.post(&rotate, wrong).await,
    ] {
        refused.refused(403, "reauthentication_required");
    }
    // To take something away, or to change a public client, needs none.
    admin.put(&path, json!({ "name": "S" })).await.ok();
    public(&admin, "https://app.example.com").await;
    let right = json!({ "current_password": PASSWORD });
    let rotated = admin.post(&rotate, right).await.ok();
    assert_ne!(rotated["client_secret"], made["client_secret"]);
    assert!(rotated["client"]["secret_rotated_at"].is_string());
}

#[tokio::test]
async fn a_public_client_has_no_secret() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let new = json!({ "kind": "public", "name": "Web" });
    let made = admin.post("/v1/clients", new).await.created();
    assert_eq!(made.get("client_secret"), None);
    let path = format!("/v1/clients/{}/rotate-secret", id(&made["client"]));
    admin.post(&path, json!({})).await.refused(409, "conflict");
}

#[tokio::test]
async fn secrets_are_kept_as_digests_alone() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let new = json!({ "kind": "confidential", "name": "S" });
    let made = admin.post("/v1/clients", new).await.created();
    let secret = made["client_secret"].as_str().unwrap();
    let select = "SELECT client_id || ' ' || digest FROM client_secrets";
    let kept = server.store.connect().await.texts(select).await;
    assert_eq!(kept.len(), 1);
    assert!(!kept[0].contains(&secret[10..53]) && kept[0].starts_with(&id(&made["client"])));
}

#[tokio::test]
async fn another_node_hears_of_clients_by_the_change_log() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let node = server.node().await;
    let client = public(&admin, "https://new.example.com").await;
    assert!(node.auth().client_named(Some(&client)).is_none());
    node.auth().catch_up().await.unwrap();
    assert!(node.auth().client_named(Some(&client)).is_some());
    assert!(node.auth().knows_origin("https://new.example.com"));
    let disable = format!("/v1/clients/{client}/disable");
    admin
        .request(reqwest::Method::POST, &disable)
        .ask()
        .await
        .ok();
    node.auth().catch_up().await.unwrap();
    assert!(!node.auth().knows_origin("https://new.example.com"));
    node.close().await;
}
