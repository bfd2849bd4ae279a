//! How far an import is: one line that is drawn anew on a terminal, a line now and then elsewhere.

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{report::grouped, source::Source};
use crate::cli::output::Output;

/// Elsewhere a line for each so many users.
const EVERY: u64 = 10_000;
/// How many characters the bar has.
const WIDTH: usize = 30;

/// On stderr: stdout is the report's. With --json nothing is shown.
pub(super) struct Progress {
    silent: bool,
    terminal: bool,
    /// All bytes there are, where that is known, and those that were read.
    size: Option<u64>,
    read: Arc<AtomicU64>,
    last: u64,
}

impl Progress {
    pub(super) fn new(out: Output, sources: &[Source], read: Arc<AtomicU64>) -> Self {
        Self {
            silent: out.json,
            terminal: io::stderr().is_terminal(),
            size: sources.iter().map(|source| source.size).sum(),
            read,
            last: 0,
        }
    }

    /// Shows that so many users are settled, under what else there is to tell. A stderr that went
    /// away is no reason to stop.
    pub(super) fn show(&mut self, settled: u64, told: &[String]) {
        if self.silent {
            return;
        }
        let mut out = io::stderr().lock();
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        for line in told {
            writeln!(out, "{clear}{line}").ok();
        }
        if self.terminal {
            write!(out, "{clear}{}", self.line(settled)).ok();
            out.flush().ok();
        } else if settled / EVERY > self.last / EVERY {
            writeln!(out, "{}", self.line(settled)).ok();
        }
        self.last = settled;
    }

    fn line(&self, settled: u64) -> String {
        let users = grouped(settled);
        let Some(size) = self.size.filter(|size| *size > 0) else {
            return format!("{users} users");
        };
        let read = self.read.load(Ordering::Relaxed).min(size);
        let percent = read * 100 / size;
        let done = usize::try_from(percent).unwrap_or_default() * WIDTH / 100;
        let bar = "#".repeat(done) + &"-".repeat(WIDTH - done);
        format!("[{bar}] {percent:3} %  {users} users")
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.terminal && !self.silent {
            eprint!("\r\x1b[K");
        }
    }
}
