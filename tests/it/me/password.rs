//! PUT /v1/me/password.

use serde_json::json;

use crate::harness::{Answer, PASSWORD, Person, TestServer};

const PATH: &str = "/v1/me/password";
const NEW: &str = "copper lantern ferry 77";

#[tokio::test]
async fn lg_09_a_change_needs_the_current_password() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    change(&ada, "not her password", NEW)
        .await
        .refused(403, "reauthentication_required");
    server.login("ada", PASSWORD).await.ok();
    change(&ada, PASSWORD, NEW).await.no_content();
    server
        .login("ada", PASSWORD)
        .await
        .refused(401, "invalid_credentials");
    server.login("ada", NEW).await.ok();
}

#[tokio::test]
async fn lg_09_a_change_ends_all_other_sessions() {
    let server = TestServer::start().await;
    let mut here = server.person("ada").await;
    let mut there = Person::log_in(&server, "ada", PASSWORD).await;
    change(&here, PASSWORD, NEW).await.no_content();
    let answer = there.refresh().await;
    assert_eq!(
        answer.refused(401, "session_ended")["reason"],
        "password_changed"
    );
    there
        .get("/v1/me")
        .await
        .refused(401, "invalid_access_token");
    here.refresh().await.ok();
    here.get("/v1/me").await.ok();
}

#[tokio::test]
async fn pw_01_fifteen_characters_are_the_least() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let short = change(&ada, PASSWORD, "k7#vQ2m!xR9pZ4").await;
    assert_eq!(
        short.invalid_fields(),
        [("/new_password".to_owned(), "too_short".to_owned())]
    );
    change(&ada, PASSWORD, "k7#vQ2m!xR9pZ4w").await.no_content();
}

#[tokio::test]
async fn pw_02_long_and_foreign_passwords_are_taken_as_they_are() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let long = "grüße 🚲 an 明日 und übermorgen, ".repeat(8);
    assert!(long.chars().count() > 200);
    change(&ada, PASSWORD, &long).await.no_content();
    server.login("ada", &long).await.ok();
    let cut: String = long.chars().take(128).collect();
    server
        .login("ada", &cut)
        .await
        .refused(401, "invalid_credentials");
    // The same text, typed on a keyboard that sends letters and marks apart.
    let decomposed = long.replace('ü', "u\u{308}");
    server.login("ada", &decomposed).await.ok();
}

#[tokio::test]
async fn pw_03_no_kind_of_character_is_demanded() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    change(&ada, PASSWORD, "quilt harbor zebra monsoon")
        .await
        .no_content();
}

#[tokio::test]
async fn pw_04_what_is_easily_guessed_is_refused() {
    let server = TestServer::start().await;
    let ada = server.person("ada_lovelace").await;
    for easy in [
        "aaaaaaaaaaaaaaaaaaaa",
        "abcdefghijklmnopqrstuvwxyz",
        "12345678901234567890",
        "passwordpassword",
        "ada_lovelaceada_lovelace",
        "signetsignetsignet",
    ] {
        let fields = change(&ada, PASSWORD, easy).await.invalid_fields();
        assert_eq!(fields[0].0, "/new_password", "{easy}");
    }
}

#[tokio::test]
async fn pw_05_a_refusal_says_why() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    for (password, code) in [
        ("short", "too_short"),
        ("passwordpassword", "password_blocklisted"),
    ] {
        let fields = change(&ada, PASSWORD, password).await.invalid_fields();
        assert_eq!(fields, [("/new_password".to_owned(), code.to_owned())]);
    }
}

async fn change(person: &Person<'_>, current: &str, new: &str) -> Answer {
    let body = json!({ "current_password": current, "new_password": new });
    person.put(PATH, body).await
}
