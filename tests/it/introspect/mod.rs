//! `/oauth/introspect` and `/v1/introspect`: what is said of a credential, and to whom.

mod access_tokens;
mod api_keys;
mod askers;
mod clients;
mod cost;
mod refresh_tokens;
mod signed;

use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Ask, Key, PASSWORD, Person, TestServer};

const INTROSPECT: &str = "/oauth/introspect";
const NOT_ACTIVE: &str = r#"{"active":false}"#;

/// A resource server: what it presents.
struct ResourceServer<'a> {
    server: &'a TestServer,
    key: Key,
}

impl<'a> ResourceServer<'a> {
    /// One of the configured audience.
    async fn new(server: &'a TestServer) -> Self {
        Self::with(server, json!({ "scopes": ["signet.introspect"] })).await
    }

    async fn with(server: &'a TestServer, mut wish: Value) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        wish["name"] = format!("resource server {number}").into();
        if server.auth.find_user("operator").await.is_err() {
            server.create_user("operator", &["*"]).await;
        }
        let scope = "signet.introspect signet.introspect.any signet.api-keys.write";
        let operator = Person::log_in_for(server, "operator", scope).await;
        let answer = operator.post("/v1/api-keys", json!({ "key": wish })).await;
        let key = Key::of(&answer.created());
        Self { server, key }
    }

    async fn asks(&self, token: &str) -> Answer {
        ask(self.server, &self.key.text, &[("token", token)]).await
    }

    /// It has to be active.
    async fn hears(&self, token: &str) -> Value {
        let said = self.asks(token).await.ok();
        assert_eq!(said["active"], true, "{said}");
        said
    }

    async fn hears_nothing(&self, token: &str) {
        hears_nothing(&self.asks(token).await);
    }
}

#[track_caller]
fn hears_nothing(answer: &Answer) {
    assert_eq!((answer.status, answer.text()), (200, NOT_ACTIVE));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
}

/// Asks with a credential.
async fn ask(server: &TestServer, credential: &str, parameters: &[(&str, &str)]) -> Answer {
    let request = server.request(Method::POST, INTROSPECT);
    let request = request.bearer_auth(credential);
    request
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form(parameters))
        .ask()
        .await
}

/// Parameters in their encoding; those of these tests need no escapes but for spaces.
fn form(parameters: &[(&str, &str)]) -> String {
    let pairs = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace(' ', "+")));
    pairs.collect::<Vec<_>>().join("&")
}

/// Somebody with everyday scopes, and a key of theirs.
async fn ada(server: &TestServer) -> (Person<'_>, Key) {
    server
        .create_user("ada", &["pages.read", "pages.write"])
        .await;
    let ada = Person::log_in(server, "ada", PASSWORD).await;
    let key = ada.create_key(json!({ "name": "CI" })).await;
    (ada, key)
}
