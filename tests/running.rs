//! The server commands as a person or a supervisor meets them: what they print once they answer,
//! and how they stop.

mod servers;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::UnixDatagram,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn the_lines_that_demo_prints_work_when_pasted_and_nothing_is_left_behind() {
    let mut demo = Running::start(&["demo", "--port", "0"], &[]);
    let mut printed = String::new();
    while !printed.ends_with("refresh $(token refresh_token); echo\n") {
        let read = demo.stdout.read_line(&mut printed).expect("a line");
        assert!(read > 0, "the demo ended:\n{printed}");
    }
    let steps = &printed[printed.find("# 1. ").expect("steps")..];
    let bash = Command::new("bash")
        .args(["-eu", "-c", steps])
        .output()
        .expect("bash");
    let answers = String::from_utf8(bash.stdout).expect("UTF-8");
    assert!(
        bash.status.success(),
        "{answers}{}",
        String::from_utf8_lossy(&bash.stderr)
    );
    let answers: Vec<&str> = answers.lines().collect();
    let [login, me, refresh, jwks, refused] = answers[..] else {
        panic!("{answers:#?}")
    };
    let (login, refresh) = (json(login), json(refresh));
    assert_ne!(login["refresh_token"], refresh["refresh_token"]);
    assert_eq!(login["scope"], "pages.read pages.write");
    assert_eq!(json(me)["username"], "demo");
    assert_eq!(json(jwks)["keys"][0]["alg"], "ES256");
    let refused = json(refused);
    assert_eq!(
        (&refused["code"], &refused["reason"]),
        (&"session_ended".into(), &"logout".into())
    );

    assert!(fs::read_dir(demo.folder.path()).expect("a folder").count() > 0);
    assert_eq!(demo.stop(Signal::INT), 0);
    assert_eq!(
        fs::read_dir(demo.folder.path()).expect("a folder").count(),
        0
    );
}

#[test]
fn demo_tells_scripts_in_one_line_and_leaves_a_signet_toml_alone() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("signet.toml"), "[broken").expect("written");
    let mut demo = Running::start_in(
        folder,
        &["demo", "--port", "0", "--json"],
        &[("SIGNET_LOG", "error")],
    );
    let card = demo.json_line();
    let names: Vec<&String> = card.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["url", "username", "password", "client_id"]);
    let port = card["url"]
        .as_str()
        .and_then(|url| url.strip_prefix("http://localhost:"))
        .expect("a URL");
    assert!(get(&format!("127.0.0.1:{port}"), "/healthz").starts_with("HTTP/1.1 200"));
    assert_eq!(demo.stop(Signal::TERM), 0);
}

#[test]
fn demo_names_a_taken_port() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_signet"))
        .args(["demo", "--port", &port])
        .output()
        .expect("the binary runs");
    let sentence = format!(
        "error: Port {port} is taken by another program; stop it, or choose another with --port (0 takes a free one).\n"
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), sentence);
    assert_eq!(output.status.code(), Some(5));
}

#[test]
fn serve_answers_counts_and_stops_with_0_on_each_signal() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut server = Running::start(
            &["serve", "--json"],
            &[
                ("SIGNET_SERVER__LISTEN", "127.0.0.1:0"),
                ("SIGNET_SERVER__METRICS_LISTEN", "127.0.0.1:0"),
            ],
        );
        let line = server.json_line();
        assert_eq!(
            (&line["issuer"], &line["users"]),
            (&"http://localhost:8080".into(), &0.into())
        );
        let place = |name: &str| line[name].as_str().expect("an address").to_owned();
        assert!(get(&place("address"), "/readyz").starts_with("HTTP/1.1 200"));
        assert!(get(&place("metrics_address"), "/metrics").starts_with("HTTP/1.1 200"));
        assert!(get(&place("address"), "/metrics").starts_with("HTTP/1.1 404"));
        assert_eq!(server.stop(signal), 0);
        let log = fs::read_to_string(server.folder.path().join("log")).expect("a log");
        assert!(
            log.contains("signet user create --username NAME --generate"),
            "{log}"
        );
        assert!(
            log.contains("to try it on this machine: http://127.0.0.1:"),
            "{log}"
        );
        assert_eq!(log.matches("no new connections").count(), 2, "{log}");
        assert_eq!(log.matches(&place("metrics_address")).count(), 2, "{log}");
        for line in log.lines() {
            json(line);
        }
    }
}

#[test]
fn a_supervisor_that_asks_is_told_once_the_server_answers() {
    let folder = TempDir::new().expect("a folder");
    let socket = folder.path().join("notify");
    let supervisor = UnixDatagram::bind(&socket).expect("a socket");
    let patience = Some(Duration::from_mins(1));
    supervisor.set_read_timeout(patience).expect("a timeout");
    let mut server = Running::start_in(
        folder,
        &["serve", "--json"],
        &[
            ("SIGNET_SERVER__LISTEN", "127.0.0.1:0"),
            ("SIGNET_SERVER__METRICS_LISTEN", "off"),
            ("NOTIFY_SOCKET", &socket.to_string_lossy()),
        ],
    );
    let mut told = [0; 64];
    let length = supervisor.recv(&mut told).expect("a datagram");
    assert_eq!(&told[..length], b"READY=1");
    let address = server.json_line()["address"].clone();
    let address = address.as_str().expect("an address");
    assert!(get(address, "/readyz").starts_with("HTTP/1.1 200"));
    assert_eq!(server.stop(Signal::TERM), 0);
}

#[test]
fn one_server_at_a_time_serves_from_a_file() {
    let variables = [
        ("SIGNET_SERVER__LISTEN", "127.0.0.1:0"),
        ("SIGNET_SERVER__METRICS_LISTEN", "off"),
    ];
    let mut first = Running::start(&["serve", "--json"], &variables);
    first.json_line();
    let second = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signet"));
        command
            .args(["serve", "--json"])
            .current_dir(&first.folder)
            .envs(variables)
            .env("SIGNET_LOG", "error");
        command.output().expect("the binary runs")
    };
    let refused = second();
    assert_eq!(refused.status.code(), Some(5));
    let error = json(&String::from_utf8_lossy(&refused.stderr));
    let sentence = &error["error"]["messages"][0];
    assert!(
        sentence
            .as_str()
            .is_some_and(|text| text.contains("data/signet.db is served by another process")),
        "{error}"
    );
    // A server that is killed leaves nothing in the way of the next.
    first.child.kill().expect("it runs");
    first.child.wait().expect("it ends");
    let folder = std::mem::replace(&mut first.folder, TempDir::new().expect("a folder"));
    let mut next = Running::start_in(folder, &["serve", "--json"], &variables);
    next.json_line();
    assert_eq!(next.stop(Signal::TERM), 0);
    let left = next.folder.path().join("data/signet.db-wal");
    assert!(!left.exists(), "the log is folded into the file");
}

#[test]
fn demo_that_hangs_up_leaves_nothing_behind_and_names_its_folder() {
    let mut demo = Running::start(&["demo", "--port", "0", "--json"], &[]);
    demo.json_line();
    assert_eq!(demo.stop(Signal::HUP), 0);
    let left = fs::read_dir(demo.folder.path()).expect("a folder").count();
    assert_eq!(left, 0);
    let output = Command::new(env!("CARGO_BIN_EXE_signet"))
        .args(["demo", "--port", "0"])
        .env("TMPDIR", "/nowhere/at/all")
        .output()
        .expect("the binary runs");
    let sentence = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        sentence.contains("/nowhere/at/all") && sentence.contains("TMPDIR"),
        "{sentence}"
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn commands_work_beside_a_running_server_which_hears_of_them() {
    let mut server = Running::start(
        &["serve", "--json"],
        &[
            ("SIGNET_SERVER__LISTEN", "127.0.0.1:0"),
            ("SIGNET_SERVER__METRICS_LISTEN", "off"),
        ],
    );
    let line = server.json_line();
    let address = line["address"].as_str().expect("an address");
    let created = server.beside(&["user", "create", "--username", "ada", "--generate"]);
    let login = format!(r#"{{"username":"ada","password":{}}}"#, created["password"]);
    let login = post(address, "/v1/auth/login", &login);
    let session = server.beside(&["session", "list", "ada"])["items"][0]["id"].clone();
    assert_eq!(login["session_id"], session);

    let session = session.as_str().expect("an id");
    assert_eq!(server.beside(&["session", "revoke", session])["ended"], 1);
    let refresh = format!(r#"{{"refresh_token":{}}}"#, login["refresh_token"]);
    let refused = post(address, "/v1/auth/refresh", &refresh);
    assert_eq!(
        (&refused["code"], &refused["reason"]),
        (&"session_ended".into(), &"admin".into())
    );
    assert_eq!(server.stop(Signal::TERM), 0);
}

/// What a security monitor wants, of one day in a server's life: when, what, who, from where, in
/// which request.
#[test]
fn ob_01_each_event_says_when_what_who_from_where_and_in_which_request() {
    let mut server = Running::start(
        &["serve", "--json"],
        &[
            ("SIGNET_SERVER__LISTEN", "127.0.0.1:0"),
            ("SIGNET_SERVER__METRICS_LISTEN", "off"),
            ("SIGNET_SESSIONS__REUSE_INTERVAL", "0"),
        ],
    );
    let line = server.json_line();
    let address = line["address"].as_str().expect("an address");
    let root = server.beside(&["user", "create", "--username", "root", "--generate"]);
    server.beside(&["user", "grant", "root", "*"]);
    spend_a_day(address, &root["password"]);
    let root = root["id"].as_str().expect("an id");
    assert_eq!(server.stop(Signal::TERM), 0);

    let log = fs::read_to_string(server.folder.path().join("log")).expect("a log");
    let lines: Vec<Value> = log.lines().map(json).collect();
    let events = lines
        .iter()
        .filter(|line| line["target"] == "signet::event");
    let of_requests: Vec<&Value> = events.filter(|line| !line["request"].is_null()).collect();
    let told: Vec<&str> = of_requests
        .iter()
        .map(|line| line["event"].as_str().expect("a name"))
        .collect();
    let expected = [
        "login.refused",
        "login.succeeded",
        "scope.added",
        "login.succeeded",
        "user.created",
        "user.disabled",
        "api_key.created",
        "api_key.revoked",
        "session.reuse",
        "session.ended",
        "login.succeeded",
        "session.ended",
    ];
    assert_eq!(told, expected, "{log}");
    let mut requests = Vec::new();
    for line in &of_requests {
        let request = &line["request"];
        assert_eq!(request["address"], "127.0.0.1", "{line}");
        let time = line["timestamp"].as_str().expect("a time");
        assert!(time.len() == 24 && time.ends_with('Z'), "{line}");
        let (event, by) = (&line["event"], &request["actor"]);
        let nobody = event == "login.refused" || line["reason"] == "logout";
        assert_eq!(by.as_str(), (!nobody).then_some(root), "{line}");
        if event == "login.succeeded" || event == "session.reuse" {
            assert!(line["client"].is_string(), "{line}");
        }
        if event == "session.ended" {
            assert!(line["session"].is_string(), "{line}");
            assert_eq!(line["user"], root, "{line}");
        }
        requests.push(request["id"].as_str().expect("an id").len());
    }
    assert_eq!(requests, [32; 12]);
}

/// Comes and goes, administers, makes a key; somebody guesses, and somebody steals.
fn spend_a_day(address: &str, password: &Value) {
    let log_in = |scope: &str| {
        let scope = format!(r#"{{"username":"root","password":{password},"scope":"{scope}"}}"#);
        ask(address, "POST", "/v1/auth/login", "", &scope)
    };
    let token = |answer: &Value, which: &str| answer[which].as_str().expect("a token").to_owned();

    // Names that would be lines of their own, if they were printed.
    let forged = r#"{"username":"x\n{\"event\":\"forged\"}","password":"not the password"}"#;
    ask(address, "POST", "/v1/auth/login", "", forged);
    let registrar = token(&log_in("signet.scopes.write"), "access_token");
    ask(
        address,
        "POST",
        "/v1/scopes",
        &registrar,
        r#"{"name":"pages.read"}"#,
    );
    let session = log_in("signet.users.write pages.read");
    let access = token(&session, "access_token");
    let refresh = format!(r#"{{"refresh_token":{}}}"#, session["refresh_token"]);
    let user = r#"{"username":"eve"}"#;
    let eve = ask(address, "POST", "/v1/users", &access, user);
    let eve = format!("/v1/users/{}", eve["id"].as_str().expect("an id"));
    ask(address, "POST", &format!("{eve}/disable"), &access, "");
    let key = format!(r#"{{"name":"CI","scopes":["pages.read"],"current_password":{password}}}"#);
    let key = ask(address, "POST", "/v1/me/api-keys", &access, &key);
    let Some(id) = key["key"]["id"].as_str() else {
        panic!("{key}")
    };
    let key = format!("/v1/me/api-keys/{id}");
    ask(address, "DELETE", &key, &access, "");
    // Spent twice, which ends the session; another one is ended by its owner.
    ask(address, "POST", "/v1/auth/refresh", "", &refresh);
    ask(address, "POST", "/v1/auth/refresh", "", &refresh);
    let refresh = format!(r#"{{"refresh_token":{}}}"#, log_in("")["refresh_token"]);
    ask(address, "POST", "/v1/auth/logout", "", &refresh);
}

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_made_up_keys_leave_nothing_behind() {
    const MOST: u64 = 1024;
    let mut server = Running::start(
        &["serve", "--json"],
        &[
            ("SIGNET_SERVER__LISTEN", "127.0.0.1:0"),
            ("SIGNET_SERVER__METRICS_LISTEN", "off"),
            ("SIGNET_LOG__LEVEL", "warn"),
        ],
    );
    let address = server.json_line()["address"].clone();
    let socket = TcpStream::connect(address.as_str().expect("an address")).expect("it listens");
    let mut connection = BufReader::new(socket);
    let mut refused = |numbers: std::ops::Range<u32>| {
        for number in numbers {
            let status = asks_by_key(&mut connection, &made_up(number));
            assert!(status.starts_with("HTTP/1.1 401 "), "{status}");
        }
    };
    refused(0..3_000);
    let before = resident(&server);
    refused(3_000..13_000);
    let grown = resident(&server).saturating_sub(before);
    assert!(grown < MOST, "{grown} KiB more");
    assert_eq!(server.stop(Signal::TERM), 0);
}

#[test]
fn lg_14_password_threads_yield_to_everything_else() {
    let mut demo = Running::start(
        &["demo", "--port", "0", "--json"],
        &[
            ("SIGNET_LOG", "error"),
            ("SIGNET_PASSWORD__LANE_THREADS", "1"),
        ],
    );
    // The demo has hashed its user's password: the thread is at work.
    demo.json_line();
    let tasks = format!("/proc/{}/task", demo.child.id());
    let own = nice("/proc/self/stat").1;
    let mut lane = Vec::new();
    for task in fs::read_dir(tasks).expect("threads") {
        let (name, nice) = nice(task.expect("a thread").path().join("stat"));
        if name.starts_with("argon2-") {
            lane.push(nice);
        } else {
            assert_eq!(nice, own, "{name}");
        }
    }
    assert_eq!(lane, [(own + 10).min(19)]);
    assert_eq!(demo.stop(Signal::TERM), 0);
}

/// The name and the nice value in a `stat` file.
#[cfg(target_os = "linux")]
fn nice(path: impl AsRef<std::path::Path>) -> (String, i32) {
    let stat = fs::read_to_string(path).expect("stat");
    let (before, fields) = stat.rsplit_once(") ").expect("a name");
    let (_, name) = before.split_once('(').expect("a name");
    let nice = fields.split(' ').nth(16).expect("a nice value");
    (name.to_owned(), nice.parse().expect("a number"))
}

#[tokio::test]
async fn a_locked_database_is_told_apart() {
    use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};

    let folder = TempDir::new().expect("a folder");
    let signet = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signet"));
        command
            .args(arguments)
            .current_dir(&folder)
            .output()
            .expect("the binary runs")
    };
    assert!(signet(&["migrate"]).status.success());
    let file = SqliteConnectOptions::new().filename(folder.path().join("data/signet.db"));
    let mut other = file.connect().await.expect("a connection");
    sqlx::query("BEGIN EXCLUSIVE")
        .execute(&mut other)
        .await
        .expect("a lock");
    let refused = signet(&["user", "create", "--username", "ada", "--generate"]);
    assert_eq!(refused.status.code(), Some(5));
    let sentence = String::from_utf8(refused.stderr).expect("UTF-8");
    assert_eq!(
        sentence,
        "error: The database data/signet.db is locked by another process; try again when that is over.\n"
    );
    assert!(refused.stdout.is_empty());
}

#[tokio::test]
async fn a_server_on_postgresql_waits_for_its_migrations() {
    let database = servers::Postgres::shared().database().await;
    let url = database.url.replace("postgres@", "postgres:hunter2@");
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("url"), url + "\n").expect("written");
    let variables = [
        ("SIGNET_STORE__DATABASE_FILE", "url"),
        ("SIGNET_SERVER__LISTEN", "127.0.0.1:0"),
        ("SIGNET_SERVER__METRICS_LISTEN", "off"),
    ];
    let signet = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signet"));
        command.args(arguments).current_dir(&folder).envs(variables);
        let output = command.output().expect("the binary runs");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).expect("UTF-8");
        assert!(!said.contains("hunter2"), "{said}");
        (output.status.code(), said)
    };
    let migrations = signet::store::database::all_migrations();
    let applied = migrations.iter().map(|name| format!("  apply {name}\n"));
    let applied = applied.collect::<Vec<_>>().concat();
    let (code, refused) = signet(&["serve"]);
    assert_eq!(code, Some(2));
    assert!(
        refused.ends_with(&format!(
            "error: The database is not up to date, it lacks {}; run `signet migrate`, or `signet \
             serve` with store.migrate set to \"at_start\".\n",
            migrations.join(", ")
        )),
        "{refused}"
    );
    let planned = format!("{applied}Nothing was done (--dry-run).\n");
    let done = format!("{applied}Done.\n");
    for (arguments, end) in [
        (&["migrate", "--dry-run"][..], planned.as_str()),
        (&["migrate"], &done),
        (&["migrate"], " is up to date.\n"),
    ] {
        let (code, said) = signet(arguments);
        assert_eq!(code, Some(0), "{said}");
        assert!(
            said.contains("postgres://postgres:***@localhost/") && said.ends_with(end),
            "{said}"
        );
    }
    assert!(
        signet(&["config", "show"])
            .1
            .contains("postgres:***@localhost")
    );
    let (code, said) = signet(&["user", "create", "--username", "ada", "--generate"]);
    assert_eq!(code, Some(0), "{said}");

    let mut server = Running::start_in(folder, &["serve", "--json"], &variables);
    let line = server.json_line();
    assert_eq!(line["users"], 1);
    let address = line["address"].as_str().expect("an address");
    assert!(get(address, "/readyz").starts_with("HTTP/1.1 200"));
    assert_eq!(server.stop(Signal::TERM), 0);
}

/// A well-formed key with the right checksum that nobody has made.
fn made_up(number: u32) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = format!("signet_ak_1{number:0>56}");
    let crc = crc32fast::hash(text.as_bytes());
    let digit = |place| usize::try_from(crc / 62_u32.pow(place) % 62).expect("a digit");
    text.extend((0..6).rev().map(|place| char::from(DIGITS[digit(place)])));
    text
}

/// The status of a request that presents a key, on a connection that goes on.
fn asks_by_key(connection: &mut BufReader<TcpStream>, key: &str) -> String {
    let request =
        format!("GET /v1/users HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n");
    let socket = connection.get_mut();
    socket.write_all(request.as_bytes()).expect("sent");
    let (mut status, mut length) = (String::new(), 0);
    connection.read_line(&mut status).expect("a status");
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).expect("a header");
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        } else if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).expect("a body");
    status
}

/// What the process has in memory, in KiB.
fn resident(server: &Running) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id()));
    let status = status.expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = line.and_then(|line| line.trim().strip_suffix(" kB"));
    size.expect("a size").parse().expect("a number")
}

/// The real binary, started in a folder of its own, which is its temporary folder too.
struct Running {
    folder: TempDir,
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_in(TempDir::new().expect("a folder"), arguments, variables)
    }

    fn start_in(folder: TempDir, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let log = match arguments[0] {
            "serve" => Stdio::from(fs::File::create(folder.path().join("log")).expect("a log")),
            _ => Stdio::inherit(),
        };
        let mut child = Command::new(env!("CARGO_BIN_EXE_signet"))
            .args(arguments)
            .current_dir(&folder)
            .env("TMPDIR", folder.path())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        Self {
            folder,
            child,
            stdout,
        }
    }

    fn json_line(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        json(&line)
    }

    /// Runs another command in the same folder, and gives what it prints.
    fn beside(&self, arguments: &[&str]) -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_signet"))
            .args(arguments)
            .arg("--json")
            .current_dir(&self.folder)
            .output()
            .expect("the binary runs");
        assert!(output.status.success(), "{output:?}");
        json(&String::from_utf8_lossy(&output.stdout))
    }

    /// Sends the signal and waits for the end.
    fn stop(&mut self, signal: Signal) -> i32 {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
        self.child.wait().expect("it ends").code().expect("a code")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn get(address: &str, path: &str) -> String {
    exchange(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
    )
}

/// Posts JSON; the body of the answer, whatever its status.
fn post(address: &str, path: &str, body: &str) -> Value {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    let answer = exchange(address, &(head + body));
    json(answer.split_once("\r\n\r\n").expect("a body").1)
}

/// Asks with JSON as the bearer of a token, or as nobody; the body of the answer, whatever its
/// status.
fn ask(address: &str, method: &str, path: &str, token: &str, body: &str) -> Value {
    let bearer = match token {
        "" => String::new(),
        token => format!("Authorization: Bearer {token}\r\n"),
    };
    let answer = exchange(
        address,
        &format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{bearer}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    match answer.split_once("\r\n\r\n").expect("a body").1 {
        "" => Value::Null,
        body => json(body),
    }
}

fn exchange(address: &str, request: &str) -> String {
    let mut socket = TcpStream::connect(address).expect("it listens");
    socket.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("an answer");
    answer
}
