//! No escalation: a key never has more than its maker, and makes nothing itself.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Ask, PASSWORD, Person, TestServer};

const MINE: &str = "/v1/me/api-keys";
const ALL: &str = "/v1/api-keys";
const WRITE: &str = "signet.api-keys.write";

#[tokio::test]
async fn a_key_has_no_more_than_the_credential_that_makes_it() {
    let server = TestServer::start().await;
    server
        .create_user("ada", &["pages.read", "pages.write", WRITE])
        .await;
    let ada = Person::log_in_for(&server, "ada", "pages.read").await;
    for beyond in ["pages.write", WRITE, "signet.users.read", "pages.*", "*"] {
        let wish = json!({ "name": "CI", "scopes": [beyond], "current_password": PASSWORD });
        let answer = ada.post(MINE, wish).await;
        answer.refused(403, "would_escalate");
    }
    let key = ada
        .create_key(json!({ "name": "CI", "scopes": ["pages.read"] }))
        .await;
    // Nor after a change, nor by rotating one that was made with more.
    let wider = json!({ "scopes": ["pages.write"], "current_password": PASSWORD });
    let answer = ada.patch(&format!("{MINE}/{}", key.id), wider).await;
    answer.refused(403, "would_escalate");
    let wide = Person::log_in(&server, "ada", PASSWORD).await;
    let key = wide
        .create_key(json!({ "name": "wide", "expires_in": 60 }))
        .await;
    let path = format!("{MINE}/{}", key.id);
    let rotation = json!({ "current_password": PASSWORD });
    let answer = ada.post(&format!("{path}/rotate"), rotation).await;
    answer.refused(403, "would_escalate");
    let longer = json!({ "expires_in": 3600, "current_password": PASSWORD });
    ada.patch(&path, longer)
        .await
        .refused(403, "would_escalate");
    wide.get(&path).await.ok();
}

#[tokio::test]
async fn keys_make_no_keys() {
    let server = TestServer::start().await;
    server.create_user("root", &["*"]).await;
    let scope = "signet.api-keys.read signet.api-keys.write";
    let root = Person::log_in_for(&server, "root", scope).await;
    let wish = json!({ "name": "CI", "scopes": ["signet.api-keys.read", WRITE] });
    let key = root.create_key(wish.clone()).await;
    let victim = root
        .create_key(json!({ "name": "other", "scopes": [], "read_only": true }))
        .await;
    let with_key =
        |method: Method, path: String| server.request(method, &path).bearer_auth(&key.text);
    for owner in [json!({}), json!({ "owner_id": root.claims()["sub"] })] {
        let mut body = owner;
        body["key"] = json!({ "name": "x", "scopes": [], "current_password": PASSWORD });
        let answer = with_key(Method::POST, ALL.to_owned())
            .json(&body)
            .ask()
            .await;
        answer.refused(403, "would_escalate");
    }
    let at = format!("{ALL}/{}", victim.id);
    let rotation = json!({ "current_password": PASSWORD });
    let rotate = with_key(Method::POST, format!("{at}/rotate")).json(&rotation);
    rotate.ask().await.refused(403, "would_escalate");
    for wider in [
        json!({ "read_only": false, "current_password": PASSWORD }),
        json!({ "scopes": [WRITE], "current_password": PASSWORD }),
    ] {
        let answer = with_key(Method::PATCH, at.clone()).json(&wider).ask().await;
        answer.refused(403, "would_escalate");
    }
    assert_eq!(root.get(ALL).await.ok()["total"], 2);
}

#[tokio::test]
async fn a_key_acts_upon_those_who_may_do_no_more() {
    let server = TestServer::start().await;
    server.create_user("root", &["*"]).await;
    server.create_user("ada", &["pages.read"]).await;
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    let hers = ada.create_key(json!({ "name": "hers" })).await;
    let root = Person::log_in_for(&server, "root", "signet.api-keys.write pages.read").await;
    let small = root
        .create_key(json!({ "name": "a", "scopes": [WRITE] }))
        .await;
    let large = root
        .create_key(json!({ "name": "b", "scopes": [WRITE, "pages.read"] }))
        .await;
    let revoke = async |key: &str, of: &str| {
        let path = format!("{ALL}/{of}");
        server
            .request(Method::DELETE, &path)
            .bearer_auth(key)
            .ask()
            .await
    };
    revoke(&small.text, &hers.id)
        .await
        .refused(403, "would_escalate");
    // Its own owner's keys are those of somebody who may do everything.
    revoke(&large.text, &small.id)
        .await
        .refused(403, "would_escalate");
    revoke(&large.text, &hers.id).await.no_content();
}

#[tokio::test]
async fn administrators_act_upon_the_keys_of_those_who_may_do_no_more() {
    let server = TestServer::start().await;
    server.create_user("root", &["*"]).await;
    server.create_user("helper", &[WRITE, "pages.read"]).await;
    server.create_user("ada", &["pages.read"]).await;
    let root = Person::log_in_for(&server, "root", WRITE).await;
    let helper = Person::log_in_for(&server, "helper", "signet.api-keys.write pages.read").await;
    let of_root = root
        .create_key(json!({ "name": "root's", "scopes": [] }))
        .await;
    let at = format!("{ALL}/{}", of_root.id);
    helper.delete(&at).await.refused(403, "would_escalate");
    helper
        .post_empty(&format!("{at}/disable"))
        .await
        .refused(403, "would_escalate");
    helper
        .post_empty(&format!("{at}/enable"))
        .await
        .refused(403, "would_escalate");
    helper
        .patch(&at, json!({ "name": "x" }))
        .await
        .refused(403, "would_escalate");
    helper
        .post(&format!("{at}/rotate"), json!({}))
        .await
        .refused(403, "would_escalate");
    let root_id = root.claims()["sub"].clone();
    let for_root = json!({ "owner_id": root_id, "key": { "name": "x", "scopes": [] } });
    helper
        .post(ALL, for_root)
        .await
        .refused(403, "would_escalate");

    let ada = server.auth.find_user("ada").await.unwrap().id.to_string();
    let for_ada = json!({ "owner_id": ada, "key": { "name": "x" } });
    let made = helper.post(ALL, for_ada).await;
    assert_eq!(made.status, 201);
    // Of what both have: never the administrator's own.
    assert_eq!(made.json()["key"]["scopes"], json!(["pages.read"]));
    let beyond = json!({ "owner_id": ada, "key": { "name": "y", "scopes": [WRITE] } });
    let fields = helper.post(ALL, beyond).await.invalid_fields();
    assert_eq!(fields, [("/scopes".to_owned(), "not_granted".to_owned())]);
}

#[tokio::test]
async fn a_key_gives_nothing_and_leaves_its_owners_password_alone() {
    let server = TestServer::start().await;
    server.create_user("root", &["*"]).await;
    server.create_user("eve", &[]).await;
    let root = Person::log_in_for(&server, "root", "signet.*").await;
    let key = root
        .create_key(json!({ "name": "CI", "scopes": ["signet.*"] }))
        .await;
    let user = |id: &Value| format!("/v1/users/{}", id.as_str().unwrap());
    let (root_path, eve_path) = (
        user(&root.claims()["sub"]),
        format!(
            "/v1/users/{}",
            server.auth.find_user("eve").await.unwrap().id
        ),
    );
    let ask = |method: Method, path: String, body: Value| {
        let request = server.request(method, &path).bearer_auth(&key.text);
        request.json(&body).ask()
    };
    let password = json!({ "password": "copper lantern ferry 77" });
    let own = ask(
        Method::PUT,
        format!("{root_path}/password"),
        password.clone(),
    );
    own.await.refused(403, "reauthentication_required");
    let other = ask(Method::PUT, format!("{eve_path}/password"), password);
    assert_eq!(other.await.status, 204);
    let gift = json!({ "grants": ["signet.users.read"], "current_password": PASSWORD });
    let gift = ask(Method::POST, format!("{eve_path}/grant"), gift);
    gift.await.refused(403, "reauthentication_required");
}
