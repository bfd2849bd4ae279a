mod administer;
mod claims;
mod disabled;
mod tokens;

use serde_json::{Value, json};

use crate::harness::{Person, TestServer};

/// Everything that administers clients, and pages.
const HELD: &[&str] = &["pages.*", "signet.clients.*", "signet.introspect"];

/// Somebody who registers clients.
async fn administrator(server: &TestServer) -> Person<'_> {
    server
        .register(&["pages.read", "pages.write", "blog.read"])
        .await;
    server.create_user("admin", HELD).await;
    Person::log_in_for(server, "admin", &HELD.join(" ")).await
}

/// A public client with pages at `origin`.
async fn public(admin: &Person<'_>, origin: &str) -> String {
    let new = json!({ "kind": "public", "name": "Web", "origins": [origin] });
    id(&admin.post("/v1/clients", new).await.created()["client"])
}

fn id(client: &Value) -> String {
    client["id"].as_str().unwrap().to_owned()
}
