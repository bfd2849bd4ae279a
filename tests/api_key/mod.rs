//! API keys on the command line, as a script meets them.

use serde_json::{Value, json};

use crate::place::Place;

/// No key has it.
const NOBODY: &str = "key_01890a5d-ac96-774b-bcce-b302099a8057";

fn with_users(names: &[&str]) -> Place {
    let place = Place::new();
    place.json(&["scope", "add", "pages.read", "pages.write"]);
    for name in names {
        let create = ["user", "create", "--generate", "--username", name];
        place.json(&[&create[..], &["--grant", "pages.*"]].concat());
    }
    place
}

fn api_key(place: &Place, arguments: &[&str]) -> Value {
    place.json(&[&["api-key"], arguments].concat())
}

fn refused(place: &Place, arguments: &[&str]) -> (i32, String) {
    place.ends(&[&["api-key"], arguments].concat())
}

#[test]
fn w2_a_key_for_a_user_is_printed_once() {
    let place = with_users(&["ada"]);
    let printed = place.text(&["api-key", "create", "--user", "ada"]);
    let line = printed.lines().last().expect("a line");
    let text = line.split_whitespace().nth(2).expect("a key");
    assert!(
        line.ends_with("(shown only now)") && text.len() == 73,
        "{line}"
    );
    // Afterwards only what people know it by.
    let shown = place.text(&["api-key", "show", "default", "--user", "ada"]);
    assert!(
        shown.contains(&text[..19]) && !shown.contains(&text[27..]),
        "{shown}"
    );
    // The name is taken; nothing but a rotation gives another text.
    let taken = refused(&place, &["create", "--user", "ada"]);
    assert_eq!(taken.0, 4, "{}", taken.1);
}

#[test]
fn w3_a_rotation_replaces_the_text() {
    let place = with_users(&["ada"]);
    let old = api_key(&place, &["create", "--user", "ada"]);
    let new = api_key(&place, &["rotate", "default", "--user", "ada"]);
    assert_eq!(old["id"], new["id"]);
    assert_ne!(old["api_key"], new["api_key"]);
    assert_ne!(old["display_prefix"], new["display_prefix"]);
    let rotated_at = new["rotated_at"].as_str().expect("a moment");
    let shown = place.text(&["api-key", "show", "default", "--user", "ada"]);
    assert!(shown.contains(rotated_at), "{shown}");
    let id = old["id"].as_str().expect("an id");
    api_key(&place, &["rotate", id, "--overlap", "24h"]);
    let too_long = refused(&place, &["rotate", id, "--overlap", "31d"]);
    assert_eq!(too_long.0, 2, "{}", too_long.1);
}

#[test]
fn g2_a_key_is_made_with_a_name_scopes_and_an_end() {
    let place = with_users(&["admin"]);
    let key = api_key(
        &place,
        &[
            "create",
            "--user",
            "admin",
            "--name",
            "CI Pipeline",
            "--expires",
            "90d",
            "--scope",
            "pages.read",
            "--address",
            "192.0.2.0/24",
            "--metadata",
            r#"{"project": 7}"#,
            "--read-only",
        ],
    );
    assert_eq!(key["name"], "CI Pipeline");
    assert_eq!(key["scopes"], json!(["pages.read"]));
    assert_eq!(key["addresses"], json!(["192.0.2.0/24"]));
    assert_eq!(key["metadata"], json!({ "project": 7 }));
    assert_eq!(key["read_only"], true);
    assert!(key["expires_at"].is_string());
    for wrong in [
        ["--expires", "90"],
        ["--expires", "never"],
        ["--expires", "400d"],
        ["--scope", "pages.none"],
        ["--scope", "blog.*"],
        ["--address", "192.0.2.1/24"],
        ["--metadata", "[]"],
        ["--name", ""],
        ["--user", ""],
    ] {
        let arguments = [&["create", "--user", "admin"], &wrong[..]].concat();
        let ended = place.run(&[&["api-key"], &arguments[..]].concat(), "");
        assert!(
            matches!(ended.status.code(), Some(2 | 3)),
            "{wrong:?}: {ended:?}"
        );
    }
}

#[test]
fn g3_keys_are_listed_filtered_and_revoked() {
    let place = with_users(&["ada", "eve"]);
    for name in ["one", "two"] {
        api_key(&place, &["create", "--user", "ada", "--name", name]);
    }
    api_key(&place, &["create", "--user", "eve"]);
    let service = api_key(
        &place,
        &["create", "--name", "backup", "--scope", "pages.*"],
    );
    assert!(service["owner_id"].is_null());
    let names = |arguments: &[&str]| -> Vec<String> {
        let listed = api_key(&place, &[&["list"], arguments].concat());
        let items = listed["items"].as_array().expect("a list").clone();
        assert!(listed["total"].as_u64() >= Some(items.len() as u64));
        let name = |key: &Value| key["name"].as_str().expect("a name").to_owned();
        items.iter().map(name).collect()
    };
    assert_eq!(names(&[]), ["backup", "default", "two", "one"]);
    assert_eq!(names(&["--user", "ada"]), ["two", "one"]);
    assert_eq!(names(&["--user", "ada", "--limit", "1"]), ["two"]);
    assert_eq!(names(&["--services"]), ["backup"]);

    let revoked = api_key(&place, &["revoke", "one", "--user", "ada"]);
    assert_eq!(revoked["state"], "revoked");
    assert_eq!(names(&["--state", "revoked"]), ["one"]);
    assert_eq!(names(&["--user", "ada", "--state", "active"]), ["two"]);
    // For good.
    let id = revoked["id"].as_str().expect("an id");
    assert_eq!(refused(&place, &["rotate", id]).0, 4);
    for unknown in [&["revoke", "one", "--user", "ada"][..], &["show", NOBODY]] {
        assert_eq!(refused(&place, unknown).0, 3, "{unknown:?}");
    }
    // A key of somebody else is not found under one's name.
    let theirs = service["id"].as_str().expect("an id");
    assert_eq!(refused(&place, &["revoke", theirs, "--user", "ada"]).0, 3);
}

#[test]
fn a_key_is_changed_disabled_and_enabled() {
    let place = with_users(&["ada"]);
    api_key(&place, &["create", "--user", "ada", "--name", "CI"]);
    let one = |verb, more: &[&str]| {
        let arguments = [&[verb, "CI", "--user", "ada"], more].concat();
        api_key(&place, &arguments)
    };
    let narrow = [
        "--scope",
        "pages.read",
        "--read-only",
        "true",
        "--expires",
        "1h",
    ];
    let changed = one("update", &narrow);
    assert_eq!(changed["scopes"], json!(["pages.read"]));
    assert_eq!(changed["read_only"], true);
    let bound = one("update", &["--address", "2001:db8::/32"]);
    assert_eq!(bound["addresses"], json!(["2001:db8::/32"]));
    // What is not named stays.
    assert_eq!(bound["scopes"], json!(["pages.read"]));
    let free = one("update", &["--anywhere", "--read-only", "false"]);
    assert_eq!(
        (&free["addresses"], &free["read_only"]),
        (&json!([]), &json!(false))
    );
    assert_eq!(one("disable", &[])["state"], "disabled");
    assert_eq!(one("show", &[])["state"], "disabled");
    assert_eq!(one("enable", &[])["state"], "active");
    let shown = place.text(&["api-key", "list"]);
    assert!(shown.starts_with("ID"), "{shown}");
}
