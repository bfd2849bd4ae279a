//! Signet as processes of its own, that a test can kill.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a test fails by panicking; each test binary uses a part"
)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Where nodes run: their folder with the keys, and what they are told.
pub(crate) struct Site {
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
}

/// A node.
pub(crate) struct Node {
    pub(crate) address: String,
    child: Child,
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
        let mut child = self
            .signet(&["serve", "--json"])
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        Node {
            address: line["address"].as_str().unwrap().to_owned(),
            child,
        }
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

    fn signet(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signet"));
        command
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
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Where an operation is.
    pub(crate) fn url(&self, operation: &str) -> String {
        format!("http://{}/v1/auth/{operation}", self.address)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl User {
    /// Logs in; the refresh token.
    pub(crate) async fn log_in(&self, http: &reqwest::Client, node: &Node) -> String {
        let body = json!({ "username": self.name, "password": self.password });
        let answer = http
            .post(node.url("login"))
            .json(&body)
            .send()
            .await
            .unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["refresh_token"].as_str().unwrap().to_owned()
    }
}
