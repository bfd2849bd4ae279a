//! The server that is measured: the real binary on a real disk.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::load::Place;
use crate::scripts::Same;

const PASSWORD: &str = "orbit walnut saddle 42";

/// Where a deployment has its keys and, unless it is told otherwise, its database. It is below
/// target/, not in /tmp, which may be memory: a commit must cost what it costs.
pub(crate) struct Home {
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
}

/// A confidential client.
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// A node.
pub(crate) struct Signet {
    address: SocketAddr,
    child: Child,
}

impl Home {
    /// A deployment with these settings, and that many users.
    pub(crate) fn new(settings: Vec<(&'static str, String)>, users: usize) -> Self {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let home = Self { folder, settings };
        for number in 0..users {
            home.create_user(&name(number));
        }
        home
    }

    /// Its folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Its database, where it has not been told of another.
    pub(crate) fn url(&self) -> String {
        format!("sqlite://{}", self.path().join("data/signet.db").display())
    }

    /// Starts a node.
    pub(crate) fn serve(&self) -> Signet {
        let mut child = self
            .signet()
            .args(["serve", "--json"])
            .env("SIGNET_SERVER__LISTEN", "127.0.0.1:0")
            .env("SIGNET_SERVER__METRICS_LISTEN", "off")
            .env("SIGNET_SESSIONS__MAX_PER_USER", "100")
            .env("SIGNET_LOG__LEVEL", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        let address = line["address"].as_str().unwrap().parse().unwrap();
        Signet { address, child }
    }

    /// Registers a client that gets tokens of its own.
    pub(crate) fn create_client(&self) -> Client {
        let mut command = self.signet();
        command.args(["client", "create", "--name", "bench", "--kind"]);
        let output = command.args(["confidential", "--json"]).output().unwrap();
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();
        let member = |name: &str| made[name].as_str().unwrap().to_owned();
        Client {
            id: member("id"),
            secret: member("client_secret"),
        }
    }

    fn create_user(&self, name: &str) {
        let mut child = self
            .signet()
            .args(["user", "create", "--username", name, "--password-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(PASSWORD.as_bytes())
            .unwrap();
        assert!(child.wait().unwrap().success());
    }

    fn signet(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signet"));
        command.current_dir(self.path());
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Signet {
    /// Where it listens, and its process.
    pub(crate) fn place(&self) -> Place {
        (self.address, self.child.id())
    }
}

impl Drop for Signet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One of the users, who logs in again and again.
pub(crate) fn login(user: usize) -> Same {
    Same::login(&name(user), PASSWORD)
}

/// The request of a user who makes an API key of their own.
pub(crate) fn create_key(access_token: &str) -> Same {
    Same::create_key(access_token, PASSWORD)
}

/// What a user is called.
pub(crate) fn name(user: usize) -> String {
    format!("user{user}")
}
