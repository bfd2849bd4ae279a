//! A key for a username and a password, where the client allows it.

use serde_json::{Value, json};

use crate::harness::{Answer, PASSWORD, TestServer};

async fn allowing() -> TestServer {
    let server = TestServer::with(|settings| settings.default_client.keys_for_passwords = true);
    let server = server.await;
    server
        .create_user("ada", &["pages.read", "signet.users.read"])
        .await;
    server
}

async fn ask(server: &TestServer, more: Value) -> Answer {
    let mut body = json!({ "username": "ada", "password": PASSWORD, "name": "laptop" });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    server.post("/v1/auth/api-key", body).await
}

#[tokio::test]
async fn it_is_off_unless_the_client_allows_it() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let fields = ask(&server, json!({})).await.invalid_fields();
    assert_eq!(
        fields,
        [("/client_id".to_owned(), "not_allowed".to_owned())]
    );
    let unknown = json!({ "client_id": "cli_01890a5d-ac96-774b-bcce-b302099a8057" });
    let fields = ask(&server, unknown).await.invalid_fields();
    assert_eq!(
        fields,
        [("/client_id".to_owned(), "unknown_client".to_owned())]
    );
}

#[tokio::test]
async fn a_password_makes_a_key_with_what_a_login_gives() {
    let server = allowing().await;
    let answer = ask(&server, json!({})).await;
    assert_eq!(answer.status, 201);
    let answer = answer.json();
    let ada = server.auth.find_user("ada").await.unwrap();
    assert_eq!(answer["user_id"], ada.id.to_string());
    assert_eq!(answer["username"], "ada");
    assert_eq!(answer["created_at"], "2026-06-01T12:00:00.000Z");
    assert_eq!(answer["expires_at"], "2026-07-01T12:00:00.000Z");
    let key = server
        .auth
        .api_key_named(Some(ada.id), "laptop")
        .await
        .unwrap();
    assert_eq!(answer["id"], key.id.to_string());
    assert_eq!(key.scopes.to_string(), "pages.read");
}

#[tokio::test]
async fn it_never_gives_what_administers_signet() {
    let server = allowing().await;
    for own in ["signet.users.read", "signet.*", "signet.unheard"] {
        let fields = ask(&server, json!({ "scopes": [own] }))
            .await
            .invalid_fields();
        assert_eq!(fields, [("/scopes".to_owned(), "not_allowed".to_owned())]);
    }
    ask(&server, json!({ "scopes": ["*"] }))
        .await
        .refused(403, "would_escalate");
}

#[tokio::test]
async fn ak_11_a_taken_name_is_rotated_if_it_is_asked_for() {
    let server = allowing().await;
    let first = ask(&server, json!({})).await.json();
    let problem = ask(&server, json!({})).await.refused(409, "api_key_exists");
    assert_eq!(problem["api_key_id"], first["id"]);
    let second = ask(&server, json!({ "rotate": true })).await;
    assert_eq!(second.status, 201);
    let second = second.json();
    assert_eq!(second["id"], first["id"]);
    assert_ne!(second["api_key"], first["api_key"]);
    // Where there is none of the name, it is made.
    let other = ask(&server, json!({ "rotate": true, "name": "other" }))
        .await
        .json();
    assert_ne!(other["id"], first["id"]);
}

#[tokio::test]
async fn it_rotates_no_key_that_may_do_more_than_it_gives() {
    let server = allowing().await;
    let ada = crate::harness::Person::log_in_for(&server, "ada", "signet.users.read").await;
    ada.create_key(json!({ "name": "laptop", "scopes": ["signet.users.read"] }))
        .await;
    ask(&server, json!({ "rotate": true }))
        .await
        .refused(403, "would_escalate");
}

#[tokio::test]
async fn it_is_refused_like_a_login() {
    let server = allowing().await;
    let wrong = ask(&server, json!({ "password": "wrong walnut saddle 42" })).await;
    let wrong = wrong.refused(401, "invalid_credentials");
    let unknown = ask(&server, json!({ "username": "nobody" })).await;
    let unknown = unknown.refused(401, "invalid_credentials");
    server.disable_user("ada").await;
    let disabled = ask(&server, json!({}))
        .await
        .refused(401, "invalid_credentials");
    for problem in [&unknown, &disabled] {
        assert_eq!(
            (&problem["title"], &problem["detail"]),
            (&wrong["title"], &wrong["detail"])
        );
    }
    let missing = server
        .post("/v1/auth/api-key", json!({ "username": "ada" }))
        .await;
    let mut fields = missing.invalid_fields();
    fields.sort();
    let missing = |field: &str| (field.to_owned(), "missing".to_owned());
    assert_eq!(fields, [missing("/name"), missing("/password")]);
}
