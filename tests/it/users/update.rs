//! Changing what a user is called and logs in with.

use serde_json::{Value, json};

use super::super::verify::gateway::{asked, server as behind_a_gateway};
use crate::harness::{Answer, PASSWORD, Person, TestServer};

const WRITE: &str = "signet.users.read signet.users.write";

/// Ada, and an administrator who may change her; the path of Ada.
async fn administrator(server: &TestServer) -> (Person<'_>, String) {
    server.create_user("ada", &["pages.read"]).await;
    server
        .create_user("admin", &["pages.*", "signet.users.*"])
        .await;
    let admin = Person::log_in_for(server, "admin", &format!("pages.* {WRITE}")).await;
    let ada = server.auth.find_user("ada").await.unwrap();
    (admin, format!("/v1/users/{}", ada.id))
}

async fn introspected(person: &Person<'_>) -> Value {
    let body = json!({ "tokens": [person.access_token] });
    person.post("/v1/introspect", body).await.ok()["results"][0].clone()
}

#[tokio::test]
async fn a_user_is_renamed_and_goes_on() {
    let server = TestServer::start().await;
    let (admin, path) = administrator(&server).await;
    let mut ada = Person::log_in(&server, "ada", PASSWORD).await;
    assert_eq!(introspected(&ada).await["username"], "ada");
    let before = admin.get(&path).await.ok();
    let names = json!({ "username": "Ada.Lovelace", "email": "Ada@Example.com" });
    let renamed = admin.patch(&path, names.clone()).await.ok();
    let mut expected = before;
    expected["username"] = "ada.lovelace".into();
    expected["email"] = "ada@example.com".into();
    assert_eq!(renamed, expected);
    assert_eq!(admin.get(&path).await.ok(), expected);
    assert_eq!(admin.patch(&path, names).await.ok(), expected);

    // The session goes on, and what was remembered of her is told anew.
    assert_eq!(introspected(&ada).await["username"], "ada.lovelace");
    ada.refresh().await.ok();
    assert_eq!(ada.get("/v1/me").await.ok()["username"], "ada.lovelace");
    for name in ["ada.lovelace", "ADA@example.com"] {
        server.login(name, PASSWORD).await.ok();
    }
    let former = server.login("ada", PASSWORD).await;
    former.refused(401, "invalid_credentials");
    // A name that was left is free.
    server.create_user("ada", &[]).await;
}

#[tokio::test]
async fn what_is_absent_stays_and_an_address_can_be_taken_away() {
    let server = TestServer::start().await;
    let (admin, path) = administrator(&server).await;
    let named = |user: &Value| (user["username"].clone(), user["email"].clone());
    let user = admin.patch(&path, json!({})).await.ok();
    assert_eq!(named(&user), ("ada".into(), Value::Null));
    let email = json!({ "email": "ada@example.com" });
    let user = admin.patch(&path, email).await.ok();
    assert_eq!(named(&user), ("ada".into(), "ada@example.com".into()));
    let user = admin.patch(&path, json!({ "username": "lovelace" })).await;
    assert_eq!(
        named(&user.ok()),
        ("lovelace".into(), "ada@example.com".into())
    );
    let none = json!({ "remove_email": true });
    for _ in 0..2 {
        let user = admin.patch(&path, none.clone()).await.ok();
        assert_eq!(named(&user), ("lovelace".into(), Value::Null));
    }
    let former = server.login("ada@example.com", PASSWORD).await;
    former.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn a_taken_name_is_refused_and_nothing_changes() {
    let server = TestServer::start().await;
    let (admin, path) = administrator(&server).await;
    let ben = json!({ "username": "ben", "email": "ben@example.com" });
    admin.post("/v1/users", ben.clone()).await.created();
    let before = admin.get(&path).await.ok();
    for (wish, code) in [
        (json!({ "username": "BEN" }), "username_taken"),
        (json!({ "email": "ben@Example.com" }), "email_taken"),
        (
            json!({ "username": "free", "email": "ben@example.com" }),
            "email_taken",
        ),
    ] {
        admin.patch(&path, wish).await.refused(409, code);
        assert_eq!(admin.get(&path).await.ok(), before);
    }
    // The same two at a creation.
    let again = admin.post("/v1/users", ben).await;
    again.refused(409, "username_taken");
    let other = json!({ "username": "eve", "email": "ben@example.com" });
    let again = admin.post("/v1/users", other).await;
    again.refused(409, "email_taken");
}

#[tokio::test]
async fn what_makes_no_sense_is_named() {
    let server = TestServer::start().await;
    let (admin, path) = administrator(&server).await;
    let fields = |answer: Answer| {
        let wrong = answer.invalid_fields();
        let pointers = wrong.into_iter().map(|(pointer, _)| pointer);
        pointers.collect::<Vec<_>>()
    };
    let id = path.rsplit('/').next().unwrap();
    for (wish, pointers) in [
        (json!({ "username": "a b" }), &["/username"][..]),
        (json!({ "username": id }), &["/username"]),
        (
            json!({ "username": "a@b.c", "email": "nowhere" }),
            &["/username", "/email"],
        ),
        (json!({ "email": null }), &["/email"]),
        (json!({ "disabled": true }), &[""]),
        (
            json!({ "email": "ada@example.com", "remove_email": true }),
            &["/remove_email"],
        ),
    ] {
        let refused = admin.patch(&path, wish.clone()).await;
        assert_eq!(fields(refused), pointers, "{wish}");
    }
    let nobody = "/v1/users/usr_01890a5d-ac96-774b-bcce-b302099a8057";
    let wish = json!({ "username": "eve" });
    admin.patch(nobody, wish).await.refused(404, "not_found");
}

#[tokio::test]
async fn nobody_renames_somebody_who_holds_more() {
    let server = TestServer::start().await;
    let (admin, _) = administrator(&server).await;
    server.create_user("root", &["*"]).await;
    let root = server.auth.find_user("root").await.unwrap().id;
    let wish = json!({ "email": "mallory@example.com" });
    let answer = admin.patch(&format!("/v1/users/{root}"), wish).await;
    answer.refused(403, "would_escalate");
}

#[tokio::test]
async fn applications_behind_a_gateway_hear_the_new_name() {
    let rules = r#"
        [[verify.rules]]
        accept = ["bearer_jwt", "bearer_api_key", "basic"]
    "#;
    let server = behind_a_gateway(rules).await;
    let (admin, path) = administrator(&server).await;
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    let key = ada.create_key(json!({ "name": "laptop" })).await;
    let basic = |name: &str| {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        format!("Basic {}", STANDARD.encode(format!("{name}:{PASSWORD}")))
    };
    let former = basic("ada");
    let by = || {
        [
            asked(&server, "/").bearer(&ada.access_token),
            asked(&server, "/").bearer(&key.text),
        ]
    };
    for request in by() {
        let answer = request.passes().await;
        assert_eq!(answer.header("x-auth-username"), "ada");
    }
    let password = || asked(&server, "/").header("Authorization", &former);
    password().passes().await;
    let wish = json!({ "username": "lovelace" });
    admin.patch(&path, wish).await.ok();
    for request in by() {
        let answer = request.passes().await;
        assert_eq!(answer.header("x-auth-username"), "lovelace");
    }
    // A password that was right for a name is not remembered for it.
    password().refused(401, "invalid_credentials").await;
    let request = asked(&server, "/").header("Authorization", &basic("lovelace"));
    request.passes().await;
}
