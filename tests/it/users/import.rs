//! Users of another system: imported by the command line beside a running server, and logging in.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::Receiver;
use std::thread;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use signet::crypto::password::PasswordCost;

use super::super::harness::{self, TestServer};

/// What the hashes below are of; made by Django 5.2 and by the Python package bcrypt.
const PASSWORD: &str = "velvet orbit canyon mint";
const PBKDF2: &str =
    "pbkdf2_sha256$100000$seasalt2024abcdefghij$1djOMIHgQOBO7bRQSTf8P/tjJ1R/YJ9B2Mu5Tn4vZNQ=";
const SCRYPT: &str = "scrypt$16384$seasalt2024abcdefghij$8$5$1/YATEVWzKpDwYCzCopG3kBF4+yKocDS2gQq5o3CBiEUrOf+qT65CX5mkyKZPsg+SoVDHX5p9A6x+V+nWIR2ig==";
const ARGON2: &str = "$argon2id$v=19$m=7168,t=5,p=1$AAECAwQFBgcICQoLDA0ODw$G6qaVXX/N5PVc7c2jHO56l1B1MxnprYKmd9IGZMYb3g";
const BCRYPT: &str = "$2y$10$EvgiOzylYO087IsxCSEaXeQysS9bI3iYgCmKSFPvp1LRiYRuJplk2";
/// Of text that has another form once normalised: `\u{fb01}ne ½ Straße`.
const AS_TYPED: &str = "$2b$10$CwTycUXWue0Thq9StjUM0uwCBqLlOA5/XyPqUejQ9.FvrdpusBoIe";

#[tokio::test]
async fn pw_07_imported_users_log_in_and_get_hashes_of_our_own() {
    let server = TestServer::start().await;
    server.register(&["pages.read"]).await;
    let lines = [
        json!({ "username": "ada", "email": "ada@example.com", "password_hash": PBKDF2,
            "grants": { "pages": { "read": true } } }),
        json!({ "username": "grace", "password_hash": BCRYPT }),
        json!({ "username": "lin", "password_hash": SCRYPT }),
        json!({ "username": "max", "password_hash": ARGON2 }),
        json!({ "username": "jean", "password_hash": AS_TYPED }),
        json!({ "username": "mary", "password_hash": BCRYPT, "disabled": true }),
        json!({ "username": "nobody", "password_hash": "!" }),
    ];
    let report = import(&server, &lines).await;
    assert_eq!(
        (&report["created"], &report["refused"]),
        (&json!(7), &json!([]))
    );
    assert_eq!(report["without_password"], 1);

    for refused in ["mary", "nobody"] {
        server
            .login(refused, PASSWORD)
            .await
            .refused(401, "invalid_credentials");
    }
    let foreign = hashes(&server).await;
    assert!(foreign.iter().all(|hash| !is_ours(hash)), "{foreign:?}");
    server
        .login("ada", "wrong")
        .await
        .refused(401, "invalid_credentials");
    assert_eq!(hashes(&server).await, foreign);

    let person = server.login("ada@example.com", PASSWORD).await.ok();
    assert_eq!(person["scope"], "pages.read");
    for name in ["grace", "lin", "max"] {
        server.login(name, PASSWORD).await.ok();
    }
    server.login("jean", "\u{fb01}ne ½ Straße").await.ok();
    let ours = hashes(&server).await;
    assert_eq!(ours.iter().filter(|hash| is_ours(hash)).count(), 5);
    // From now on the text counts in its normal form, as for everybody.
    for (name, password) in [("ada", PASSWORD), ("jean", "fine 1⁄2 Straße")] {
        server.login(name, password).await.ok();
    }
    assert_eq!(hashes(&server).await, ours);
}

#[tokio::test]
async fn pw_07_a_login_renews_a_hash_of_another_cost() {
    let mut server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let before = hashes(&server).await;
    server.login("ada", harness::PASSWORD).await.ok();
    assert_eq!(hashes(&server).await, before);
    server.stop().await;
    server.ambient.password_cost = PasswordCost::new(16, 2);
    server.start_again().await;
    let wrong = server.login("ada", "orbit walnut saddle 43").await;
    wrong.refused(401, "invalid_credentials");
    assert_eq!(hashes(&server).await, before);
    server.login("ada", harness::PASSWORD).await.ok();
    let after = hashes(&server).await;
    assert!(after[0].contains("m=16,t=2,"), "{after:?}");
    server.login("ada", harness::PASSWORD).await.ok();
    assert_eq!(hashes(&server).await, after);
}

/// Whether a login has renewed it.
fn is_ours(hash: &str) -> bool {
    hash.starts_with("$argon2id$v=19$m=8,t=1,")
}

#[tokio::test]
async fn a_second_run_goes_on_and_leaves_those_who_are_there() {
    let server = TestServer::start().await;
    let line = |number: usize| json!({ "username": format!("u{number}"), "email": format!("u{number}@example.com") });
    let first: Vec<Value> = (0..250).map(line).collect();
    assert_eq!(import(&server, &first).await["created"], 250);
    server.set_password("u7", "orbit walnut saddle 42").await;
    let mut second: Vec<Value> = (200..500).map(line).collect();
    second.push(json!({ "username": "u7", "email": "u7@example.com", "disabled": true, "password_hash": BCRYPT }));
    let report = import(&server, &second).await;
    assert_eq!(
        (&report["created"], &report["existing"]),
        (&json!(250), &json!(51))
    );
    server.login("u7", "orbit walnut saddle 42").await.ok();

    // Another person of the same name, or with an address or a name that somebody has, is told.
    let others = [
        json!({ "username": "u7", "email": "other@example.com" }),
        json!({ "username": "u7" }),
        json!({ "username": "new", "email": "U7@example.com" }),
        json!({ "username": "twin", "email": "twin@example.com" }),
        json!({ "username": "twin", "email": "twin@example.com" }),
        json!({ "username": "twin2", "email": "twin@example.com" }),
    ];
    let report = import(&server, &others).await;
    assert_eq!(
        (&report["created"], &report["existing"]),
        (&json!(1), &json!(1))
    );
    let refused: Vec<_> = report["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["line"].as_u64().unwrap(),
                one["field"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        refused,
        [(1, "username"), (2, "username"), (3, "email"), (6, "email")]
    );
}

#[tokio::test]
async fn a_database_that_is_busy_for_seconds_does_not_end_it() {
    let server = TestServer::start().await;
    let command = signet(&server, &["user", "import", "-", "--format", "jsonl"]);
    let (told, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, wait) = std::sync::mpsc::channel();
    let running = tokio::task::spawn_blocking(move || feed(command, &told, &wait));
    // The first group is in, and the next ones meet a lock.
    while !lines
        .recv()
        .await
        .unwrap()
        .starts_with("line 200: username: it is missing")
    {}
    let mut stranger = server.store.connect().await;
    stranger.lock().await;
    go_on.send(()).unwrap();
    while !lines
        .recv()
        .await
        .unwrap()
        .contains("a group of users is tried again")
    {}
    stranger.execute("ROLLBACK").await;
    let said = running.await.unwrap();
    assert!(
        said.starts_with("500 read: 499 created, 0 there already, 1 refused."),
        "{said}"
    );
}

/// Gives the command 200 lines, of which the last is refused, and 300 more when told to; passes on
/// what it says on stderr. What it says on stdout.
fn feed(mut command: Command, told: &UnboundedSender<String>, wait: &Receiver<()>) -> String {
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let line = |n: usize| format!("{{\"username\": \"u{n}\"}}\n");
    thread::scope(|threads| {
        threads.spawn(|| {
            for line in stderr.lines() {
                told.send(line.unwrap()).ok();
            }
        });
        let first: Vec<String> = (0..199).map(line).collect();
        stdin
            .write_all((first.concat() + "{}\n").as_bytes())
            .unwrap();
        wait.recv().unwrap();
        let rest: Vec<String> = (200..500).map(line).collect();
        stdin.write_all(rest.concat().as_bytes()).unwrap();
        drop(stdin);
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    })
}

/// Runs the command beside the server.
async fn import(server: &TestServer, lines: &[Value]) -> Value {
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let input = lines.join("\n");
    let command = signet(
        server,
        &["user", "import", "-", "--format", "jsonl", "--json"],
    );
    let output = tokio::task::spawn_blocking(move || run(command, &input))
        .await
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

fn signet(server: &TestServer, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signet"));
    command
        .args(arguments)
        .current_dir(server.folder.path())
        .env(
            "SIGNET_STORE__DATABASE",
            server.settings.store.database.expose(),
        )
        .env("SIGNET_KEYS__DIR", &server.settings.keys.dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(mut command: Command, input: &str) -> Output {
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

async fn hashes(server: &TestServer) -> Vec<String> {
    let mut stranger = server.store.connect().await;
    let query = "SELECT password_hash FROM users WHERE password_hash IS NOT NULL ORDER BY id";
    stranger.texts(query).await
}
