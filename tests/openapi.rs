//! The committed OpenAPI document, which SDKs are made from: it is what the code says, it breaks no
//! client of its baseline, and linters find nothing (`tests/document`).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

/// Written by `make openapi`.
const COMMITTED: &str = include_str!("../openapi/openapi.json");

#[test]
fn the_committed_document_is_what_the_code_says() {
    let emitted = signet::http::openapi();
    let differs = COMMITTED
        .lines()
        .zip(emitted.lines())
        .position(|(old, new)| old != new);
    let line = differs.map_or(COMMITTED.lines().count(), |line| line + 1);
    let same = COMMITTED == emitted;
    assert!(
        same,
        "openapi/openapi.json is out of date from line {line} on: run `make openapi`"
    );
}

#[test]
fn no_client_of_the_baseline_is_broken() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/document/breaks.test.mjs");
    passes(Command::new("node").arg("--test").arg(tests));
}

#[test]
fn linters_find_nothing() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/document/run");
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("document");
    passes(Command::new(tests).env("PLACE", place));
}

fn passes(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{said}\n{complaints}");
}
