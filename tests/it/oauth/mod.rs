mod assertion;
mod authentication;
mod exchange;
mod resource;
mod revoke;
mod token;

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use signet::auth::clients::ClientWish;
use signet::model::authority::Authority;
use signet::model::client::{ClientKind, GrantType};

use crate::harness::{Answer, Ask, PASSWORD, TestServer};

/// The grant type by which an API key becomes an access token (RFC 8693 §2.1).
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// A client, and its secret where it has one.
pub(crate) struct Registered {
    pub(crate) id: String,
    pub(crate) secret: String,
}

pub(crate) async fn register(
    server: &TestServer,
    kind: ClientKind,
    wish: ClientWish<'_>,
) -> Registered {
    let by = &Authority::Operator;
    let made = server
        .auth
        .create_client(by, None, kind, wish)
        .await
        .unwrap();
    Registered {
        id: made.client.id.to_string(),
        secret: made.secret.map(|text| text.to_string()).unwrap_or_default(),
    }
}

/// A client that logs users in.
async fn page(server: &TestServer) -> Registered {
    let wish = ClientWish {
        name: "page",
        ..ClientWish::default()
    };
    register(server, ClientKind::Public, wish).await
}

/// A server that acts for itself, within `pages.*`.
async fn service(server: &TestServer) -> Registered {
    server
        .register(&["pages.read", "pages.write", "blog.read"])
        .await;
    let wish = ClientWish {
        name: "service",
        scopes: Some(&["pages.*".to_owned()]),
        grant_types: Some(vec![GrantType::ClientCredentials]),
        ..ClientWish::default()
    };
    register(server, ClientKind::Confidential, wish).await
}

pub(crate) fn form(server: &TestServer, path: &str, parameters: &[(&str, &str)]) -> RequestBuilder {
    let encode = |text: &str| {
        let bytes = text.bytes();
        bytes.fold(String::new(), |all, byte| format!("{all}%{byte:02x}"))
    };
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", encode(value));
    let pairs: Vec<String> = parameters.iter().map(pair).collect();
    let request = server.request(Method::POST, path).body(pairs.join("&"));
    request.header("Content-Type", "application/x-www-form-urlencoded")
}

async fn token(server: &TestServer, parameters: &[(&str, &str)]) -> Answer {
    form(server, "/oauth/token", parameters).ask().await
}

async fn login(server: &TestServer, client: &Registered) -> Value {
    let login = serde_json::json!({
        "username": "ada", "password": PASSWORD, "client_id": client.id,
    });
    server.post("/v1/auth/login", login).await.ok()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The error of an answer, in the shape of RFC 6749 §5.2.
#[track_caller]
fn refused(answer: &Answer, status: u16, error: &str) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!(body["error"], error, "{body}");
    body
}

/// What is answered while the store is away: try again, and keep what you have.
#[track_caller]
fn unavailable(answer: &Answer) {
    refused(answer, 503, "temporarily_unavailable");
    assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
}
