//! What the document says about requests is what is enforced, and its examples are true.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use poem_openapi::validation::{Pattern, Validator};
use reqwest::Method;
use serde_json::{Map, Value, json};
use signet::auth::api_keys::{ApiKeyFilter, KeyOwner, KeyWish};
use signet::auth::clients::ClientWish;
use signet::auth::sessions::Paging;
use signet::model::authority::Authority;
use signet::model::client::ClientKind;
use signet::model::id::{SessionId, UserId};
use signet::model::scope::{RegisteredScope, Scopes};
use signet::model::time::Timestamp;

use crate::harness::{Answer, Ask, PASSWORD, Person, TestServer, fits};

/// An operation that takes a body.
struct Operation<'a> {
    method: Method,
    path: &'a str,
    /// Whether it takes an access token.
    bearer: bool,
    /// The request object's schema, without references.
    schema: Value,
    examples: &'a Map<String, Value>,
}

impl Operation<'_> {
    /// Asks as somebody who may do everything, upon somebody else.
    async fn ask(&self, server: &TestServer, name: &str, body: &Value) -> Answer {
        let path = self
            .path
            .replace("{id}", &subject(server, self.path, name).await);
        let request = server.request(self.method.clone(), &path).json(body);
        if !self.bearer {
            return request.ask().await;
        }
        let root = Person::log_in_for(server, name, "* signet.*").await;
        request.bearer_auth(&root.access_token).ask().await
    }

    /// What an otherwise good body with this field is said to be wrong with.
    async fn wrong(&self, server: &TestServer, field: &str, value: Value) -> Vec<(String, String)> {
        let required = self.schema["required"].as_array().into_iter().flatten();
        let example = &self.example()["value"];
        let mut body: Map<String, Value> = required
            .map(|name| {
                (
                    name.as_str().unwrap().to_owned(),
                    example[name.as_str().unwrap()].clone(),
                )
            })
            .collect();
        body.insert(field.to_owned(), value);
        self.ask(server, "root", &body.into())
            .await
            .invalid_fields()
    }

    /// The one that the page begins with.
    fn example(&self) -> &Value {
        self.examples.values().next().unwrap()
    }
}

/// A server with somebody who may do everything.
async fn served() -> TestServer {
    let server = TestServer::with(|settings| {
        settings.default_client.keys_for_passwords = true;
        settings.api_keys.max_per_user = 1000;
    })
    .await;
    server.register(&["pages.read", "pages.write"]).await;
    server.create_user("root", &["*"]).await;
    server
}

/// How many keys somebody has, or services.
async fn keys(server: &TestServer, owner: Option<UserId>) -> u64 {
    let filter = ApiKeyFilter {
        owner: Some(owner.map_or(KeyOwner::Service, KeyOwner::User)),
        state: None,
    };
    let page = server.auth.api_keys(&filter, Paging::first(1)).await;
    page.unwrap().total
}

async fn create_key(server: &TestServer, owner: Option<UserId>, name: &str) -> String {
    let wish = KeyWish {
        name: Some(name),
        ..KeyWish::default()
    };
    let issued = server
        .auth
        .create_api_key(&Authority::Operator, owner, wish);
    issued.await.unwrap().key.id.to_string()
}

/// Whom `{id}` in a path stands for: somebody who was not there before.
async fn subject(server: &TestServer, path: &str, asker: &str) -> String {
    if path.contains("/api-keys/{id}") {
        let asker = server.auth.find_user(asker).await.unwrap().id;
        let owner = path.starts_with("/v1/me/").then_some(asker);
        let name = format!("subject{}", keys(server, owner).await);
        return create_key(server, owner, &name).await;
    }
    if path.starts_with("/v1/users/{id}") {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("subject{}", COUNT.fetch_add(1, Ordering::Relaxed));
        server.create_user(&name, &[]).await;
        return server.auth.find_user(&name).await.unwrap().id.to_string();
    }
    if path.starts_with("/v1/clients/{id}") {
        let confidential = path.ends_with("/rotate-secret");
        return client(server, confidential).await;
    }
    String::new()
}

/// A client that was not there before.
async fn client(server: &TestServer, confidential: bool) -> String {
    let kind = if confidential {
        ClientKind::Confidential
    } else {
        ClientKind::Public
    };
    let wish = ClientWish {
        name: "subject",
        ..ClientWish::default()
    };
    let made = server
        .auth
        .create_client(&Authority::Operator, None, kind, wish);
    made.await.unwrap().client.id.to_string()
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let content = &operation["requestBody"]["content"]["application/json"];
            if content.is_object() {
                found.push(Operation {
                    method: method.to_uppercase().parse().unwrap(),
                    path,
                    bearer: operation["security"][0].get("bearerAuth").is_some(),
                    schema: resolved(document, &content["schema"]),
                    examples: content["examples"].as_object().unwrap(),
                });
            }
        }
    }
    assert!(found.len() >= 4);
    found
}

fn resolved(document: &Value, schema: &Value) -> Value {
    let named = schema["allOf"].get(0).unwrap_or(schema);
    match named["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).unwrap().clone(),
        None => schema.clone(),
    }
}

fn one(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

#[tokio::test]
async fn request_objects_are_closed() {
    let server = served().await;
    let document = server.get("/openapi.json").await.ok();
    for operation in operations(&document) {
        assert_eq!(operation.schema["additionalProperties"], false);
        let wrong = operation.wrong(&server, "surplus", json!(1)).await;
        assert_eq!(wrong, one("", "unknown_field"), "{}", operation.path);
    }
}

#[tokio::test]
async fn null_is_taken_for_no_field() {
    let server = served().await;
    let document = server.get("/openapi.json").await.ok();
    for operation in operations(&document) {
        for (name, property) in operation.schema["properties"].as_object().unwrap() {
            if property["nullable"] == true {
                continue;
            }
            let wrong = operation.wrong(&server, name, json!(null)).await;
            let pointer = format!("/{name}");
            assert_eq!(wrong, one(&pointer, "wrong_type"), "{}", operation.path);
        }
    }
}

#[tokio::test]
async fn bounds_are_the_documents() {
    let server = served().await;
    let document = server.get("/openapi.json").await.ok();
    let mut bounds = 0;
    for operation in operations(&document) {
        for (name, property) in operation.schema["properties"].as_object().unwrap() {
            let limit = |key: &str| property[key].as_u64().map(usize::try_from).transpose();
            let (least, most) = (limit("minLength").unwrap(), limit("maxLength").unwrap());
            let short = least.map(|least| ("a".repeat(least - 1), "too_short"));
            let long = most.map(|most| ("a".repeat(most + 1), "too_long"));
            for (value, code) in [short, long].into_iter().flatten() {
                let wrong = operation.wrong(&server, name, json!(value)).await;
                assert_eq!(wrong, one(&format!("/{name}"), code), "{}", operation.path);
                bounds += 1;
            }
        }
    }
    assert!(bounds >= 8, "{bounds}");
}

#[tokio::test]
async fn every_operation_has_examples_and_they_are_as_described() {
    let server = TestServer::start().await;
    let document = server.get("/openapi.json").await.ok();
    for operation in operations(&document) {
        assert!(!operation.examples.is_empty(), "{}", operation.path);
        for example in operation.examples.values() {
            fits(&operation.schema, &example["value"]).unwrap();
        }
    }
    for (path, operations) in document["paths"].as_object().unwrap() {
        for operation in operations.as_object().unwrap().values() {
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let content = answer["content"].as_object().into_iter().flatten();
                for (_, media) in content {
                    let examples = media["examples"].as_object().into_iter().flatten();
                    let examples = examples.map(|(_, example)| resolved(&document, example));
                    let values: Vec<Value> = examples
                        .map(|example| example["value"].clone())
                        .chain(media.get("example").cloned())
                        .collect();
                    assert!(!values.is_empty(), "{path} {status}");
                    for value in values {
                        fits(&media["schema"], &value).unwrap();
                    }
                }
            }
        }
    }
}

/// "Try it out" on the page: the first example of each request, with nothing filled in but what
/// only the reader knows.
#[tokio::test]
async fn the_first_examples_work_as_they_are() {
    let server = served().await;
    // Old enough for its next signing key to take over.
    server.clock.advance(Duration::from_hours(24));
    let document = server.get("/openapi.json").await.ok();
    for (number, operation) in operations(&document).into_iter().enumerate() {
        let name = format!("root{number}");
        server.create_user(&name, &["*"]).await;
        let refresh_token = Person::log_in(&server, &name, PASSWORD).await.refresh_token;
        let secrets = [
            ("password", PASSWORD),
            ("current_password", PASSWORD),
            ("refresh_token", &refresh_token),
        ];
        let mut body = operation.example()["value"].clone();
        for (name, secret) in secrets {
            if body.get(name).is_some() {
                body[name] = secret.into();
            }
        }
        if body["username"] == "demo" {
            body["username"] = name.as_str().into();
        }
        let answer = operation.ask(&server, &name, &body).await;
        assert_eq!(
            answer.status / 100,
            2,
            "{}: {}",
            operation.path,
            answer.text()
        );
    }
}

#[tokio::test]
async fn a_cursor_that_is_none_is_named() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    for cursor in [
        "",
        "nonsense",
        "ses_1",
        "ses_019a0b1c-2d3e-4f00-8123-456789abcdef",
    ] {
        let answer = ada.get(&format!("/v1/me/sessions?cursor={cursor}")).await;
        let problem = answer.refused(400, "malformed_request");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("`cursor`"), "{cursor}: {detail}");
    }
}

#[tokio::test]
async fn a_query_parameter_without_a_name_here_is_ignored() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    ada.get("/v1/me/sessions?surplus=1").await.ok();
    server.get("/.well-known/jwks.json?surplus=1").await.ok();
}

/// The patterns are for callers; what counts is the model's own reading.
#[test]
fn patterns_are_the_models_own_readings() {
    let document: Value = serde_json::from_str(&signet::http::openapi()).unwrap();
    let schemas = &document["components"]["schemas"];
    let scopes = ["Credentials", "RefreshGrant"].map(|name| &schemas[name]["properties"]["scope"]);
    let long = "a".repeat(128);
    let (twice, over) = (format!("{long} {long}"), format!("{long}a"));
    let texts = [
        "", " ", "a", "a b", "a  b", " a", "a ", "!#[]~", "a\"", "a\\", "a\tb", "a\n", "é", "a.*",
        &long, &twice, &over,
    ];
    for (scope, text) in scopes
        .into_iter()
        .flat_map(|scope| texts.map(|text| (scope, text)))
    {
        let read = text.parse::<Scopes>().is_ok();
        assert_eq!(matches(scope, text), read, "{text:?}");
    }
    let name = &schemas["ScopeCreation"]["properties"]["name"];
    let names = [
        "a.b",
        "a.b.c",
        "a..b",
        ".a",
        "a.",
        "a.*",
        "a+b,c-d/e:f",
        "a)b(c",
    ];
    for text in names.iter().chain(&texts).filter(|text| text.len() <= 128) {
        let read = RegisteredScope::of_newcomer(text, "", Timestamp::default()).is_ok();
        assert_eq!(matches(name, text), read, "{text:?}");
    }
    let cursor = &document["paths"]["/v1/me/sessions"]["get"]["parameters"][0];
    assert_eq!(cursor["name"], "cursor");
    for text in [
        "",
        "ses_019a0b1c-2d3e-7f00-8123-456789abcdef",
        "ses_019A0b1c-2d3e-7f00-8123-456789abcdef",
        "ses_019a0b1c-2d3e-4f00-8123-456789abcdef",
        "ses_019a0b1c-2d3e-7f00-0123-456789abcdef",
        "ses_019a0b1c2d3e7f008123456789abcdef",
        "usr_019a0b1c-2d3e-7f00-8123-456789abcdef",
        "ses_019a0b1c-2d3e-7f00-8123-456789abcdef\n",
    ] {
        let read = text.parse::<SessionId>().is_ok();
        assert_eq!(matches(&cursor["schema"], text), read, "{text:?}");
    }
}

fn matches(schema: &Value, text: &str) -> bool {
    let pattern = Pattern::new(schema["pattern"].as_str().unwrap().to_owned().leak());
    pattern.check(&text.to_owned())
}
