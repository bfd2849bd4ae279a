use std::sync::OnceLock;

use reqwest::Method;
use serde_json::Value;

use super::Answer;

/// PD-04: every answer that any of these tests sees is one that the OpenAPI document describes.
pub(super) fn check(method: &Method, path: &str, answer: &Answer) {
    let Some(operation) = operation(method, path) else {
        return;
    };
    let status = answer.status.to_string();
    let described = &operation["responses"][&status];
    assert!(
        described.is_object(),
        "{method} {path}: {status} is not in the document"
    );
    for name in TOLD {
        let told = described["headers"].get(name).is_some();
        assert!(
            told || !answer.headers.contains_key(name),
            "{method} {path}: {status} has {name}, which is not in the document"
        );
    }
    if answer.body.is_empty() {
        return;
    }
    let media_type = answer.header("content-type").split(';').next().unwrap();
    let schema = &described["content"][media_type]["schema"];
    assert!(
        schema.is_object(),
        "{method} {path}: {status} {media_type} is not in the document"
    );
    let body = if media_type.ends_with("+jwt") {
        Value::from(answer.text())
    } else {
        serde_json::from_slice(&answer.body).unwrap()
    };
    if let Err(wrong) = fits(schema, &body) {
        panic!("{method} {path}: {status} is not as described: {wrong}\n{body:#}");
    }
}

/// Headers that callers act on.
const TOLD: [&str; 8] = [
    "X-Request-Id",
    "Cache-Control",
    "ETag",
    "Set-Cookie",
    "WWW-Authenticate",
    "Retry-After",
    "RateLimit-Policy",
    "RateLimit",
];

fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::from_str(&signet::http::openapi()).unwrap())
}

fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let method = method.as_str().to_lowercase();
    let paths = document()["paths"].as_object().unwrap();
    let same = |(pattern, asked): (&str, &str)| pattern.starts_with('{') || pattern == asked;
    let (_, operations) = paths.iter().find(|(pattern, _)| {
        pattern.split('/').count() == path.split('/').count()
            && pattern.split('/').zip(path.split('/')).all(same)
    })?;
    operations.get(&method)
}

/// Whether `value` is what `schema` describes, as far as our document uses JSON Schema.
pub(crate) fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return fits(document().pointer(&reference[1..]).unwrap(), value);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        fits(part, value)?;
    }
    if value.is_null() && schema["nullable"] == true {
        return Ok(());
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        return Err(format!("{value} is none of {allowed:?}"));
    }
    match schema["type"].as_str() {
        Some("object") => fits_object(schema, value),
        Some("array") => {
            let items = value
                .as_array()
                .ok_or_else(|| format!("{value} is no array"))?;
            items
                .iter()
                .try_for_each(|item| fits(&schema["items"], item))
        }
        Some("string") if !value.is_string() => Err(format!("{value} is no string")),
        Some("integer") if !value.is_i64() => Err(format!("{value} is no integer")),
        Some("boolean") if !value.is_boolean() => Err(format!("{value} is no boolean")),
        Some("string" | "integer" | "boolean") | None => Ok(()),
        Some(other) => Err(format!("the type {other} is new here")),
    }
}

fn fits_object(schema: &Value, value: &Value) -> Result<(), String> {
    let object = value
        .as_object()
        .ok_or_else(|| format!("{value} is no object"))?;
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap();
        object
            .get(name)
            .ok_or_else(|| format!("there is no {name}"))?;
    }
    for (name, member) in object {
        let property = &schema["properties"][name];
        let described = if property.is_null() {
            &schema["additionalProperties"]
        } else {
            property
        };
        if !described.is_object() {
            return Err(format!("{name} is not described"));
        }
        fits(described, member).map_err(|wrong| format!("{name}: {wrong}"))?;
    }
    Ok(())
}
