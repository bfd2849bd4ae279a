//! `kill -9` under load, of the server and of the database: nobody is logged out by it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod servers;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use servers::Postgres;
use tempfile::TempDir;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

const SESSIONS: usize = 16;
/// Below the 64 that a session may do at once.
const REFRESHES: usize = 40;
const CRASHES: usize = 4;
/// How long a client waits before it comes again, unless something has changed.
const AGAIN: Duration = Duration::from_millis(200);
/// How long a request may take while the database is away.
const PATIENCE: Duration = Duration::from_millis(2_900);

#[tokio::test]
async fn every_session_goes_on_after_each_crash_on_sqlite() {
    every_session_goes_on_after_each_crash_of_the_server("sqlite://data/signet.db").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_session_goes_on_after_each_crash_on_postgresql() {
    let database = Postgres::shared().database().await;
    every_session_goes_on_after_each_crash_of_the_server(&database.url).await;
}

async fn every_session_goes_on_after_each_crash_of_the_server(database: &str) {
    let folder = TempDir::new().unwrap();
    let mut server = Server::start(folder.path(), database);
    let mut load = Load::begin(folder.path(), database, vec![server.address.clone()]).await;
    for crash in 1..=CRASHES {
        load.part(crash, CRASHES).await;
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        server = Server::start(folder.path(), database);
        load.servers.send_replace(vec![server.address.clone()]);
    }
    load.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_session_goes_on_after_each_crash_of_the_database() {
    const CRASHES: usize = 2;
    let postgres = Postgres::start();
    let database = postgres.database().await.url;
    let folder = TempDir::new().unwrap();
    let nodes = [0, 1].map(|_| Server::start(folder.path(), &database));
    let addresses = nodes.each_ref().map(|node| node.address.clone()).to_vec();
    let mut load = Load::begin(folder.path(), &database, addresses.clone()).await;
    for crash in 1..=CRASHES {
        load.part(crash, CRASHES).await;
        postgres.crash();
        let told = load.answers.unavailable.so_far() + SESSIONS;
        load.answers.unavailable.reach(told).await;
        postgres.start_again();
        load.servers.send_replace(addresses.clone());
    }
    load.end().await;
    drop(nodes);
}

/// People who refresh again and again.
struct Load {
    people: JoinSet<()>,
    servers: watch::Sender<Vec<String>>,
    answers: Arc<Answers>,
}

impl Load {
    async fn begin(folder: &Path, database: &str, servers: Vec<String>) -> Self {
        let create = ["user", "create", "--username", "ada", "--generate"];
        let created = run(folder, database, &create);
        let http = Client::new();
        let body = json!({ "username": "ada", "password": created["password"] });
        let mut people = JoinSet::new();
        let login = format!("http://{}/v1/auth/login", servers[0]);
        let (servers, answers) = (watch::Sender::new(servers), Arc::new(Answers::default()));
        let mut tokens = Vec::new();
        for _ in 0..SESSIONS {
            let answer = http.post(&login).json(&body).send().await.unwrap();
            let answer: Value = answer.json().await.unwrap();
            tokens.push(answer["refresh_token"].as_str().unwrap().to_owned());
        }
        for (person, token) in tokens.into_iter().enumerate() {
            people.spawn(keep_refreshing(
                http.clone(),
                token,
                person,
                servers.subscribe(),
                answers.clone(),
            ));
        }
        Self {
            people,
            servers,
            answers,
        }
    }

    /// Waits until this part of all refreshes is done, of one more than there are.
    async fn part(&self, part: usize, of: usize) {
        let refreshes = part * SESSIONS * REFRESHES / (of + 1);
        self.answers.refreshed.reach(refreshes).await;
    }

    async fn end(&mut self) {
        while let Some(person) = self.people.join_next().await {
            person.unwrap();
        }
    }
}

/// Refreshes at one server after the other. Where there is no answer, or it says to come again, the
/// same token goes to the next one.
async fn keep_refreshing(
    http: Client,
    mut token: String,
    mut turn: usize,
    mut servers: watch::Receiver<Vec<String>>,
    answers: Arc<Answers>,
) {
    for _ in 0..REFRESHES {
        let answer = loop {
            turn += 1;
            let url = {
                let servers = servers.borrow_and_update();
                format!("http://{}/v1/auth/refresh", servers[turn % servers.len()])
            };
            let request = http.post(url).json(&json!({ "refresh_token": token }));
            let began = Instant::now();
            // An answer that breaks off is lost like one that never began.
            let answer = async { request.send().await?.json::<Value>().await };
            match answer.await {
                Ok(answer) if answer["code"] == "unavailable" => {
                    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
                    answers.unavailable.count();
                }
                Ok(answer) => break answer,
                Err(_) => {}
            }
            tokio::time::timeout(AGAIN, servers.changed()).await.ok();
        };
        let next = answer["refresh_token"].as_str();
        next.unwrap_or_else(|| panic!("logged out: {answer}"))
            .clone_into(&mut token);
        answers.refreshed.count();
    }
}

/// What was answered so far.
#[derive(Default)]
struct Answers {
    refreshed: Tally,
    unavailable: Tally,
}

#[derive(Default)]
struct Tally {
    count: AtomicUsize,
    more: Notify,
}

impl Tally {
    fn so_far(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    fn count(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.more.notify_one();
    }

    async fn reach(&self, count: usize) {
        while self.so_far() < count {
            self.more.notified().await;
        }
    }
}

struct Server {
    address: String,
    child: Child,
}

impl Server {
    fn start(folder: &Path, database: &str) -> Self {
        let mut child = signet(folder, database, &["serve", "--json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        Self {
            address: line["address"].as_str().unwrap().to_owned(),
            child,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(folder: &Path, database: &str, arguments: &[&str]) -> Value {
    let output = signet(folder, database, arguments)
        .arg("--json")
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn signet(folder: &Path, database: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signet"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("SIGNET_SERVER__LISTEN", "127.0.0.1:0")
        .env("SIGNET_SERVER__METRICS_LISTEN", "off")
        .env("SIGNET_STORE__DATABASE", database)
        .env("SIGNET_STORE__MIGRATE", "at_start")
        .env("SIGNET_LOG__LEVEL", "error")
        .stdin(Stdio::null());
    command
}
