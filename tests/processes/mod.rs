//! Signet as processes of its own, that a test can kill.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a test fails by panicking; each test binary uses a part"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use reqwest::{Client, RequestBuilder};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Where nodes run: their folder with the keys, and what they are told.
pub(crate) struct Site {
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
}

/// A node; it ends with this value, or with the tests.
pub(crate) struct Node {
    pub(crate) address: String,
    /// Until it is killed.
    pid: Option<Pid>,
    ended: mpsc::Receiver<()>,
}

/// Somebody who can log in.
pub(crate) struct User {
    name: String,
    password: String,
}

impl Site {
    /// Nodes that are told these variables, beside what every test wants.
    pub(crate) fn new(settings: &[(&'static str, &str)]) -> Self {
        let settings = settings
            .iter()
            .map(|(key, value)| (*key, (*value).to_owned()));
        Self {
            folder: TempDir::new().unwrap(),
            settings: settings.collect(),
        }
    }

    /// Starts a node, and returns once it serves.
    pub(crate) fn start(&self) -> Node {
        self.start_with(&[])
    }

    /// Starts a node that is told some things otherwise.
    pub(crate) fn start_with(&self, settings: &[(&'static str, &str)]) -> Node {
        let mut command = self.signet(&["serve", "--json"]);
        command.envs(settings.iter().copied());
        begin(command)
    }

    /// What a node writes to its log until it serves.
    pub(crate) fn says_at_start(&self) -> String {
        let log = self.folder.path().join("log");
        let mut command = self.signet(&["serve", "--json"]);
        command.stderr(fs::File::create(&log).unwrap());
        drop(begin(command));
        fs::read_to_string(log).unwrap()
    }

    /// A new user.
    pub(crate) fn user(&self, name: &str) -> User {
        let create = ["user", "create", "--username", name, "--generate", "--json"];
        let output = self.signet(&create).output().unwrap();
        let created: Value = serde_json::from_slice(&output.stdout).unwrap();
        User {
            name: name.to_owned(),
            password: created["password"].as_str().unwrap().to_owned(),
        }
    }

    /// A new user who may do everything.
    pub(crate) fn administrator(&self, name: &str) -> User {
        let user = self.user(name);
        let grant = ["user", "grant", name, "*", "--json"];
        assert!(self.signet(&grant).output().unwrap().status.success());
        user
    }

    /// What a command prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut command = self.signet(arguments);
        let output = command.arg("--json").output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Puts a file where commands find it.
    pub(crate) fn put(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn signet(&self, arguments: &[&str]) -> Command {
        // It ends with the thread that starts it, however that ends.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig=KILL", env!("CARGO_BIN_EXE_signet")])
            .args(arguments)
            .current_dir(&self.folder)
            .env("SIGNET_SERVER__LISTEN", "127.0.0.1:0")
            .env("SIGNET_SERVER__METRICS_LISTEN", "off")
            .env("SIGNET_STORE__MIGRATE", "at_start")
            .env("SIGNET_LOG__LEVEL", "error")
            .env_remove("SIGNET_SEED")
            .envs(self.settings.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null());
        command
    }
}

impl Node {
    /// `kill -9`.
    pub(crate) fn crash(&mut self) {
        if let Some(pid) = self.pid.take() {
            kill_process(pid, Signal::KILL).unwrap();
            self.ended.recv().unwrap();
        }
    }

    /// Where an operation is.
    pub(crate) fn url(&self, operation: &str) -> String {
        format!("http://{}/v1/auth/{operation}", self.address)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.crash();
    }
}

impl User {
    /// Logs in; the refresh token.
    pub(crate) async fn log_in(&self, http: &Client, node: &Node) -> String {
        let answer = self.log_in_for(http, node, "").await;
        answer["refresh_token"].as_str().unwrap().to_owned()
    }

    /// Logs in for these scopes, for everything if there are none; the answer.
    pub(crate) async fn log_in_for(&self, http: &Client, node: &Node, scope: &str) -> Value {
        let asked = self.ask_to_log_in(http, node, scope).send();
        asked.await.unwrap().json().await.unwrap()
    }

    /// Asks for it.
    pub(crate) fn ask_to_log_in(&self, http: &Client, node: &Node, scope: &str) -> RequestBuilder {
        let mut body = json!({ "username": self.name, "password": self.password });
        if !scope.is_empty() {
            body["scope"] = scope.into();
        }
        http.post(node.url("login")).json(&body)
    }
}

/// Starts a node, and returns once it serves.
fn begin(mut command: Command) -> Node {
    command.stdout(Stdio::piped());
    let (started, starting) = mpsc::channel();
    let (ending, ended) = mpsc::channel();
    // The node ends with the thread that started it: one that reads to the end what it says.
    thread::spawn(move || {
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = said.next().map_or_else(String::new, Result::unwrap);
        started.send((Pid::from_child(&child), line)).ok();
        said.for_each(drop);
        child.wait().unwrap();
        ending.send(()).ok();
    });
    let (pid, line) = starting.recv().unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    Node {
        address: line["address"].as_str().unwrap().to_owned(),
        pid: Some(pid),
        ended,
    }
}
