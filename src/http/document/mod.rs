//! The API description, made fit for the tools that read it.
//!
//! poem-openapi emits a document that several SDK generators and linters stumble over. This is the
//! one place that mends it; the result is made once, and what is served is what is exported.
//! It does not describe operations: their own attributes do.

mod outline;
mod problems;
mod schemas;

use poem_openapi::{LicenseObject, OpenApi, OpenApiService};
use serde_json::{Value, json};

use self::outline::Outline;
use super::problem::Code;

/// The version that every generator reads.
const VERSION: &str = "3.0.3";

const TITLE: &str = "Signet";
const DESCRIPTION: &str = "People log in with username and password; applications get short-lived \
signed access tokens and rotating refresh tokens; resource servers verify the access tokens \
offline with the published keys.\n\nEvery error is a `Problem` (RFC 9457): decide by its `code`.";

/// Says which codes an operation answers beyond those that follow from its body, its parameters
/// and its security.
pub type Codes = fn(operation_id: &str) -> &'static [Code];

/// The finished document of `T` as pretty JSON with a newline at its end.
///
/// Needs no running server: it follows from the types alone.
#[must_use]
pub fn of<T: OpenApi>(codes: Codes) -> String {
    let service = OpenApiService::new(Outline::<T>::new(), TITLE, env!("CARGO_PKG_VERSION"))
        .description(DESCRIPTION)
        .license(LicenseObject::new("MIT OR Apache-2.0").url("https://spdx.org/licenses/"));
    // What poem-openapi emits is JSON; an empty document would fail every test of it.
    let mut document: Value = serde_json::from_str(&service.spec()).unwrap_or_default();
    document["openapi"] = VERSION.into();
    // Relative, so that nobody's generated client points at a developer's machine.
    document["servers"] = json!([{ "url": "/", "description": "Where this document is served." }]);
    schemas::add_problem(&mut document);
    schemas::mend(&mut document);
    for operation in operations(&mut document) {
        problems::add(operation, codes);
        mend_headers(operation);
        if operation.get("security").is_none() {
            operation["security"] = json!([]);
        }
    }
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter();
    paths
        .flat_map(|paths| paths.values_mut())
        .filter_map(Value::as_object_mut)
        .flat_map(|path| {
            path.iter_mut()
                .filter(|(key, _)| *key != "parameters")
                .map(|(_, operation)| operation)
        })
}

/// poem-openapi shouts: `RETRY-AFTER`.
fn mend_headers(operation: &mut Value) {
    let responses = operation["responses"].as_object_mut().into_iter();
    for response in responses.flat_map(|responses| responses.values_mut()) {
        let Some(headers) = response.get_mut("headers").and_then(Value::as_object_mut) else {
            continue;
        };
        *headers = std::mem::take(headers)
            .into_iter()
            .map(|(name, header)| (header_name(&name), header))
            .collect();
    }
}

/// A header's name as the standards write it.
fn header_name(name: &str) -> String {
    let words = name
        .split('-')
        .map(|word| match word.to_ascii_lowercase().as_str() {
            "www" => "WWW".to_owned(),
            "etag" => "ETag".to_owned(),
            "ratelimit" => "RateLimit".to_owned(),
            word => word[..1].to_ascii_uppercase() + &word[1..],
        });
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests;
