//! Schemas and media types, as generators want them.

use std::collections::BTreeMap;

use poem_openapi::registry::Registry;
use poem_openapi::types::Type;
use serde_json::{Map, Value, json};

use crate::http::problem::{OAuthError, Problem};

/// Adds the error shapes: no operation names them by itself, so the emitted document lacks them.
pub(super) fn add_problem(document: &mut Value) {
    let mut registry = Registry::new();
    Problem::register(&mut registry);
    OAuthError::register(&mut registry);
    let schemas = &mut document["components"]["schemas"];
    let known = schemas
        .as_object_mut()
        .map(std::mem::take)
        .unwrap_or_default();
    let added = registry
        .schemas
        .iter()
        .filter_map(|(name, schema)| Some((name.clone(), serde_json::to_value(schema).ok()?)));
    let sorted: BTreeMap<String, Value> = known.into_iter().chain(added).collect();
    *schemas = sorted.into_iter().collect::<Map<_, _>>().into();
}

/// Mends a value and everything in it.
pub(super) fn mend(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mend),
        Value::Object(object) => {
            collapse_all_of(object);
            rename_format(object);
            rename_media_types(object);
            object.values_mut().for_each(mend);
        }
        _ => {}
    }
}

/// Says of every object that requests are made of what reading them enforces: no other members.
pub(super) fn close_requests(document: &mut Value) {
    let mut names: Vec<String> = super::operations(document)
        .filter_map(|operation| operation.pointer("/requestBody/content/application~1json"))
        .flat_map(names_in)
        .collect();
    let schemas = &mut document["components"]["schemas"];
    let mut closed = Vec::new();
    while let Some(name) = names.pop() {
        if closed.contains(&name) {
            continue;
        }
        let schema = &mut schemas[name.as_str()];
        names.extend(names_in(schema));
        if schema["type"] == "object" && schema.get("additionalProperties").is_none() {
            schema["additionalProperties"] = false.into();
        }
        closed.push(name);
    }
}

/// The names of the schemas that a value refers to.
fn names_in(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(names_in).collect(),
        Value::Object(object) => {
            let reference = object.get("$ref").and_then(Value::as_str);
            let own = reference.and_then(|text| text.strip_prefix("#/components/schemas/"));
            own.map(str::to_owned)
                .into_iter()
                .chain(object.values().flat_map(names_in))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A described field of a named type comes as `allOf` of the name and the description; generators
/// drop such models, silently. `{description, allOf: [name]}` says the same.
fn collapse_all_of(object: &mut Map<String, Value>) {
    let Some(parts) = object.get_mut("allOf").and_then(Value::as_array_mut) else {
        return;
    };
    let is_name = |part: &Value| part.get("$ref").is_some();
    if parts.iter().filter(|part| is_name(part)).count() != 1 {
        return;
    }
    let (name, others): (Vec<_>, Vec<_>) = std::mem::take(parts).into_iter().partition(is_name);
    object.insert("allOf".to_owned(), name.into());
    for other in others {
        let Value::Object(other) = other else {
            continue;
        };
        for (key, value) in other {
            object.entry(key).or_insert(value);
        }
    }
}

/// The formats that OpenAPI knows are signed.
fn rename_format(object: &mut Map<String, Value>) {
    let format = match object.get("format").and_then(Value::as_str) {
        Some("uint8" | "uint16" | "int8" | "int16") => "int32",
        Some("uint32" | "uint64") => "int64",
        _ => return,
    };
    object.insert("format".to_owned(), format.into());
    object.entry("minimum").or_insert(json!(0));
}

/// A media type key with a charset is another media type to older generators.
fn rename_media_types(object: &mut Map<String, Value>) {
    let Some(content) = object.get_mut("content").and_then(Value::as_object_mut) else {
        return;
    };
    *content = std::mem::take(content)
        .into_iter()
        .map(|(name, media)| {
            let bare = name.split(';').next().unwrap_or_default().trim().to_owned();
            (bare, media)
        })
        .collect();
}
