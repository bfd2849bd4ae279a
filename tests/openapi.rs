//! The committed OpenAPI document is what the code says: SDKs are made from the file.

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
