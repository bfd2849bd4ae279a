//! When something that Signet depends on is away, or Signet itself is at fault.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use signet::crypto::password::PasswordCost;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Answer, Ask, Log, PASSWORD, Person, Store, TestServer};

#[tokio::test]
async fn a_locked_database_is_503_in_time_and_recovers() {
    let server = TestServer::start().await;
    let (mut ada, mut ben) = (server.person("ada").await, server.person("ben").await);
    let mut other = server.store.connect().await;
    other.lock().await;

    let started = Instant::now();
    let (refresh, logout, login) = tokio::join!(
        server.refresh(&ada.refresh_token),
        ben.log_out(),
        server.login("ada", PASSWORD)
    );
    assert!(
        started.elapsed() < Duration::from_millis(2500),
        "{:?}",
        started.elapsed()
    );
    let mut refused = vec![logout, login];
    match server.store.redis() {
        Some(_) => drop(refresh.ok()),
        None => refused.push(refresh),
    }
    for answer in refused {
        answer.refused(503, "unavailable");
        assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
    }
    ada.get("/v1/me").await.ok();

    other.execute("ROLLBACK").await;
    ada.refresh().await.ok();
    match server.store.redis() {
        // Where sessions live it was over at once, though it could not be written down.
        Some(_) => drop(ben.refresh().await.refused(401, "session_ended")),
        None => drop(ben.refresh().await.ok()),
    }
    server.login("ada", PASSWORD).await.ok();
}

#[tokio::test]
async fn a_database_that_another_process_locks_for_long_is_503_in_time_and_recovers() {
    const HELD: Duration = Duration::from_secs(5);
    let server = TestServer::start().await;
    let Store::Sqlite(file) = &*server.store else {
        return;
    };
    server.create_user("ada", &[]).await;
    let mut people = Vec::new();
    for _ in 0..8 {
        people.push(Person::log_in(&server, "ada", PASSWORD).await);
    }
    let lock = Lock::hold(file);
    let since = Instant::now();
    while since.elapsed() < HELD {
        let refreshes = people
            .iter()
            .map(|one| timed(server.refresh(&one.refresh_token)));
        let logouts = people.iter().map(|one| timed(one.log_out()));
        let logins = (0..3).map(|_| timed(server.login("ada", PASSWORD)));
        // Who only reads is not in the way of whoever writes.
        let reads = people.iter().map(|one| one.get("/v1/me"));
        let (refreshes, logouts, logins, reads) = tokio::join!(
            join_all(refreshes),
            join_all(logouts),
            join_all(logins),
            join_all(reads)
        );
        let mut waits = Vec::new();
        for (answer, took) in refreshes.into_iter().chain(logouts).chain(logins) {
            answer.refused(503, "unavailable");
            assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
            waits.push(took);
        }
        waits.sort_unstable();
        let (median, longest) = (waits[waits.len() / 2], waits[waits.len() - 1]);
        assert!(median < Duration::from_millis(2500), "{waits:?}");
        // Some are held up by a busy machine, but nobody waits for the lock twice.
        assert!(longest < Duration::from_millis(3800), "{waits:?}");
        for answer in reads {
            answer.ok();
        }
    }
    lock.release();
    for person in &mut people {
        person.refresh().await.ok();
    }
    server.login("ada", PASSWORD).await.ok();
}

/// An answer, and how long it took.
async fn timed(answer: impl Future<Output = Answer>) -> (Answer, Duration) {
    let began = Instant::now();
    let answer = answer.await;
    (answer, began.elapsed())
}

/// A process of another program, which has locked the database for itself.
struct Lock {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Lock {
    const PROGRAM: &str = "\
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
connection.execute('BEGIN EXCLUSIVE')
print('locked', flush=True)
sys.stdin.readline()
connection.execute('ROLLBACK')
print('released', flush=True)
";

    /// Returns once the database is locked.
    fn hold(database: &Path) -> Self {
        let mut child = Command::new("python3")
            .args(["-c", Self::PROGRAM])
            .arg(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let mut lock = Self { child, said };
        lock.hear("locked\n");
        lock
    }

    /// Returns once the database is free.
    fn release(mut self) {
        self.child.stdin.take().unwrap().write_all(b"\n").unwrap();
        self.hear("released\n");
    }

    fn hear(&mut self, expected: &str) {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        assert_eq!(line, expected);
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn pd_03_a_500_shows_nothing_and_the_log_has_its_number() {
    Log::keep();
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let mut other = server.store.connect().await;
    other
        .execute("ALTER TABLE users RENAME TO users_gone")
        .await;

    let answer = server.login("ada", PASSWORD).await;
    let problem = answer.refused(500, "internal_error");
    for inside in ["users", "SELECT", "sqlx", "src/", ".rs", "table", "panic"] {
        assert!(!answer.text().contains(inside), "{}", answer.text());
    }
    let id = problem["request_id"].as_str().unwrap();
    assert!(
        Log::own()
            .lines()
            .any(|line| line.contains("ERROR") && line.contains(id))
    );
    ada.get("/v1/me").await.refused(500, "internal_error");

    let back = "ALTER TABLE users_gone RENAME TO users";
    other.execute(back).await;
    ada.get("/v1/me").await.ok();
}

#[tokio::test]
async fn lg_14_a_flood_of_logins_leaves_the_rest_alone() {
    let server = TestServer::starting(
        |settings| {
            settings.password.lane_threads = Some(1);
            settings.password.lane_queue = 4;
        },
        |ambient| ambient.password_cost = PasswordCost::new(19 * 1024, 2),
    )
    .await;
    let names: Vec<String> = (0..40).map(|number| format!("user{number}")).collect();
    let flood = join_all(names.iter().map(|name| server.login(name, PASSWORD)));
    let rest = async {
        for _ in 0..20 {
            server.get("/.well-known/jwks.json").await.ok();
            assert_eq!(server.get("/healthz").await.status, 200);
        }
    };
    let (answers, ()) = tokio::join!(flood, rest);
    let hashed = answers.iter().filter(|answer| answer.status == 401).count();
    let turned_away = answers.iter().filter(|answer| answer.status == 503);
    assert!(hashed >= 4, "{hashed} were hashed");
    assert_eq!(hashed + turned_away.clone().count(), 40);
    assert!(turned_away.clone().count() > 0, "nobody was turned away");
    for answer in turned_away {
        answer.refused(503, "unavailable");
        assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
    }
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let mut server = TestServer::start().await;
    let ada = server.person("ada").await;
    let eve = server.person("eve").await;
    eve.log_out().await.no_content();
    let (kept, ended) = (ada.refresh_token.clone(), eve.refresh_token.clone());
    let (access, dead) = (ada.access_token.clone(), eve.access_token.clone());
    server.stop().await;
    server.start_again().await;

    let me = |token: &str| {
        server
            .request(Method::GET, "/v1/me")
            .bearer_auth(token.to_owned())
            .ask()
    };
    me(&access).await.ok();
    me(&dead).await.refused(401, "invalid_access_token");
    server.refresh(&kept).await.ok();
    server.refresh(&ended).await.refused(401, "session_ended");
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_end() {
    let mut server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
    let (first, rest) = body.split_at(10);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // "100 Continue" tells that the request is being read.
    let mut answer = vec![0; 4096];
    let count = stream.read(&mut answer).await.unwrap();
    assert!(answer[..count].starts_with(b"HTTP/1.1 100 "));
    stream.write_all(first.as_bytes()).await.unwrap();

    let address = server.address;
    let ((), answer) = tokio::join!(server.stop(), async {
        // Newcomers are refused once the end has begun.
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        stream.write_all(rest.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    });
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}
