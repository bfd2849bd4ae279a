//! Administering users over HTTP, and never beyond what one's own credential includes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Person, TestServer};

const WRITE: &str = "signet.users.read signet.users.write";

async fn id(server: &TestServer, name: &str) -> String {
    server.auth.find_user(name).await.unwrap().id.to_string()
}

/// An administrator who holds `pages.*`, with all of it in hand.
async fn administrator(server: &TestServer) -> Person<'_> {
    server
        .register(&["pages.read", "pages.write", "blog.read"])
        .await;
    server
        .create_user("admin", &["pages.*", "signet.users.*"])
        .await;
    Person::log_in_for(server, "admin", &format!("pages.* {WRITE}")).await
}

#[tokio::test]
async fn a_user_is_created_found_and_erased() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let new = json!({
        "username": "Ada", "email": "ada@example.com", "password": PASSWORD,
        "grants": ["pages.read"],
    });
    let ada = admin.post("/v1/users", new.clone()).await.created();
    assert_eq!(ada["username"], "ada");
    assert_eq!(ada["grants"], json!(["pages.read"]));
    let again = admin.post("/v1/users", new).await;
    again.refused(409, "username_taken");
    Person::log_in(&server, "ada@example.com", PASSWORD).await;

    let path = format!("/v1/users/{}", ada["id"].as_str().unwrap());
    assert_eq!(admin.get(&path).await.ok(), ada);
    admin.delete(&path).await.no_content();
    admin.get(&path).await.refused(404, "not_found");
    server
        .login("ada", PASSWORD)
        .await
        .refused(401, "invalid_credentials");
}

#[tokio::test]
async fn users_are_listed_filtered_and_paged() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    for name in ["ada", "adam", "ben"] {
        server.create_user(name, &[]).await;
    }
    server.disable_user("adam").await;
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        let name = |item: &Value| item["username"].as_str().unwrap().to_owned();
        let mut names: Vec<String> = items.iter().map(name).collect();
        names.sort();
        names
    };
    let first = admin.get("/v1/users?limit=3").await.ok();
    assert_eq!((names(&first).len(), &first["total"]), (3, &json!(4)));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = admin.get(&format!("/v1/users?cursor={cursor}")).await.ok();
    let all = [names(&first), names(&second)].concat();
    assert!(
        ["ada", "adam", "admin", "ben"]
            .iter()
            .all(|name| all.contains(&(*name).to_owned()))
    );
    let found = admin.get("/v1/users?name=AD").await.ok();
    assert_eq!(names(&found), ["ada", "adam", "admin"]);
    let found = admin.get("/v1/users?name=ad&disabled=true").await.ok();
    assert_eq!(names(&found), ["adam"]);
    assert_eq!(found["total"], 1);
}

#[tokio::test]
async fn g12_grants_come_and_go_over_http() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let mut ada = server.person("ada").await;
    let path = format!("/v1/users/{}", id(&server, "ada").await);
    let grants = json!({ "grants": ["pages.read", "pages.*"] });
    let granted = admin.post(&format!("{path}/grant"), grants).await.ok();
    assert_eq!(granted["grants"], json!(["pages.*", "pages.read"]));
    ada.refresh().await.ok();
    assert_eq!(ada.claims()["scope"], "pages.read pages.write");
    let taken = json!({ "grants": ["pages.*"] });
    admin.post(&format!("{path}/ungrant"), taken).await.ok();
    ada.refresh().await.ok();
    assert_eq!(ada.claims()["scope"], "pages.read");
    let unknown = json!({ "grants": ["pages.raed"] });
    let refused = admin
        .post(&format!("{path}/grant"), unknown)
        .await
        .invalid_fields();
    assert_eq!(
        refused,
        [("/grants".to_owned(), "unknown_scope".to_owned())]
    );
}

#[tokio::test]
async fn nobody_gives_or_takes_what_they_do_not_hold() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    server.create_user("ada", &["blog.read"]).await;
    let path = format!("/v1/users/{}", id(&server, "ada").await);
    for beyond in ["blog.read", "blog.*", "*", "signet.*", "signet.scopes.read"] {
        let grants = json!({ "grants": ["pages.read", beyond] });
        for verb in ["grant", "ungrant"] {
            let answer = admin.post(&format!("{path}/{verb}"), grants.clone()).await;
            answer.refused(403, "would_escalate");
        }
        let new = json!({ "username": "eve", "grants": [beyond] });
        admin
            .post("/v1/users", new)
            .await
            .refused(403, "would_escalate");
    }
    assert_eq!(admin.get(&path).await.ok()["grants"], json!(["blog.read"]));
    // Held, but not in hand.
    let narrow = Person::log_in_for(&server, "admin", WRITE).await;
    let grants = json!({ "grants": ["pages.read"] });
    let answer = narrow.post(&format!("{path}/grant"), grants).await;
    answer.refused(403, "would_escalate");
}

#[tokio::test]
async fn nobody_acts_on_the_credentials_of_somebody_who_holds_more() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    server.create_user("root", &["*"]).await;
    server.create_user("ada", &["blog.read"]).await;
    for name in ["root", "ada"] {
        let path = format!("/v1/users/{}", id(&server, name).await);
        let password = json!({ "password": "another walnut saddle 43" });
        for answer in [
            admin.put(&format!("{path}/password"), password).await,
            admin.post(&format!("{path}/disable"), json!({})).await,
            admin.post(&format!("{path}/enable"), json!({})).await,
            admin.delete(&path).await,
        ] {
            answer.refused(403, "would_escalate");
        }
        Person::log_in(&server, name, PASSWORD).await;
    }
}

#[tokio::test]
async fn a_password_that_is_set_ends_sessions_and_is_never_ones_own() {
    let server = TestServer::start().await;
    let admin = administrator(&server).await;
    let mut ada = server.person("ada").await;
    let path = format!("/v1/users/{}/password", id(&server, "ada").await);
    let password = json!({ "password": "another walnut saddle 43" });
    admin.put(&path, password.clone()).await.no_content();
    ada.refresh().await.refused(401, "session_ended");
    Person::log_in(&server, "ada", "another walnut saddle 43").await;
    let own = format!("/v1/users/{}/password", id(&server, "admin").await);
    let refused = admin.put(&own, password).await;
    refused.refused(403, "reauthentication_required");
}

#[tokio::test]
async fn a9_the_last_holder_of_everything_stays() {
    let server = TestServer::start().await;
    server.create_user("root", &["*"]).await;
    let root = Person::log_in_for(&server, "root", "* signet.*").await;
    let path = format!("/v1/users/{}", id(&server, "root").await);
    let star = json!({ "grants": ["*"] });
    for answer in [
        root.post(&format!("{path}/disable"), json!({})).await,
        root.post(&format!("{path}/ungrant"), star.clone()).await,
        root.delete(&path).await,
    ] {
        answer.refused(409, "conflict");
    }
    server.create_user("second", &[]).await;
    let second = format!("/v1/users/{}", id(&server, "second").await);
    root.post(&format!("{second}/grant"), star).await.ok();
    let disabled = root.post(&format!("{path}/disable"), json!({})).await.ok();
    assert!(disabled["disabled_at"].is_string());
}

#[tokio::test]
async fn changing_grants_needs_a_fresh_login_or_the_password() {
    let server = TestServer::start().await;
    let mut admin = administrator(&server).await;
    server.create_user("ada", &[]).await;
    let path = format!("/v1/users/{}", id(&server, "ada").await);
    server.clock.advance(Duration::from_secs(301));
    admin.refresh().await.ok();
    let bare = json!({ "grants": ["pages.read"] });
    for verb in ["grant", "ungrant"] {
        let answer = admin.post(&format!("{path}/{verb}"), bare.clone()).await;
        answer.refused(403, "reauthentication_required");
        let wrong = json!({ "grants": ["pages.read"], "current_password": "not the one at all" });
        let answer = admin.post(&format!("{path}/{verb}"), wrong).await;
        answer.refused(403, "reauthentication_required");
        let proven = json!({ "grants": ["pages.read"], "current_password": PASSWORD });
        admin.post(&format!("{path}/{verb}"), proven).await.ok();
    }
    let new = json!({ "username": "eve", "grants": ["pages.read"] });
    let answer = admin.post("/v1/users", new).await;
    answer.refused(403, "reauthentication_required");
    let new = json!({ "username": "eve" });
    admin.post("/v1/users", new).await.created();
}
