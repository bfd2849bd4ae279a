use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once};
use std::thread::{self, ThreadId};

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;

use super::PASSWORD;

/// Everything that this process has logged since a test first asked.
static LINES: Mutex<Vec<(ThreadId, String)>> = Mutex::new(Vec::new());
static KEPT: AtomicBool = AtomicBool::new(false);
/// The lines that hold a secret, of the whole run.
static LEAKS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What the code under test logs.
pub(crate) struct Log;

impl Log {
    /// Looks at each line from now on, whichever test it is of: down to the last detail of ours, and
    /// of libraries what the product ever prints.
    pub(crate) fn watch() {
        // One subscriber for the process: those of single threads make `tracing` forget events
        // that another thread, which has none, was the first to reach.
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            let all = Targets::new()
                .with_default(LevelFilter::WARN)
                .with_target("signet", LevelFilter::TRACE);
            let lines = tracing_subscriber::fmt::layer()
                .with_ansi(false)
                .with_writer(|| Line(Vec::new()))
                .with_filter(all);
            let subscriber = tracing_subscriber::registry().with(lines);
            tracing::subscriber::set_global_default(subscriber).unwrap();
        });
    }

    /// Begins to keep lines.
    pub(crate) fn keep() {
        KEPT.store(true, Ordering::SeqCst);
        Self::watch();
    }

    /// The lines of this test: its server runs on the test's own thread.
    pub(crate) fn own() -> String {
        let here = thread::current().id();
        let lines = LINES.lock().unwrap();
        let own = lines.iter().filter(|(thread, _)| *thread == here);
        own.map(|(_, line)| line.as_str()).collect()
    }

    /// The lines of all tests so far and of all threads.
    pub(crate) fn all() -> String {
        LINES
            .lock()
            .unwrap()
            .iter()
            .map(|(_, line)| line.as_str())
            .collect()
    }

    /// The lines so far that hold a secret, whichever test they are of.
    pub(crate) fn leaks() -> Vec<String> {
        LEAKS.lock().unwrap().clone()
    }

    /// Whether a line holds a password of the tests, the hash of one, or anything that could be
    /// presented: tokens, keys, cookies. The fixed prefix of one says nothing.
    pub(crate) fn leaks_in(line: &str) -> bool {
        const SECRET: usize = 16;
        let is_part = |char: char| char.is_ascii_alphanumeric() || "-_".contains(char);
        // Three letters in the midst of a key's identifier begin nothing.
        let follows = |prefix: &str| {
            line.match_indices(prefix).any(|(at, _)| {
                let begins = !line[..at].ends_with(is_part);
                let rest = line[at + prefix.len()..].chars();
                begins && rest.take_while(|char| is_part(*char)).count() >= SECRET
            })
        };
        let presented = [
            "signet_rt_",
            "signet_ak_",
            "signet_sc_",
            "signet_cs_",
            "eyJ",
        ];
        presented.into_iter().any(follows) || line.contains(PASSWORD) || line.contains("$argon2")
    }
}

struct Line(Vec<u8>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.0).into_owned();
        if Log::leaks_in(&text) {
            LEAKS.lock().unwrap().push(text.clone());
        }
        if KEPT.load(Ordering::SeqCst) {
            LINES.lock().unwrap().push((thread::current().id(), text));
        }
    }
}
