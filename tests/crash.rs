//! `kill -9` under load: nobody is logged out by it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

const SESSIONS: usize = 16;
/// Below the 64 that a session may do at once.
const REFRESHES: usize = 40;
const CRASHES: usize = 4;

#[tokio::test]
async fn every_session_goes_on_after_each_crash() {
    let folder = TempDir::new().unwrap();
    let mut server = Server::start(folder.path());
    let created = run(
        folder.path(),
        &["user", "create", "--username", "ada", "--generate"],
    );
    let http = Client::new();
    let body = json!({ "username": "ada", "password": created["password"] });
    let (address, answers) = (
        watch::Sender::new(server.address.clone()),
        Arc::new(Answers::default()),
    );
    let mut people = JoinSet::new();
    for _ in 0..SESSIONS {
        let login = http.post(format!("http://{}/v1/auth/login", server.address));
        let login: Value = login
            .json(&body)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let token = login["refresh_token"].as_str().unwrap().to_owned();
        people.spawn(keep_refreshing(
            http.clone(),
            token,
            address.subscribe(),
            answers.clone(),
        ));
    }
    for crash in 1..=CRASHES {
        answers
            .reach(crash * SESSIONS * REFRESHES / (CRASHES + 1))
            .await;
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        server = Server::start(folder.path());
        address.send_replace(server.address.clone());
    }
    while let Some(person) = people.join_next().await {
        person.unwrap();
    }
}

/// Refreshes again and again. Where there is no answer, the same token goes to the next server.
async fn keep_refreshing(
    http: Client,
    mut token: String,
    mut address: watch::Receiver<String>,
    answers: Arc<Answers>,
) {
    for _ in 0..REFRESHES {
        let answer = loop {
            let url = format!(
                "http://{}/v1/auth/refresh",
                address.borrow_and_update().clone()
            );
            let request = http.post(url).json(&json!({ "refresh_token": token }));
            // An answer that breaks off is lost like one that never began.
            let answer = async { request.send().await?.json::<Value>().await };
            match answer.await {
                Ok(answer) => break answer,
                Err(_) => address.changed().await.unwrap(),
            }
        };
        let next = answer["refresh_token"].as_str();
        next.unwrap_or_else(|| panic!("logged out: {answer}"))
            .clone_into(&mut token);
        answers.count();
    }
}

/// How many refreshes were answered in all.
#[derive(Default)]
struct Answers {
    count: AtomicUsize,
    more: Notify,
}

impl Answers {
    fn count(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.more.notify_one();
    }

    async fn reach(&self, count: usize) {
        while self.count.load(Ordering::SeqCst) < count {
            self.more.notified().await;
        }
    }
}

struct Server {
    address: String,
    child: Child,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut child = signet(folder, &["serve", "--json"])
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

fn run(folder: &Path, arguments: &[&str]) -> Value {
    let output = signet(folder, arguments).arg("--json").output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn signet(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signet"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("SIGNET_SERVER__LISTEN", "127.0.0.1:0")
        .env("SIGNET_SERVER__METRICS_LISTEN", "off")
        .env("SIGNET_LOG__LEVEL", "warn")
        .stdin(Stdio::null());
    command
}
