//! The server that is measured: the real binary on a real disk, with a user for each connection.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::scripts::Same;

const PASSWORD: &str = "orbit walnut saddle 42";

pub(crate) struct Signet {
    address: SocketAddr,
    child: Child,
    _folder: TempDir,
}

impl Signet {
    /// Starts a server with that many users. Its database is below target/, not in /tmp, which
    /// may be memory: a commit must cost what it costs.
    pub(crate) fn start(users: usize) -> Self {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        for number in 0..users {
            create_user(folder.path(), &name(number));
        }
        let mut child = signet(folder.path())
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
        Self {
            address,
            child,
            _folder: folder,
        }
    }

    /// Where it listens, and its process.
    pub(crate) fn place(&self) -> (SocketAddr, u32) {
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

fn name(user: usize) -> String {
    format!("user{user}")
}

fn create_user(folder: &Path, name: &str) {
    let mut child = signet(folder)
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

fn signet(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signet"));
    command.current_dir(folder);
    command
}
