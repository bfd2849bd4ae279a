//! The real binary, started as a user would: `signet demo --port 0 --json` in an empty folder.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;
use tempfile::TempDir;

/// A running demo; ends with this value.
pub(crate) struct Demo {
    pub(crate) card: Card,
    pub(crate) child: Child,
    _folder: TempDir,
}

/// The line that `demo --json` prints once it answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Card {
    pub(crate) url: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) client_id: String,
}

impl Demo {
    /// Starts a demo with `settings` in its environment, and returns once it answers.
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("demo.log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_signet"))
            .args(["demo", "--port", "0", "--json"])
            .current_dir(folder.path())
            // What it throws away goes with the folder, even if it is killed.
            .env("TMPDIR", folder.path())
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let card = serde_json::from_str(&line).unwrap_or_else(|error| {
            let _ = child.kill();
            panic!(
                "{error} in {line:?}; the log says:\n{}",
                fs::read_to_string(&log).unwrap()
            );
        });
        Self {
            card,
            child,
            _folder: folder,
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
