//! examples/spa in Chromium against the real binary: `tests/browser/run`.

use std::path::Path;
use std::process::Command;

#[test]
fn the_page_keeps_its_promises_in_a_real_browser() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let output = Command::new(tests.join("run"))
        .env("SIGNET", env!("CARGO_BIN_EXE_signet"))
        .env(
            "PLACE",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser"),
        )
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaints}");
    assert!(said.contains("# skipped 0"), "{said}");
}
