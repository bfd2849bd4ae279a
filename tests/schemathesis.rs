//! The OpenAPI document and the running server say the same: schemathesis makes requests from the
//! one and checks what the other answers. What it is told is in `tests/schemathesis`.

mod packages;
mod processes;

use std::fs;
use std::path::Path;

use processes::Site;
use serde_json::{Value, json};

/// Requests for each operation; where it takes nothing there is but one to make.
const EXAMPLES: u64 = 100;

#[test]
fn schemathesis_finds_nothing() {
    let rules = r#"[{ accept = ["bearer_jwt"] }]"#;
    let site = Site::new(&[
        ("SIGNET_SERVER__TRUSTED_PROXIES", "127.0.0.1"),
        ("SIGNET_DEFAULT_CLIENT__KEYS_FOR_PASSWORDS", "true"),
        ("SIGNET_API_KEYS__MAX_PER_USER", "10000"),
        ("SIGNET_VERIFY__RULES", rules),
    ]);
    let user = |name| site.json(&["user", "create", "--generate", "--username", name]);
    let mut actors =
        json!({ "root": user("root"), "self": user("self"), "leaver": user("leaver") });
    site.json(&["user", "grant", "root", "*"]);
    site.json(&["scope", "add", "pages.read", "pages.write"]);
    let create = [
        "client",
        "create",
        "--name",
        "API",
        "--kind",
        "confidential",
    ];
    let may = ["--scope", "pages.read", "--resource", "urn:api"];
    actors["service"] = site.json(&[&create[..], &may].concat());
    let node = site.start();

    let (package, place) = packages::package("schemathesis");
    let report = place.join("report.json");
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let mut run = packages::script("schemathesis", "schemathesis");
    run.current_dir(&place)
        .arg("--config-file")
        .arg(package.join("schemathesis.toml"))
        .args(["run", "--checks", "all"])
        .args(["--url", &format!("http://{}", node.address)])
        .args(["--report", "json", "--report-json-path"])
        .arg(&report)
        .arg(document)
        .env("SCHEMATHESIS_HOOKS", package.join("hooks.py"))
        .env("SIGNET_URL", format!("http://{}", node.address))
        .env("SIGNET_ACTORS", actors.to_string());
    let output = run.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaints}");

    let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    let operations = report["operations"]["total"].as_u64().unwrap();
    assert_eq!(report["operations"]["tested"], operations);
    let made = report["test_cases"]["generated"].as_u64().unwrap();
    assert!(
        made >= operations * EXAMPLES,
        "{made} requests only\n{said}"
    );
}
