//! The API description, made fit for the tools that read it.
//!
//! poem-openapi emits a document that several SDK generators and linters stumble over. This is the
//! one place that mends it and adds what attributes cannot say (closed request objects, the words
//! for headers, examples); the result is made once, and what is served is what is exported.
//! It does not describe operations: their own attributes do.

mod examples;
mod headers;
mod outline;
mod problems;
mod schemas;
mod scopes;

use poem_openapi::{ContactObject, LicenseObject, OpenApi, OpenApiService};
use serde_json::{Value, json};

use self::outline::Outline;
use super::problem::Code;

/// The version that every generator reads.
const VERSION: &str = "3.0.3";

const TITLE: &str = "Signet";
const DESCRIPTION: &str = "People log in with username and password; applications get short-lived \
signed access tokens and rotating refresh tokens; resource servers verify the access tokens \
offline with the published keys.\n\nEvery error is a `Problem` (RFC 9457): decide by its `code`. It \
is sent as `application/problem+json`; `application/json` is listed beside it only because some \
generators of clients know no other media type.";

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
        .contact(ContactObject::new().name("The operator of this server"))
        .license(LicenseObject::new("MIT OR Apache-2.0").url("https://spdx.org/licenses/"));
    // What poem-openapi emits is JSON; an empty document would fail every test of it.
    let mut document: Value = serde_json::from_str(&service.spec()).unwrap_or_default();
    document["openapi"] = VERSION.into();
    // Relative to the document, so that nobody's generated client points at a developer's machine,
    // and the page works under a proxy's path.
    document["servers"] = json!([{ "url": ".", "description": "Where this document is served." }]);
    schemas::add_problem(&mut document);
    schemas::mend(&mut document);
    schemas::close_requests(&mut document);
    order_tags(&mut document);
    document["components"]["headers"] = headers::all();
    for operation in operations(&mut document) {
        scopes::mend(operation);
        problems::add(operation, codes);
        headers::mend(operation);
        examples::add(operation);
        if operation.get("security").is_none() {
            operation["security"] = json!([]);
        }
    }
    document["components"]["examples"] = examples::of_problems(&document["paths"]);
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

/// Tags in the order in which operations first name them; the framework sorts them by name.
fn order_tags(document: &mut Value) {
    let first_named: Vec<Value> = operations(document)
        .filter_map(|operation| Some(operation["tags"].as_array()?.first()?.clone()))
        .collect();
    if let Some(tags) = document["tags"].as_array_mut() {
        tags.sort_by_key(|tag| first_named.iter().position(|name| *name == tag["name"]));
    }
}

#[cfg(test)]
mod tests;
