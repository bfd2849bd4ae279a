//! POST /v1/auth/login.

use serde_json::json;

use crate::harness::{Ask, ORIGIN, PASSWORD, Person, TestServer};

const PATH: &str = "/v1/auth/login";

#[tokio::test]
async fn lg_01_a_login_answers_with_a_pair_of_tokens() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let answer = server.login("ada", PASSWORD).await;
    let tokens = answer.ok();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 300);
    assert!(
        tokens["refresh_token"]
            .as_str()
            .unwrap()
            .starts_with("signet_rt_")
    );
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn names_are_folded_and_passwords_are_not() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    server.login("ADA", PASSWORD).await.ok();
    server
        .login("ada", &PASSWORD.to_uppercase())
        .await
        .refused(401, "invalid_credentials");
    server
        .login("ada", &format!("{PASSWORD} "))
        .await
        .refused(401, "invalid_credentials");
}

#[tokio::test]
async fn lg_02_unknown_wrong_and_disabled_are_one_answer() {
    let server = TestServer::start().await;
    for name in ["ada", "eve"] {
        server.create_user(name, &[]).await;
    }
    server.disable_user("eve").await;
    let mut answers = Vec::new();
    for (name, password) in [
        ("ada", "not her password"),
        ("nobody", PASSWORD),
        ("eve", PASSWORD),
    ] {
        let mut answer = server.login(name, password).await;
        let mut problem = answer.refused(401, "invalid_credentials");
        problem["request_id"] = json!(null);
        for header in ["x-request-id", "date"] {
            answer.headers.remove(header);
        }
        answers.push((problem, answer.headers));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[tokio::test]
async fn lg_07_each_login_opens_its_own_session() {
    let server = TestServer::start().await;
    let first = server.person("ada").await;
    let second = Person::log_in(&server, "ada", PASSWORD).await;
    assert_ne!(first.claims()["sid"], second.claims()["sid"]);
    assert_ne!(first.refresh_token, second.refresh_token);
}

#[tokio::test]
async fn lg_11_there_is_no_user_until_one_is_made() {
    let server = TestServer::start().await;
    for name in ["admin", "root", "demo", "signet"] {
        for password in ["admin", "password", "signet", ""] {
            let status = server.login(name, password).await.status;
            assert!(matches!(status, 401 | 422 | 429), "{status}");
        }
    }
}

#[tokio::test]
async fn lg_13_oversized_input_is_refused_before_hashing() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let answer = server.login("ada", &"a".repeat(2000)).await;
    assert_eq!(
        answer.invalid_fields(),
        [("/password".to_owned(), "too_long".to_owned())]
    );
    let answer = server.login(&"a".repeat(2000), PASSWORD).await;
    assert_eq!(
        answer.invalid_fields(),
        [("/username".to_owned(), "too_long".to_owned())]
    );
    for length in [4096, 70_000] {
        let answer = server.login("ada", &"a".repeat(length)).await;
        answer.refused(413, "body_too_large");
    }
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    let long = json!({ "current_password": PASSWORD, "new_password": "a".repeat(4096) });
    ada.put("/v1/me/password", long)
        .await
        .refused(413, "body_too_large");
}

#[tokio::test]
async fn bad_input_names_its_field() {
    let server = TestServer::start().await;
    let cases = [
        (json!({}), "/username"),
        (json!({ "username": "ada" }), "/password"),
        (json!({ "username": 7, "password": "x" }), "/username"),
        (json!({ "username": null, "password": "x" }), "/username"),
        (json!({ "username": ["ada"], "password": "x" }), "/username"),
        (
            json!({ "username": "ada", "password": "x", "pasword": "y" }),
            "",
        ),
        (
            json!({ "username": "ada", "password": "x", "delivery": null }),
            "/delivery",
        ),
        (
            json!({ "username": "ada", "password": "x", "scope": null }),
            "/scope",
        ),
        (json!({ "username": "", "password": "x" }), "/username"),
        (json!({ "username": "ada", "password": "" }), "/password"),
        (
            json!({ "username": "ada", "password": "x", "audience": [] }),
            "/audience",
        ),
        (
            json!({ "username": "ada", "password": "x", "audience": [""] }),
            "/audience/0",
        ),
        (
            json!({ "username": "ada", "password": "x", "delivery": "pigeon" }),
            "/delivery",
        ),
        (
            json!({ "username": "ada", "password": "x", "audience": "not a list" }),
            "/audience",
        ),
    ];
    for (body, pointer) in cases {
        let fields = server.post(PATH, body.clone()).await.invalid_fields();
        assert!(
            fields.iter().any(|(field, _)| field == pointer),
            "{body}: {fields:?}"
        );
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    let server = TestServer::start().await;
    let bodies: [&[u8]; 8] = [
        b"",
        b"{",
        b"[]",
        b"\"ada\"",
        b"{\"username\":\"ada\",\"username\":\"eve\",\"password\":\"x\"}",
        b"{\"username\":\"\xff\",\"password\":\"x\"}",
        b"\xef\xbb\xbf{\"username\":\"ada\",\"password\":\"x\"}",
        b"{\"username\":\"ada\",\"password\":\"x\"} x",
    ];
    for body in bodies {
        let request = server.request(reqwest::Method::POST, PATH);
        let request = request.header("Content-Type", "application/json");
        let answer = request.body(body.to_vec()).ask().await;
        let text = String::from_utf8_lossy(body);
        assert!(
            matches!(answer.status, 400 | 422),
            "{text}: {}",
            answer.status
        );
        answer.refused(answer.status, answer.json()["code"].as_str().unwrap());
    }
}

#[tokio::test]
async fn nul_and_other_controls_log_nobody_in() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    for name in ["ada\0", "\0ada", "ada\n", "a\u{202e}da", "ada'--", "%", "*"] {
        let status = server.login(name, PASSWORD).await.status;
        assert!(matches!(status, 401 | 422), "{name:?}: {status}");
    }
}

#[tokio::test]
async fn cs_04_a_login_for_a_cookie_from_a_foreign_page_is_refused() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let body = json!({ "username": "ada", "password": PASSWORD, "delivery": "cookie" });
    for origin in [
        "https://evil.example",
        "null",
        &format!("{ORIGIN}.evil.example"),
    ] {
        let request = server.request(reqwest::Method::POST, PATH).json(&body);
        let request = request
            .header("Origin", origin)
            .header("X-Signet-Request", "1");
        let answer = request.ask().await;
        answer.refused(403, "csrf_refused");
        assert!(!answer.has("set-cookie"));
    }
}
