use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, mpsc};
use std::thread;

use redis::{Connection, RedisResult};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::proxy::REDIS;

/// What every server is started with: it forgets everything when it ends, but never before.
const SETTINGS: [&str; 6] = [
    "--save",
    "",
    "--maxmemory-policy",
    "noeviction",
    "--unixsocketperm",
    "700",
];

/// A Redis server of a test's own, on a unix socket; it ends with this value, or with the tests.
pub(crate) struct Redis {
    folder: TempDir,
    arguments: Vec<String>,
    clock: Option<RedisClock>,
    server: Mutex<Option<Server>>,
}

/// The clock of a server, in the test's hand.
#[derive(Clone)]
pub(crate) struct RedisClock(PathBuf);

struct Server {
    pid: Pid,
    ended: mpsc::Receiver<()>,
}

impl Redis {
    /// A server that forgets everything when it ends.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// One that finds again what it was told, even after a crash.
    pub(crate) fn durable() -> Self {
        Self::with(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    /// One with these arguments.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        Self::begin(tempfile::tempdir().unwrap(), arguments, None)
    }

    /// One in a folder that has been prepared for it.
    pub(crate) fn in_folder(folder: TempDir, arguments: &[&str]) -> Self {
        Self::begin(folder, arguments, None)
    }

    /// One whose clock shows these milliseconds until the test moves it.
    pub(crate) fn with_clock(millis: i64) -> (Self, RedisClock) {
        let folder = tempfile::tempdir().unwrap();
        let clock = RedisClock(folder.path().join("clock"));
        fs::write(&clock.0, millis.to_ne_bytes()).unwrap();
        (Self::begin(folder, &[], Some(clock.clone())), clock)
    }

    fn begin(folder: TempDir, arguments: &[&str], clock: Option<RedisClock>) -> Self {
        let redis = Self {
            folder,
            arguments: arguments.iter().map(ToString::to_string).collect(),
            clock,
            server: Mutex::new(None),
        };
        redis.start_again();
        redis
    }

    /// Starts it again after it has ended.
    pub(crate) fn start_again(&self) {
        let mut command = program("redis-server");
        command.current_dir(&self.folder).args(SETTINGS);
        if !self.arguments.iter().any(|argument| argument == "--port") {
            command.args(["--port", "0"]);
        }
        command.arg("--unixsocket").arg(self.socket());
        command.args(&self.arguments);
        if let Some(clock) = &self.clock {
            command.env("TEST_CLOCK", &clock.0);
            command.env("LD_PRELOAD", clock_library());
        }
        *self.server.lock().unwrap() = Some(Server::start(command));
    }

    /// `kill -9`, as a crash would.
    pub(crate) fn crash(&self) {
        self.end(Signal::KILL);
    }

    /// Ends it as an operator would.
    pub(crate) fn stop(&self) {
        self.end(Signal::TERM);
    }

    fn end(&self, signal: Signal) {
        if let Some(server) = self.server.lock().unwrap().take() {
            server.end(signal);
        }
    }

    /// Stops it from answering, without its connections noticing.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it answer again.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let server = self.server.lock().unwrap();
        kill_process(server.as_ref().unwrap().pid, signal).unwrap();
    }

    /// Where it is, for Signet.
    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join(REDIS)
    }

    /// A bare connection, to do what Signet would not.
    pub(crate) fn connect(&self) -> Connection {
        self.try_to_connect().unwrap()
    }

    /// The same, where it may be cut off meanwhile.
    pub(crate) fn try_to_connect(&self) -> RedisResult<Connection> {
        let url = self.url().replace("unix://", "redis+unix://");
        redis::Client::open(url).unwrap().get_connection()
    }

    /// Every key that there is.
    pub(crate) fn keys(&self) -> Vec<Vec<u8>> {
        redis::cmd("KEYS")
            .arg("*")
            .query(&mut self.connect())
            .unwrap()
    }

    /// Forgets everything.
    pub(crate) fn flush(&self) {
        redis::cmd("FLUSHALL").exec(&mut self.connect()).unwrap();
    }
}

/// One who watches a master and its replicas, alone.
pub(crate) struct Sentinel {
    _folder: TempDir,
    server: Option<Server>,
    port: u16,
}

impl Sentinel {
    /// Of the master on that port of 127.0.0.1, under that name; it listens on `port`.
    pub(crate) fn of(name: &str, master: u16, port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = format!(
            "port {port}\n\
             sentinel monitor {name} 127.0.0.1 {master} 1\n\
             sentinel down-after-milliseconds {name} 1000\n\
             sentinel failover-timeout {name} 5000\n"
        );
        let file = folder.path().join("sentinel.conf");
        fs::write(&file, settings).unwrap();
        let mut command = program("redis-sentinel");
        command.arg(&file).current_dir(&folder);
        Self {
            server: Some(Server::start(command)),
            _folder: folder,
            port,
        }
    }

    /// How many replicas it knows.
    pub(crate) fn replicas(&self, name: &str) -> usize {
        let url = format!("redis://127.0.0.1:{}", self.port);
        let mut there = redis::Client::open(url).unwrap().get_connection().unwrap();
        let mut ask = redis::cmd("SENTINEL");
        let known: Vec<redis::Value> = ask.arg("REPLICAS").arg(name).query(&mut there).unwrap();
        known.len()
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.end(Signal::KILL);
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.crash();
    }
}

impl RedisClock {
    /// Shows these milliseconds from now on.
    pub(crate) fn set(&self, millis: i64) {
        let file = File::options().write(true).open(&self.0).unwrap();
        file.write_all_at(&millis.to_ne_bytes(), 0).unwrap();
    }
}

impl Server {
    /// Starts it, and returns once it takes connections.
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped());
        let (started, starting) = mpsc::channel();
        let (ending, ended) = mpsc::channel();
        // The server ends with the thread that started it: one that reads to the end what it says.
        thread::spawn(move || {
            let child = command.spawn().expect("Redis: run tests/install");
            follow(child, &started);
            ending.send(()).ok();
        });
        let pid = starting.recv().unwrap();
        Self {
            pid: pid.unwrap_or_else(|said| panic!("{said}")),
            ended,
        }
    }

    fn end(self, signal: Signal) {
        // One that is frozen would not hear anything else.
        kill_process(self.pid, signal).ok();
        self.ended.recv().ok();
    }
}

/// Reads what the server says until it ends; tells once that it is ready, or why it never was.
fn follow(mut child: Child, started: &mpsc::Sender<Result<Pid, String>>) {
    let said = BufReader::new(child.stdout.take().unwrap());
    let mut so_far = String::new();
    for line in said.lines().map_while(Result::ok) {
        let ready = ["eady to accept connections", "Sentinel ID is"];
        if ready.iter().any(|words| line.contains(words)) {
            started.send(Ok(Pid::from_child(&child))).ok();
        }
        so_far.push_str(&line);
        so_far.push('\n');
    }
    child.wait().unwrap();
    started.send(Err(so_far)).ok();
}

/// A program of Redis', ended with the thread that starts it.
fn program(name: &str) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig=KILL", name])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// A port of 127.0.0.1 on which nobody listens.
pub(crate) fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

/// What lends a server a clock: built once, with the compiler that builds Signet.
fn clock_library() -> &'static Path {
    static LIBRARY: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, library) = LIBRARY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("clock.c");
        let library = folder.path().join("clock.so");
        fs::write(&source, include_str!("clock.c")).unwrap();
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-shared", "-fPIC", "-o"]);
        let made = compiler.arg(&library).arg(&source).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        (folder, library)
    });
    library
}
