use std::io::Write;
use std::sync::{Mutex, Once};
use std::thread::{self, ThreadId};

use tracing::level_filters::LevelFilter;

/// Everything that this process has logged since a test first asked, down to the last detail.
static LINES: Mutex<Vec<(ThreadId, String)>> = Mutex::new(Vec::new());

/// What the code under test logs.
pub(crate) struct Log;

impl Log {
    /// Begins to keep lines.
    pub(crate) fn keep() {
        // One subscriber for the process: those of single threads make `tracing` forget events
        // that another thread, which has none, was the first to reach.
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(LevelFilter::TRACE)
                .with_ansi(false)
                .with_writer(|| Line(Vec::new()))
                .finish();
            tracing::subscriber::set_global_default(subscriber).unwrap();
        });
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
        LINES.lock().unwrap().push((thread::current().id(), text));
    }
}
