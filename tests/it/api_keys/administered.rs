//! All keys, as administrators see them: those of users, and those of services.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Ask, Key, Log, PASSWORD, Person, TestServer};

const ALL: &str = "/v1/api-keys";
/// No key has it.
const NOBODY: &str = "key_01890a5d-ac96-774b-bcce-b302099a8057";

async fn root(server: &TestServer) -> Person<'_> {
    server.create_user("root", &["*"]).await;
    server.create_user("ada", &["pages.read"]).await;
    let scope = "signet.api-keys.read signet.api-keys.write signet.users.read pages.read";
    Person::log_in_for(server, "root", scope).await
}

fn ids(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|key| key["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_service_has_keys_without_an_owner() {
    let server = TestServer::start().await;
    let root = root(&server).await;
    let wish = json!({ "name": "nightly", "scopes": ["signet.users.read"] });
    let answer = root.post(ALL, json!({ "key": wish })).await;
    assert_eq!(answer.status, 201);
    let created = answer.json();
    assert!(created["key"].get("owner_id").is_none());
    assert_eq!(created["key"]["created_by"], root.claims()["sub"]);
    let path = format!(
        "/v1/users/{}/sessions",
        root.claims()["sub"].as_str().unwrap()
    );
    let request = server.request(Method::GET, &path);
    request
        .bearer_auth(&Key::of(&created).text)
        .ask()
        .await
        .ok();
    // Nobody disables a service by disabling whoever made its key.
    let again = root.post(ALL, json!({ "key": wish })).await;
    let problem = again.refused(409, "api_key_exists");
    assert_eq!(problem["api_key_id"], created["key"]["id"]);
}

#[tokio::test]
async fn ak_10_all_keys_are_listed_and_filtered() {
    let server = TestServer::start().await;
    let root = root(&server).await;
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    let mut all = vec![ada.create_key(json!({ "name": "a" })).await.id];
    for name in ["s", "t"] {
        server.clock.advance(Duration::from_millis(1));
        let made = root
            .post(ALL, json!({ "key": { "name": name, "scopes": [] } }))
            .await;
        all.insert(0, Key::of(&made.json()).id);
    }
    root.post_empty(&format!("{ALL}/{}/disable", all[0]))
        .await
        .ok();
    let listed = async |query: &str| {
        let page = root.get(&format!("{ALL}{query}")).await.ok();
        let ids: Vec<String> = ids(&page).into_iter().map(str::to_owned).collect();
        (ids, page["total"].as_i64().unwrap())
    };
    assert_eq!(listed("").await, (all.clone(), 3));
    assert_eq!(listed("?owner=none").await, (all[..2].to_vec(), 2));
    let of_ada = format!("?owner={}", ada.claims()["sub"].as_str().unwrap());
    assert_eq!(listed(&of_ada).await, (all[2..].to_vec(), 1));
    assert_eq!(listed("?state=disabled").await, (all[..1].to_vec(), 1));
    assert_eq!(
        listed("?state=active&owner=none").await,
        (all[1..2].to_vec(), 1)
    );
    assert_eq!(listed("?state=revoked").await, (vec![], 0));
    assert_eq!(listed("?limit=1").await, (all[..1].to_vec(), 3));
    root.get(&format!("{ALL}?owner=ada"))
        .await
        .refused(400, "malformed_request");
    root.get(&format!("{ALL}?state=gone"))
        .await
        .refused(400, "malformed_request");
}

#[tokio::test]
async fn a_key_is_shown_changed_and_ended_by_whoever_may() {
    let server = TestServer::start().await;
    let root = root(&server).await;
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    let key = ada.create_key(json!({ "name": "a" })).await;
    let at = format!("{ALL}/{}", key.id);
    assert_eq!(root.get(&at).await.ok()["name"], "a");
    let changed = root
        .patch(&at, json!({ "name": "b", "read_only": true }))
        .await
        .ok();
    assert_eq!(
        (&changed["name"], &changed["read_only"]),
        (&json!("b"), &json!(true))
    );
    let rotated = Key::of(&root.post(&format!("{at}/rotate"), json!({})).await.ok());
    assert!(rotated.id == key.id && rotated.text != key.text);
    root.delete(&at).await.no_content();
    assert_eq!(root.get(&at).await.ok()["state"], "revoked");
    let at = format!("{ALL}/{NOBODY}");
    root.get(&at).await.refused(404, "not_found");
    root.delete(&at).await.refused(404, "not_found");
    root.patch(&at, json!({})).await.refused(404, "not_found");
    for verb in ["disable", "enable"] {
        root.post_empty(&format!("{at}/{verb}"))
            .await
            .refused(404, "not_found");
    }
    let nobody = json!({ "owner_id": NOBODY, "key": { "name": "x" } });
    let fields = root.post(ALL, nobody).await.invalid_fields();
    assert_eq!(fields, [("/owner_id".to_owned(), "malformed".to_owned())]);
    let nobody = NOBODY.replace("key_", "usr_");
    let unknown = json!({ "owner_id": nobody, "key": { "name": "x" } });
    root.post(ALL, unknown).await.refused(404, "not_found");
}

#[tokio::test]
async fn ak_10_each_change_is_logged_with_whose_key_it_is_and_who_changed_it() {
    Log::keep();
    let server = TestServer::start().await;
    let root = root(&server).await;
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    let key = ada.create_key(json!({ "name": "a" })).await;
    let at = format!("{ALL}/{}", key.id);
    root.patch(&at, json!({ "read_only": true })).await.ok();
    root.post_empty(&format!("{at}/disable")).await.ok();
    root.post_empty(&format!("{at}/enable")).await.ok();
    root.post(&format!("{at}/rotate"), json!({})).await.ok();
    root.delete(&at).await.no_content();
    let log = Log::own();
    let (owner, admin) = (ada.claims()["sub"].clone(), root.claims()["sub"].clone());
    for (event, actor) in [
        ("created", &owner),
        ("updated", &admin),
        ("disabled", &admin),
        ("enabled", &admin),
        ("rotated", &admin),
        ("revoked", &admin),
    ] {
        let event = format!("api_key.{event}");
        let mut lines = log
            .lines()
            .filter(|line| line.contains(&event) && line.contains(&key.id));
        let line = lines.next().unwrap();
        for told in [
            format!("key={}", key.id),
            format!("owner={}", owner.as_str().unwrap()),
            format!("actor={}", actor.as_str().unwrap()),
        ] {
            assert!(line.contains(&told), "{told}: {line}");
        }
        assert!(lines.next().is_none(), "{event}");
    }
}

#[tokio::test]
async fn an_old_login_proves_nothing() {
    let server = TestServer::start().await;
    let mut root = root(&server).await;
    server.clock.advance(Duration::from_mins(6));
    root.refresh().await.ok();
    let wish = json!({ "key": { "name": "s", "scopes": [] } });
    root.post(ALL, wish.clone())
        .await
        .refused(403, "reauthentication_required");
    let mut proven = wish;
    proven["key"]["current_password"] = PASSWORD.into();
    let key = Key::of(&root.post(ALL, proven).await.json());
    let at = format!("{ALL}/{}", key.id);
    let rotate = root.post(&format!("{at}/rotate"), json!({})).await;
    rotate.refused(403, "reauthentication_required");
    let wider = root.patch(&at, json!({ "expires_in": 40 * 86_400 })).await;
    wider.refused(403, "reauthentication_required");
    root.patch(&at, json!({ "expires_in": 60 })).await.ok();
}
