//! /v1/users/{id}/sessions.

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Person, TestServer};

/// What an administrator of the users of these tests logs in for.
const BOTH: &str = "signet.users.read signet.users.write";

#[tokio::test]
async fn rt_18_an_administrator_sees_and_ends_the_sessions_of_anybody() {
    let server = TestServer::start().await;
    let root = administrator(&server).await;
    let mut here = server.person("ada").await;
    let mut there = Person::log_in(&server, "ada", PASSWORD).await;
    let mut eve = server.person("eve").await;
    let path = path(&here);

    let page = root.get(&path).await.ok();
    let mut listed = ids(&page);
    let mut own = [sid(&here), sid(&there)];
    listed.sort();
    own.sort();
    assert_eq!(listed, own);
    assert_eq!(page["total"], 2);

    root.delete(&format!("{path}/{}", sid(&eve)))
        .await
        .refused(404, "not_found");
    root.delete(&format!("{path}/{}", sid(&there)))
        .await
        .no_content();
    let ended = there.refresh().await;
    assert_eq!(ended.refused(401, "session_ended")["reason"], "admin");
    there
        .get("/v1/me")
        .await
        .refused(401, "invalid_access_token");
    here.refresh().await.ok();

    for _ in 0..2 {
        root.delete(&path).await.no_content();
        here.refresh().await.refused(401, "session_ended");
    }
    assert_eq!(root.get(&path).await.ok()["items"], json!([]));
    eve.refresh().await.ok();
    server.login("ada", PASSWORD).await.ok();
}

#[tokio::test]
async fn each_session_says_what_its_owner_would_know_it_by() {
    let server = TestServer::start().await;
    let root = administrator(&server).await;
    let ada = server.person("ada").await;
    let page = root.get(&path(&ada)).await.ok();
    let session = &page["items"][0];
    let begun = &session["created_at"];
    assert_eq!(session["id"], ada.claims()["sid"]);
    assert_eq!(session["client_id"], ada.claims()["client_id"]);
    assert_eq!(session["address"], "127.0.0.1");
    assert_eq!(session["amr"], json!(["pwd"]));
    assert_eq!(session["current"], false);
    assert_eq!(&session["last_used_at"], begun);
    assert!(session["expires_at"].as_str() > begun.as_str());
    // The administrator's own session is marked in their own list.
    let own = root.get(&path(&root)).await.ok();
    assert_eq!(own["items"][0]["current"], true);
}

#[tokio::test]
async fn whoever_holds_more_is_out_of_reach() {
    let server = TestServer::start().await;
    let root = administrator(&server).await;
    for grant in ["pages.write", "*", "signet.*", "signet.scopes.read"] {
        let name = grant.replace(['*', '.'], "x");
        server.create_user(&name, &[grant]).await;
        let mut other = Person::log_in(&server, &name, PASSWORD).await;
        let path = path(&other);
        let one = format!("{path}/{}", sid(&other));
        for path in [&path, &one] {
            root.delete(path).await.refused(403, "would_escalate");
        }
        // To look is not to act.
        root.get(&path).await.ok();
        other.refresh().await.ok();
    }
    let mut other = Person::log_in(&server, "pagesxwrite", PASSWORD).await;
    let scope = "pages.write signet.users.write";
    let root = Person::log_in_for(&server, "root", scope).await;
    root.delete(&path(&other)).await.no_content();
    other.refresh().await.refused(401, "session_ended");
}

#[tokio::test]
async fn nobody_has_no_sessions() {
    let server = TestServer::start().await;
    let root = administrator(&server).await;
    let ada = server.person("ada").await;
    server.delete_user("ada").await;
    for id in [
        "usr_01890a5d-ac96-774b-bcce-b302099a8057",
        ada.claims()["sub"].as_str().unwrap(),
        "ada",
        "ses_01890a5d-ac96-774b-bcce-b302099a8057",
    ] {
        let path = format!("/v1/users/{id}/sessions");
        root.get(&path).await.refused(404, "not_found");
        root.delete(&path).await.refused(404, "not_found");
        root.delete(&format!("{path}/{}", sid(&ada)))
            .await
            .refused(404, "not_found");
    }
}

async fn administrator(server: &TestServer) -> Person<'_> {
    server
        .create_user("root", &["pages.*", "signet.users.*"])
        .await;
    Person::log_in_for(server, "root", BOTH).await
}

fn path(person: &Person<'_>) -> String {
    let id = person.claims()["sub"].as_str().unwrap().to_owned();
    format!("/v1/users/{id}/sessions")
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

fn sid(person: &Person<'_>) -> String {
    person.claims()["sid"].as_str().unwrap().to_owned()
}
