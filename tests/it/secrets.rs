//! What is kept and what is said: never a secret.

use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde_json::json;

use crate::harness::{Ask, Log, PASSWORD, TestServer};

const NEW_PASSWORD: &str = "copper lantern ferry 77";

#[tokio::test]
async fn rt_12_no_token_and_no_digest_of_one_is_stored() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let mut secrets = vec![PASSWORD.as_bytes().to_vec()];
    for _ in 0..3 {
        for token in [&ada.refresh_token, &ada.access_token] {
            secrets.push(token.as_bytes()[token.len() - 40..].to_vec());
            secrets.push(digest(&SHA256, token.as_bytes()).as_ref().to_vec());
        }
        ada.refresh().await.ok();
    }
    let dump = server.store.dump().await;
    let sid = ada.claims()["sid"].as_str().unwrap().to_owned();
    assert!(
        contains(&dump, sid.as_bytes()),
        "the dump holds the session"
    );
    for secret in secrets {
        assert!(
            !contains(&dump, &secret),
            "{}",
            String::from_utf8_lossy(&secret)
        );
    }
}

#[tokio::test]
async fn pw_06_passwords_are_kept_as_argon2id_strings() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    server.create_user("eve", &[]).await;
    let dump = server.store.dump().await;
    let dump = String::from_utf8_lossy(&dump);
    let mut salts = Vec::new();
    for hash in dump.split("$argon2id$v=19$m=8,t=1,p=1$").skip(1) {
        salts.push(hash.split('$').next().unwrap().to_owned());
    }
    assert!(
        salts.iter().all(|salt| salt.len() >= 22),
        "a salt is 16 bytes or more: {salts:?}"
    );
    salts.sort();
    salts.dedup();
    assert!(salts.len() >= 2, "each password has its own salt");
}

#[tokio::test]
async fn pw_09_no_secret_is_logged_or_answered() {
    Log::keep();
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let mut secrets = vec![ada.access_token.clone(), ada.refresh_token.clone()];
    ada.refresh().await.ok();
    secrets.extend([ada.access_token.clone(), ada.refresh_token.clone()]);
    let change = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    ada.put("/v1/me/password", change).await.no_content();
    let broken = json!({ "username": ["broken-secret"], "password": { "x": "broken-secret" } });
    let refusals = [
        // People type passwords into the name field.
        server.login(NEW_PASSWORD, "ada").await,
        server.login("ada", "wrong-secret-guess").await,
        server.refresh("signet_rt_typed-by-hand").await,
        server.post("/v1/auth/login", broken).await,
        server.get("/v1/me?access_token=secret-in-the-url").await,
        server
            .request(reqwest::Method::GET, "/v1/me")
            .bearer_auth("secret-in-a-header")
            .ask()
            .await,
    ];
    ada.log_out().await.no_content();

    assert!(Log::own().contains("login.succeeded"), "{}", Log::own());
    let mut text = Log::all();
    for refusal in refusals {
        assert!(matches!(refusal.status, 401 | 422), "{}", refusal.status);
        text.push_str(refusal.text());
    }
    secrets.extend([PASSWORD, NEW_PASSWORD].map(str::to_owned));
    secrets.extend(
        [
            "secret-guess",
            "typed-by-hand",
            "broken-secret",
            "secret-in",
        ]
        .map(str::to_owned),
    );
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} is told");
    }
}

#[tokio::test]
async fn rt_15_reuse_leaves_an_event_that_names_the_session() {
    Log::keep();
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let stolen = ada.refresh_token.clone();
    for _ in 0..2 {
        ada.refresh().await.ok();
        server.clock.advance(Duration::from_mins(1));
    }
    server.refresh(&stolen).await.refused(401, "session_ended");
    let text = Log::own();
    let sid = ada.claims()["sid"].as_str().unwrap().to_owned();
    let event = text
        .lines()
        .find(|line| line.contains("reuse") && line.contains(&sid));
    assert!(event.is_some(), "{text}");
    assert!(!text.contains("signet_rt_"));
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}
