//! How a client proves that it is the one it says (RFC 6749 §2.3.1).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use signet::model::authority::Authority;

use crate::harness::{Answer, Ask, TestServer};

use super::{Registered, form, page, refused, service, token};

async fn basic(server: &TestServer, credentials: &str) -> Answer {
    let request = form(
        server,
        "/oauth/token",
        &[("grant_type", "client_credentials")],
    );
    let value = format!("Basic {}", STANDARD.encode(credentials));
    request.header("Authorization", value).ask().await
}

async fn post(server: &TestServer, id: &str, secret: &str) -> Answer {
    let asked = [
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
    ];
    token(server, &asked).await
}

#[tokio::test]
async fn te_11_a_wrong_secret_by_basic_is_challenged_with_basic() {
    let server = TestServer::start().await;
    let Registered { id, secret } = service(&server).await;
    basic(&server, &format!("{id}:{secret}")).await.ok();
    for wrong in [
        format!("{id}:{secret}x"),
        format!("{id}:"),
        "x:y".to_owned(),
        "x".to_owned(),
    ] {
        let answer = basic(&server, &wrong).await;
        refused(&answer, 401, "invalid_client");
        assert!(
            answer
                .header("www-authenticate")
                .starts_with("Basic realm=")
        );
    }
    let request = form(
        &server,
        "/oauth/token",
        &[("grant_type", "client_credentials")],
    );
    refused(
        &request.bearer_auth(&secret).ask().await,
        401,
        "invalid_client",
    );
}

#[tokio::test]
async fn te_12_unknown_clients_and_wrong_secrets_are_one_answer_without_a_challenge() {
    let server = TestServer::start().await;
    let Registered { id, secret } = service(&server).await;
    let other = service(&server).await;
    let told = |answer: &Answer| {
        let mut body = refused(answer, 401, "invalid_client");
        assert!(!answer.has("www-authenticate"));
        body["request_id"].take();
        body
    };
    let wrong = told(&post(&server, &id, "wrong").await);
    assert_eq!(told(&post(&server, &id, &other.secret).await), wrong);
    assert_eq!(told(&post(&server, "nobody", &secret).await), wrong);
    let unknown = id.replace("cli_0", "cli_1");
    assert_eq!(told(&post(&server, &unknown, &secret).await), wrong);
    let none = [("grant_type", "client_credentials"), ("client_id", &*id)];
    assert_eq!(told(&token(&server, &none).await), wrong);
    // A public client has no secret: whoever shows one is not it.
    let page = page(&server).await;
    let asked = [
        ("grant_type", "refresh_token"),
        ("client_id", &*page.id),
        ("client_secret", "x"),
    ];
    assert_eq!(told(&token(&server, &asked).await), wrong);
    let disabled = id.parse().unwrap();
    server
        .auth
        .disable_client(&Authority::Operator, disabled)
        .await
        .unwrap();
    assert_eq!(told(&post(&server, &id, &secret).await), wrong);
}

#[tokio::test]
async fn te_13_basic_is_form_encoded() {
    let server = TestServer::start().await;
    let Registered { id, secret } = service(&server).await;
    let encoded = format!("{}:{}", id.replace('_', "%5F"), secret.replace('_', "%5f"));
    basic(&server, &encoded).await.ok();
    for wrong in [format!("{id}:%"), format!("{id}:%ff"), format!("{id}:%zz")] {
        refused(&basic(&server, &wrong).await, 401, "invalid_client");
    }
}

#[tokio::test]
async fn te_14_a_secret_is_shown_in_one_way() {
    let server = TestServer::start().await;
    let Registered { id, secret } = service(&server).await;
    let both = [
        ("grant_type", "client_credentials"),
        ("client_secret", &*secret),
    ];
    let request = form(&server, "/oauth/token", &both).basic_auth(&id, Some(&secret));
    refused(&request.ask().await, 400, "invalid_request");
    let same = [("grant_type", "client_credentials"), ("client_id", &*id)];
    let request = form(&server, "/oauth/token", &same).basic_auth(&id, Some(&secret));
    request.ask().await.ok();
    let other = [("grant_type", "client_credentials"), ("client_id", "cli_x")];
    let request = form(&server, "/oauth/token", &other).basic_auth(&id, Some(&secret));
    refused(&request.ask().await, 400, "invalid_request");
}

#[tokio::test]
async fn te_18_a_public_client_names_itself() {
    let server = TestServer::start().await;
    let asked = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    refused(&token(&server, &asked).await, 400, "invalid_request");
}

#[tokio::test]
async fn te_21_an_api_key_is_no_secret_and_a_secret_no_api_key() {
    let server = TestServer::start().await;
    let Registered { id, secret } = service(&server).await;
    let ada = server.person("ada").await;
    let key = ada.create_key(serde_json::json!({ "name": "CI" })).await;
    refused(&post(&server, &id, &key.text).await, 401, "invalid_client");
    let both = format!("{id}:{}", key.text);
    refused(&basic(&server, &both).await, 401, "invalid_client");
    assert!(!server.auth.is_api_key(&secret));
    let request = server.request(reqwest::Method::GET, "/v1/users");
    let answer = request.bearer_auth(&secret).ask().await;
    answer.refused(401, "invalid_access_token");
}

#[tokio::test]
async fn a_rotated_secret_counts_until_the_overlap_ends() {
    let server = TestServer::start().await;
    let Registered { id, secret } = service(&server).await;
    let (by, client) = (&Authority::Operator, id.parse().unwrap());
    let rotate = async |overlap| {
        let issued = server.auth.rotate_client_secret(by, None, client, overlap);
        issued.await.unwrap().secret.unwrap().to_string()
    };
    let second = rotate(Duration::from_mins(1)).await;
    post(&server, &id, &secret).await.ok();
    post(&server, &id, &second).await.ok();
    server.clock.advance(Duration::from_mins(1));
    refused(&post(&server, &id, &secret).await, 401, "invalid_client");
    let third = rotate(Duration::ZERO).await;
    refused(&post(&server, &id, &second).await, 401, "invalid_client");
    post(&server, &id, &third).await.ok();
}

#[tokio::test]
async fn rl_03_guessing_is_slowed_down_in_the_words_of_oauth_and_the_client_is_not() {
    let server = TestServer::start().await;
    let Registered { id, secret } = service(&server).await;
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(post(&server, &id, "wrong").await.status);
    }
    assert_eq!((statuses[0], statuses[11]), (401, 429));
    let answer = post(&server, &id, "wrong").await;
    refused(&answer, 429, "temporarily_unavailable");
    assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
    // So it is at each endpoint where a client proves itself.
    for path in ["/oauth/revoke", "/oauth/introspect"] {
        let wrong = [
            ("token", "x"),
            ("client_id", &id),
            ("client_secret", "wrong"),
        ];
        let answer = form(&server, path, &wrong).ask().await;
        refused(&answer, 429, "temporarily_unavailable");
        assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
    }
    post(&server, &id, &secret).await.ok();
}
