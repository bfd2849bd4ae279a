//! What the document says about requests is what is enforced, and its examples are true.

use poem_openapi::validation::{Pattern, Validator};
use reqwest::Method;
use serde_json::{Map, Value, json};
use signet::model::id::SessionId;
use signet::model::scope::Scopes;

use crate::harness::{Answer, Ask, PASSWORD, Person, TestServer, fits};

/// An operation that takes a body.
struct Operation<'a> {
    method: Method,
    path: &'a str,
    /// The request object's schema, without references.
    schema: Value,
    examples: &'a Map<String, Value>,
}

impl Operation<'_> {
    async fn ask(&self, ada: &Person<'_>, server: &TestServer, body: &Value) -> Answer {
        let request = server.request(self.method.clone(), self.path).json(body);
        if self.path.starts_with("/v1/me") {
            return request.bearer_auth(&ada.access_token).ask().await;
        }
        request.ask().await
    }

    /// What an otherwise good body with this field is said to be wrong with.
    async fn wrong(&self, server: &TestServer, field: &str, value: Value) -> Vec<(String, String)> {
        let ada = Person::log_in(server, "ada", PASSWORD).await;
        let mut body = Map::new();
        for name in self.schema["required"].as_array().into_iter().flatten() {
            body.insert(name.as_str().unwrap().to_owned(), json!("longenough"));
        }
        body.insert(field.to_owned(), value);
        self.ask(&ada, server, &body.into()).await.invalid_fields()
    }
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
                    schema: resolved(document, &content["schema"]),
                    examples: content["examples"].as_object().unwrap(),
                });
            }
        }
    }
    assert_eq!(found.len(), 4);
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
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let document = server.get("/openapi.json").await.ok();
    for operation in operations(&document) {
        assert_eq!(operation.schema["additionalProperties"], false);
        let wrong = operation.wrong(&server, "surplus", json!(1)).await;
        assert_eq!(wrong, one("", "unknown_field"), "{}", operation.path);
    }
}

#[tokio::test]
async fn null_is_taken_for_no_field() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let document = server.get("/openapi.json").await.ok();
    for operation in operations(&document) {
        for (name, property) in operation.schema["properties"].as_object().unwrap() {
            assert!(property.get("nullable").is_none());
            let wrong = operation.wrong(&server, name, json!(null)).await;
            let pointer = format!("/{name}");
            assert_eq!(wrong, one(&pointer, "wrong_type"), "{}", operation.path);
        }
    }
}

#[tokio::test]
async fn bounds_are_the_documents() {
    let server = TestServer::start().await;
    server.create_user("ada", &[]).await;
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
    let server = TestServer::start().await;
    server.create_user("demo", &[]).await;
    let document = server.get("/openapi.json").await.ok();
    for operation in operations(&document) {
        let demo = Person::log_in(&server, "demo", PASSWORD).await;
        let secrets = [
            ("password", PASSWORD),
            ("current_password", PASSWORD),
            ("refresh_token", demo.refresh_token.as_str()),
        ];
        let mut body = operation.examples.values().next().unwrap()["value"].clone();
        for (name, secret) in secrets {
            if body.get(name).is_some() {
                body[name] = secret.into();
            }
        }
        let request = server.request(operation.method.clone(), operation.path);
        let request = match operation.path {
            // The page sends what it is authorised with to every operation that takes it.
            "/v1/auth/logout" | "/v1/me/password" => request.bearer_auth(&demo.access_token),
            _ => request,
        };
        let answer = request.json(&body).ask().await;
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
