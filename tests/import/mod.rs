//! `signet user import` as people and scripts meet it: the forms of files, what is refused, and
//! how it ends. Logging in afterwards is tests/it/users/import.rs's.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::place::Place;

/// bcrypt of `velvet orbit canyon mint`, made by the Python package bcrypt.
const HASH: &str = "$2b$10$EvgiOzylYO087IsxCSEaXeQysS9bI3iYgCmKSFPvp1LRiYRuJplk2";

#[test]
fn g12_nested_grants_of_grav_come_along_and_what_is_false_is_told() {
    let place = Place::new();
    let scopes = ["admin.login", "admin.pages.read", "site.login"];
    place.json(&[&["scope", "add"], &scopes[..]].concat());
    write(
        &place,
        "joe.yaml",
        &format!(
            "email: joe@example.com\nfullname: 'Joe Bloggs'\nlanguage: en\nstate: enabled\n\
             access:\n  admin:\n    login: true\n    super: false\n    pages:\n      read: true\n      \
             list: false\n  site:\n    login: '1'\nhashed_password: {HASH}\n"
        ),
    );
    write(
        &place,
        "eve.yaml",
        "state: disabled\naccess: { site: { login: true } }\n",
    );
    let report = place.json(&["user", "import", "joe.yaml", "eve.yaml"]);
    assert_eq!(report["created"], 2);
    assert_eq!(
        report["not_granted"],
        json!([{ "file": "joe.yaml", "line": 1, "grants": ["admin.super", "admin.pages.list"] }])
    );
    assert_eq!(report["ignored_fields"], json!(["fullname", "language"]));
    let joe = place.json(&["user", "show", "joe@example.com"]);
    assert_eq!(joe["grants"], json!(scopes));
    assert!(joe["disabled_at"].is_null());
    let eve = place.json(&["user", "show", "eve"]);
    assert!(eve["disabled_at"].is_string());

    // By hand it is the same.
    let granted = place.json(&["user", "grant", "eve", "admin.login", "admin.pages.*"]);
    assert_eq!(
        granted["grants"],
        json!(["admin.login", "admin.pages.*", "site.login"])
    );
}

#[test]
fn refused_lines_are_told_by_line_and_field_and_the_others_come() {
    let place = Place::new();
    place.json(&["scope", "add", "pages.read"]);
    let cheap = HASH.replace("$10$", "$05$");
    let text = format!(
        "username,email,grants,disabled,password_hash\n\
         ada,ada@example.com,pages.read,false,{HASH}\n\
         bob@example.com,,,,{HASH}\n\
         cyd,nowhere,,,{HASH}\n\
         dan,,pages.raed,,{HASH}\n\
         eve,,*,,\n\
         fay,,signet.users.write,,\n\
         gus,,,perhaps,\n\
         hal,,,,hunter2hunter2\n\
         ida,,,,{cheap}\n\
         jon,too,few\n\
         kim,kim@example.com,\"pages.read\n pages.*\",t,\n\
         ,,,,\n"
    );
    write(&place, "users.csv", &text);
    let output = place.run(&["user", "import", "users.csv", "--json"], "");
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let refused: Vec<_> = report["refused"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            (
                one["line"].as_u64().expect("a line"),
                one["field"].as_str().expect("a field"),
            )
        })
        .collect();
    let expected = [
        (3, "username"),
        (4, "email"),
        (5, "grants"),
        (6, "grants"),
        (7, "grants"),
        (8, "disabled"),
        (9, "password_hash"),
        (10, "password_hash"),
        (11, "line"),
        (14, "username"),
    ];
    assert_eq!(refused, expected);
    assert_eq!(report["created"], 2);
    let kim = place.json(&["user", "show", "kim"]);
    assert_eq!(kim["grants"], json!(["pages.*", "pages.read"]));
    assert!(kim["disabled_at"].is_string());

    // People read the same on stderr; of hashes nobody reads anything.
    let told = place.run(&["user", "import", "users.csv"], "");
    let stderr = String::from_utf8(told.stderr).expect("UTF-8");
    assert!(
        stderr.contains("line 5: grants: pages.raed is not registered"),
        "{stderr}"
    );
    assert!(stderr.contains("error: 10 users were refused;"), "{stderr}");
    let stdout = String::from_utf8(told.stdout).expect("UTF-8");
    assert_eq!(
        stdout.lines().next(),
        Some("12 read: 0 created, 2 there already, 10 refused.")
    );
    let all = stderr + &stdout + &report.to_string() + &String::from_utf8_lossy(&output.stderr);
    assert!(
        !all.contains("hunter2") && !all.contains("EvgiOzyl"),
        "{all}"
    );
}

#[test]
fn lines_of_json_are_understood_one_by_one() {
    let place = Place::new();
    let long = format!("{{\"username\": \"{}\"}}", "a".repeat(70_000));
    let lines = [
        r#"{"username": "ada", "grants": ["blog.*"]}"#,
        "",
        "not json",
        "[]",
        r#"{"username": "bob", "passwort": "x"}"#,
        r#"{"email": "bob@example.com"}"#,
        r#"{"username": 7}"#,
        long.as_str(),
        r#"{"username": "cyd", "email": null, "disabled": null, "grants": null}"#,
    ];
    write(&place, "users.jsonl", &lines.join("\n"));
    let output = place.run(&["user", "import", "users.jsonl", "--json"], "");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&report["created"], &report["read"]),
        (&json!(2), &json!(8)),
        "{report}"
    );
    let lines = report["refused"].as_array().expect("a list").iter();
    let lines: Vec<_> = lines.map(|one| one["line"].clone()).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 8]);
}

#[test]
fn a_dry_run_says_the_same_and_does_nothing() {
    let place = Place::new();
    let line = |n: usize| format!("{{\"username\": \"u{}\"}}\n", n % 430);
    let lines: Vec<String> = (0..450).map(line).collect();
    write(&place, "users.jsonl", &lines.concat());
    let (code, sentence) = place.ends(&["user", "import", "users.jsonl", "--dry-run"]);
    assert_eq!(code, 2, "{sentence}");
    place.json(&["migrate"]);
    place.json(&[
        "user",
        "create",
        "--username",
        "u3",
        "--email",
        "u@example.com",
        "--generate",
    ]);
    let dry = |arguments: &[&str]| {
        let output = place.run(
            &[&["user", "import", "users.jsonl", "--json"], arguments].concat(),
            "",
        );
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")
    };
    let mut told = dry(&["--dry-run"]);
    assert_eq!(place.json(&["user", "list"])["total"], 1);
    assert_eq!(told["dry_run"].take(), true);
    let mut done = dry(&[]);
    done["dry_run"].take();
    assert_eq!(told, done);
    assert_eq!(
        (&done["created"], &done["existing"]),
        (&json!(429), &json!(19))
    );
    assert_eq!(place.json(&["user", "list"])["total"], 430);
}

#[test]
fn what_cannot_be_read_ends_with_2_before_anything_is_done() {
    let place = Place::new();
    write(&place, "users.txt", "");
    write(&place, "unknown.csv", "username,mail\nada,a@example.com\n");
    write(&place, "twice.csv", "username,username\nada,ada\n");
    write(
        &place,
        "semicolon.csv",
        "username;email\nada;a@example.com\n",
    );
    write(&place, "alias.yaml", "email: &a x@example.com\ntitle: *a\n");
    write(&place, "broken.yaml", "a: [\n");
    write(
        &place,
        "double.yaml",
        "email: a@example.com\nemail: b@example.com\n",
    );
    for file in [
        "missing.csv",
        "users.txt",
        ".",
        "unknown.csv",
        "twice.csv",
        "semicolon.csv",
        "alias.yaml",
        "broken.yaml",
        "double.yaml",
    ] {
        let (code, sentence) = place.ends(&["user", "import", file]);
        assert_eq!(code, 2, "{file}: {sentence}");
        assert!(
            sentence.ends_with('.') && !sentence.contains('\n'),
            "{file}: {sentence}"
        );
    }
    place.json(&["migrate"]);
    assert_eq!(place.json(&["user", "list"])["total"], 0);
}

/// Some groups are in, more lines wait, and Ctrl-C comes: what is there is whole, and a second run
/// brings the rest.
#[test]
fn an_interrupted_import_is_taken_up_again() {
    let place = Place::new();
    place.json(&["migrate"]);
    let line = |n: usize| {
        format!(
            "{{\"username\": \"u{n}\", \"email\": \"u{n}@example.com\", \"grants\": [\"a.*\"]}}\n"
        )
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_signet"))
        .args(["user", "import", "-", "--format", "jsonl"])
        .current_dir(&place.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    for n in 0..450 {
        stdin.write_all(line(n).as_bytes()).expect("it reads");
    }
    // A line that is refused is told once its group is in the database.
    stdin.write_all(b"{}\n").expect("it reads");
    for n in 451..600 {
        stdin.write_all(line(n).as_bytes()).expect("it reads");
    }
    stdin.flush().expect("it reads");
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut told = String::new();
    stderr.read_line(&mut told).expect("a line");
    assert_eq!(told, "line 451: username: it is missing\n");
    kill_process(Pid::from_child(&child), Signal::INT).expect("it runs");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        stdout.starts_with("600 read: 599 created, 0 there already, 1 refused."),
        "{stdout}"
    );
    drop(stdin);

    let lines: String = (0..700).map(line).collect();
    let again = place.run(
        &["user", "import", "-", "--format", "jsonl", "--json"],
        &lines,
    );
    let report: Value = serde_json::from_slice(&again.stdout).expect("JSON");
    assert_eq!(
        (&report["created"], &report["existing"]),
        (&json!(101), &json!(599))
    );
    let users = place.json(&["user", "list", "--limit", "1000"]);
    assert_eq!(users["total"], 700);
    for user in users["items"].as_array().expect("a list") {
        assert_eq!(user["grants"], json!(["a.*"]), "{user}");
        assert!(user["email"].is_string(), "{user}");
    }
}

fn write(place: &Place, name: &str, text: &str) {
    fs::write(place.folder.path().join(name), text).expect("a file");
}
