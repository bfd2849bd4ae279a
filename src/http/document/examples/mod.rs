//! One example of each thing that is sent, so that a page can show it and "Try it out" begins with
//! a request that works.

mod api_keys;
mod clients;
mod discovery;
mod introspection;
mod scopes;
mod sessions;
mod signing_keys;
mod users;

use serde_json::{Map, Value, json};

use crate::http::problem::{Code, Row};

const USER: &str = "usr_01981d2e-6f10-7c4b-8a3d-5e2f9b7c0d14";
const SESSION: &str = "ses_01981d2f-8a54-7e0c-9d5b-3f6f0c1e2a47";
const CLIENT: &str = "cli_01981d2d-1b3e-7a90-b1c2-8d4e6f7a9b03";
const SCOPE: &str = "pages.read pages.write";

/// A signed answer: `{"typ":"token-introspection+jwt","alg":"ES256"}`, cut short.
const SIGNED: &str = "eyJ0eXAiOiJ0b2tlbi1pbnRyb3NwZWN0aW9uK2p3dCIsImFsZyI6IkVTMjU2In0.e30.c2ln";

/// Adds examples to what an operation takes and to what it answers when all is well.
pub(super) fn add(operation: &mut Value) {
    if let Some(content) = operation.pointer_mut("/requestBody/content/application~1json") {
        let requests = schema_name(content).map_or(&[][..], requests);
        if !requests.is_empty() {
            content["examples"] = requests
                .iter()
                .map(|(name, summary, value)| {
                    let example = json!({ "summary": summary, "value": value() });
                    ((*name).to_owned(), example)
                })
                .collect::<Map<_, _>>()
                .into();
        }
    }
    for answered in ["200", "201"] {
        let content = format!("/responses/{answered}/content/application~1json");
        if let Some(content) = operation.pointer_mut(&content)
            && let Some(answer) = schema_name(content).and_then(answer)
        {
            content["example"] = answer;
        }
        let signed = format!("/responses/{answered}/content/application~1token-introspection+jwt");
        if let Some(content) = operation.pointer_mut(&signed) {
            content["example"] = SIGNED.into();
        }
    }
}

/// An example of each code that `paths` refer to, for the document's components.
pub(super) fn of_problems(paths: &Value) -> Value {
    let paths = paths.to_string();
    let examples = Code::ALL.into_iter().filter_map(|code| {
        let row = code.row();
        let example = json!({ "summary": row.title, "value": problem(code) });
        paths
            .contains(&format!("\"{}\"", reference(&row)))
            .then(|| (row.name.to_owned(), example))
    });
    examples.collect::<Map<_, _>>().into()
}

/// The examples of some codes, by name.
pub(super) fn references(rows: &[Row]) -> Value {
    let references = rows.iter().map(|row| {
        let reference = json!({ "$ref": reference(row) });
        (row.name.to_owned(), reference)
    });
    references.collect::<Map<_, _>>().into()
}

fn reference(row: &Row) -> String {
    format!("#/components/examples/{}", row.name)
}

fn schema_name(content: &Value) -> Option<&str> {
    content["schema"]["$ref"].as_str()?.rsplit('/').next()
}

/// A request: its name, what it is for, what is sent.
type Request = (&'static str, &'static str, fn() -> Value);

/// Requests of a type, the one to begin with first.
fn requests(schema: &str) -> &'static [Request] {
    let subjects = [
        sessions::requests,
        users::requests,
        clients::requests,
        scopes::requests,
        signing_keys::requests,
        api_keys::requests,
        introspection::requests,
    ];
    let mut found = subjects.iter().map(|requests| requests(schema));
    found.find(|requests| !requests.is_empty()).unwrap_or(&[])
}

fn answer(schema: &str) -> Option<Value> {
    let subjects = [
        sessions::answer,
        users::answer,
        clients::answer,
        scopes::answer,
        signing_keys::answer,
        api_keys::answer,
        introspection::answer,
        discovery::answer,
    ];
    subjects.iter().find_map(|answer| answer(schema))
}

fn problem(code: Code) -> Value {
    let row = code.row();
    let mut problem = json!({
        "type": code.type_uri(),
        "title": row.title,
        "status": row.status.as_u16(),
        "detail": row.detail,
        "instance": "/v1/auth/login",
        "code": row.name,
        "request_id": "460dcd3279b7ac8876d6f90928218a72",
    });
    match code {
        Code::ValidationFailed => {
            problem["errors"] = json!([{
                "pointer": "/password",
                "code": "missing",
                "detail": "This field is required.",
            }]);
        }
        Code::ApiKeyExists => {
            problem["api_key_id"] = "key_01981d30-4c1e-7b52-9f6a-7d0e2c4b8a15".into();
        }
        Code::SessionEnded => problem["reason"] = "idle".into(),
        Code::InsufficientScope => problem["scopes"] = json!(["pages.write"]),
        Code::Throttled => problem["violated-policies"] = json!(["login"]),
        _ => {}
    }
    problem
}
