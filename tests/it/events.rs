//! What the log says of changes: each that happened, once, and none that did not.

use serde_json::json;
use signet::model::authority::Authority;

use crate::harness::{Log, Person, TestServer};

#[tokio::test]
async fn what_is_so_already_is_no_event() {
    Log::keep();
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let key = ada.create_key(json!({ "name": "a" })).await.id;
    server.register(&["pages.read"]).await;
    server.create_user("root", &["*"]).await;
    let root = Person::log_in_for(&server, "root", "signet.clients.write").await;
    let new = json!({ "kind": "public", "name": "Web" });
    let client = root.post("/v1/clients", new).await.created();
    let client = client["client"]["id"].as_str().unwrap().parse().unwrap();

    let (auth, by) = (&server.auth, &Authority::Operator);
    let user = auth.find_user("ada").await.unwrap().id;
    let key = key.parse().unwrap();
    let grants = ["pages.read".parse().unwrap()];
    for _ in 0..2 {
        auth.disable_api_key(by, key).await.unwrap();
    }
    for _ in 0..2 {
        auth.enable_api_key(by, key).await.unwrap();
    }
    for _ in 0..2 {
        let key = signet::auth::api_keys::KeyRef::any(key);
        auth.revoke_api_key(by, &key).await.unwrap();
    }
    for _ in 0..2 {
        auth.disable_client(by, client).await.unwrap();
    }
    for _ in 0..2 {
        auth.enable_client(by, client).await.unwrap();
    }
    for _ in 0..2 {
        auth.grant(user, &grants).await.unwrap();
    }
    for _ in 0..2 {
        auth.ungrant(user, &grants).await.unwrap();
    }
    for _ in 0..2 {
        auth.disable_user(user).await.unwrap();
    }
    for _ in 0..2 {
        auth.enable_user(user).await.unwrap();
    }
    let log = Log::own();
    for event in [
        "api_key.disabled",
        "api_key.enabled",
        "api_key.revoked",
        "client.disabled",
        "client.enabled",
        "user.granted",
        "user.ungranted",
        "user.disabled",
        "user.enabled",
    ] {
        assert_eq!(log.matches(event).count(), 1, "{event}");
    }
}
