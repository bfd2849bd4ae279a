use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object};

use super::*;
use crate::http::answer::{Answer, NoContent};
use crate::http::body::Body;
use crate::http::problem::Refusal;

#[derive(Enum, serde::Deserialize)]
#[oai(rename_all = "snake_case")]
enum Colour {
    Red,
}

#[derive(Object, serde::Deserialize)]
struct Paint {
    /// What it looks like.
    colour: Option<Colour>,
    litres: u64,
}

struct Api;

#[expect(
    clippy::unused_async,
    reason = "poem-openapi takes only async operations"
)]
#[OpenApi]
impl Api {
    /// Paint a wall.
    #[oai(path = "/walls/:id", method = "put", operation_id = "paintWall")]
    async fn paint(&self, id: Path<String>, body: Body<Paint>) -> Result<NoContent, Refusal> {
        let _ = (id, body.0.colour, body.0.litres);
        Ok(NoContent::default())
    }

    /// Look at walls.
    #[oai(path = "/walls", method = "get", operation_id = "listWalls")]
    async fn list(&self, dry: Query<Option<bool>>) -> Json<Vec<String>> {
        let _ = dry;
        Json(Vec::new())
    }

    /// Count walls.
    #[oai(path = "/walls", method = "delete", operation_id = "countWalls")]
    async fn count(&self) -> Answer<u64> {
        Answer::new(0)
    }
}

#[derive(poem_openapi::SecurityScheme)]
#[oai(ty = "bearer", rename = "bearerAuth")]
struct AnyBearer(#[expect(dead_code, reason = "only described")] poem_openapi::auth::Bearer);

/// A second struct with a path of the first.
struct Other;

#[expect(
    clippy::unused_async,
    reason = "poem-openapi takes only async operations"
)]
#[OpenApi]
impl Other {
    /// Build a wall.
    #[oai(path = "/walls", method = "post", operation_id = "buildWall")]
    async fn build(&self, _bearer: AnyBearer) -> NoContent {
        NoContent::default()
    }
}

fn document() -> Value {
    let codes: Codes = |id| {
        if id == "paintWall" {
            &[Code::Throttled]
        } else {
            &[]
        }
    };
    let text = of::<(Api, Other)>(codes);
    assert!(text.ends_with("}\n"));
    serde_json::from_str(&text).unwrap()
}

fn statuses(operation: &Value) -> Vec<&str> {
    operation["responses"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn operations_list_the_errors_that_they_answer() {
    let document = document();
    let paint = &document["paths"]["/walls/{id}"]["put"];
    let expected = [
        "204", "400", "404", "408", "413", "415", "422", "429", "500", "503",
    ];
    assert_eq!(statuses(paint), expected);
    let content = &paint["responses"]["429"]["content"];
    let problem = "#/components/schemas/Problem";
    assert_eq!(content["application/json"]["schema"]["$ref"], problem);
    assert_eq!(
        content["application/problem+json"]["schema"]["$ref"],
        problem
    );
    let headers = &paint["responses"]["429"]["headers"];
    assert_eq!(
        headers["Retry-After"]["$ref"],
        "#/components/headers/Retry-After"
    );
    assert!(paint["responses"]["204"]["headers"]["X-Request-Id"].is_object());
    assert_eq!(
        statuses(&document["paths"]["/walls"]["get"]),
        ["200", "400", "500", "503"]
    );
    assert_eq!(paint["security"], json!([]));
    let build = &document["paths"]["/walls"]["post"];
    assert_eq!(statuses(build), ["204", "400", "401", "500", "503"]);
    assert!(build["responses"]["401"]["headers"]["WWW-Authenticate"].is_object());
    assert_eq!(build["security"], json!([{ "bearerAuth": [] }]));
    assert_eq!(
        document["components"]["securitySchemes"]["bearerAuth"]["scheme"],
        "bearer"
    );
}

#[test]
fn schemas_are_what_generators_read() {
    let document = document();
    assert_eq!(document["openapi"], "3.0.3");
    assert_eq!(document["servers"][0]["url"], ".");
    let schemas = &document["components"]["schemas"];
    assert!(schemas["Problem"]["properties"]["errors"].is_object());
    assert!(schemas["FieldError"].is_object());
    assert_eq!(
        schemas["Paint"]["properties"]["colour"],
        json!({
            "description": "What it looks like.",
            "allOf": [{ "$ref": "#/components/schemas/Colour" }],
        })
    );
    let litres = &schemas["Paint"]["properties"]["litres"];
    assert_eq!(
        (&litres["format"], &litres["minimum"]),
        (&json!("int64"), &json!(0))
    );
    let list = &document["paths"]["/walls"]["get"]["responses"]["200"]["content"];
    assert!(list["application/json"].is_object());
    let text = document.to_string();
    assert!(!text.contains("charset") && !text.contains("\"uint"));
}

#[test]
fn request_objects_are_closed_and_others_are_open() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Paint"]["additionalProperties"], false);
    // Readers of answers ignore what they do not know.
    assert!(schemas["Problem"].get("additionalProperties").is_none());
}

#[test]
fn tags_stand_in_the_order_of_their_operations() {
    let mut document = json!({
        "tags": [{ "name": "A" }, { "name": "B" }],
        "paths": { "/b": { "get": { "tags": ["B"] } }, "/a": { "get": { "tags": ["A"] } } },
    });
    order_tags(&mut document);
    assert_eq!(document["tags"], json!([{ "name": "B" }, { "name": "A" }]));
}
