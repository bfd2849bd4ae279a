//! SDKs made from the OpenAPI document, compiled, and used against the real binary: `tests/sdk`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod demo;

use std::path::Path;
use std::process::Command;

use demo::Demo;

#[test]
fn each_sdk_logs_in_refreshes_makes_a_key_asks_about_it_and_knows_refusals() {
    let demo = Demo::start(&[]);
    let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/run"))
        .env("PLACE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("sdk"))
        .env("SIGNET_URL", &demo.card.url)
        .env("SIGNET_USERNAME", &demo.card.username)
        .env("SIGNET_PASSWORD", &demo.card.password)
        .env("SIGNET_CLIENT_ID", &demo.card.client_id)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaints}");
}
