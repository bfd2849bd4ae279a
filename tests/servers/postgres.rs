use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, mpsc};
use std::thread;

use rustix::process::{Pid, Signal, geteuid, kill_process};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::{Proxy, certify};

/// PostgreSQL refuses to run as root; this is nobody.
const NOBODY: u32 = 65534;
/// Comparing text as people of some language would: what Signet does must not depend on it.
const INITDB: [&str; 7] = [
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=icu",
    "--icu-locale=en-US",
    "--no-sync",
];
/// A test's machine does not lose power; what was committed survives kill -9 all the same.
const SETTINGS: [&str; 5] = [
    "listen_addresses=",
    "max_connections=300",
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
];

/// Keeps what the database has, in place of what was kept before.
const KEEP: &str = "
DROP SCHEMA IF EXISTS standby CASCADE;
CREATE SCHEMA standby;
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE standby.%1$I AS TABLE public.%1$I', name);
    END LOOP;
END $$";
/// Has the database be as it was then, all at once. Nobody is connected.
const FAIL_OVER: &str = "
DO $$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM public.%1$I', name);
        EXECUTE format('INSERT INTO public.%1$I SELECT * FROM standby.%1$I', name);
    END LOOP;
END $$";

/// A cluster.
pub(crate) struct Postgres {
    folder: PathBuf,
    settings: Vec<String>,
    server: Mutex<Server>,
    databases: AtomicUsize,
}

/// A database of a test's own.
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    name: String,
    administration: String,
    clock: PathBuf,
}

struct Server {
    pid: Pid,
    ended: mpsc::Receiver<()>,
}

impl Postgres {
    /// The cluster that the tests of this binary share.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A new cluster, for a test that ends it.
    pub(crate) fn start() -> Self {
        Self::start_in(folder(), Vec::new())
    }

    /// A new cluster that loses nothing when the machine does, and pays for it.
    pub(crate) fn durable() -> Self {
        let settings = ["fsync=on", "full_page_writes=on", "shared_buffers=256MB"];
        Self::start_in(folder(), settings.map(str::to_owned).to_vec())
    }

    /// A new cluster that also listens on a TCP port of 127.0.0.1, with TLS under a certificate for
    /// `localhost`. Answers with the port, and the file of the authority's certificate.
    pub(crate) fn start_with_tls() -> (Self, u16, PathBuf) {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let folder = folder();
        certify(&folder);
        let file = |name: &str| folder.join(name).display().to_string();
        let settings = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", file("server.pem")),
            format!("ssl_key_file={}", file("server.key")),
        ];
        let authority = folder.join("ca.pem");
        (Self::start_in(folder, settings.to_vec()), port, authority)
    }

    fn start_in(folder: PathBuf, settings: Vec<String>) -> Self {
        let mut initdb = program("initdb");
        let made = initdb
            .arg("--pgdata")
            .arg(folder.join("data"))
            .args(INITDB)
            .output();
        let made = made.unwrap();
        assert!(made.status.success(), "{made:?}");
        Self {
            server: Mutex::new(Server::start(&folder, &settings)),
            settings,
            folder,
            databases: AtomicUsize::new(0),
        }
    }

    /// `kill -9` for the server, as a crash would.
    pub(crate) fn crash(&self) {
        let server = self.server.lock().unwrap();
        kill_process(server.pid, Signal::KILL).unwrap();
        server.ended.recv().unwrap();
    }

    /// Stops all of it from answering, without its connections noticing.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it answer again.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// To the server first, so that it starts no more processes, then to those that it has.
    fn signal(&self, signal: Signal) {
        let server = self.server.lock().unwrap().pid;
        kill_process(server, signal).unwrap();
        let pid = server.as_raw_nonzero();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        for child in children.split_whitespace() {
            let child = Pid::from_raw(child.parse().unwrap()).unwrap();
            kill_process(child, signal).ok();
        }
    }

    /// Starts it again after a crash.
    pub(crate) fn start_again(&self) {
        *self.server.lock().unwrap() = Server::start(&self.folder, &self.settings);
    }

    /// A new database.
    pub(crate) async fn database(&self) -> TestDatabase {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::SeqCst));
        let mut admin = PgConnection::connect(&self.url("postgres")).await.unwrap();
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        admin.execute(create).await.unwrap();
        TestDatabase {
            url: self.url(&name),
            administration: self.url("postgres"),
            clock: self.folder.join(format!("{name}.clock")),
            name,
        }
    }

    /// Where its socket is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn url(&self, database: &str) -> String {
        let folder = self.folder.display();
        format!("postgres://postgres@localhost/{database}?host={folder}")
    }
}

impl TestDatabase {
    /// Takes the clock of this database into the test's hand: the product says `clock_timestamp()`,
    /// and finds ours before PostgreSQL's own. Gives the file that holds the milliseconds.
    pub(crate) async fn hold_clock(&self, millis: i64) -> PathBuf {
        set_clock(&self.clock, millis);
        let mut owner = self.connect().await;
        let file = self.clock.display();
        let function = format!(
            "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
                AS $$ SELECT timestamptz 'epoch'
                    + pg_read_file('{file}')::bigint * interval '1 millisecond' $$;
            DO $$ BEGIN EXECUTE format(
                'ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()
            ); END $$"
        );
        owner.execute(AssertSqlSafe(function)).await.unwrap();
        self.clock.clone()
    }

    /// Where it is on another way.
    pub(crate) fn through(&self, proxy: &Proxy) -> String {
        let (place, _) = self.url.split_once("?host=").unwrap();
        format!("{place}?host={}", proxy.folder.path().display())
    }

    /// What `pg_dump` writes of it.
    pub(crate) fn back_up(&self) -> Vec<u8> {
        let mut dump = program("pg_dump");
        dump.args(["--format=custom", &self.url]);
        let done = dump.stdout(Stdio::piped()).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        done.stdout
    }

    /// Makes it what it was, as docs/operations.md says.
    pub(crate) fn restore(&self, backup: &[u8]) {
        let mut restore = program("pg_restore");
        restore.args([
            "--clean",
            "--if-exists",
            "--single-transaction",
            "-d",
            &self.url,
        ]);
        let mut running = restore.stdin(Stdio::piped()).spawn().unwrap();
        running.stdin.take().unwrap().write_all(backup).unwrap();
        assert!(running.wait().unwrap().success());
    }

    /// Throws everybody out and lets nobody in.
    pub(crate) async fn close(&self) {
        let name = &self.name;
        self.administer(&format!(
            "ALTER DATABASE {name} ALLOW_CONNECTIONS false;
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await;
    }

    /// Lets everybody in again.
    pub(crate) async fn open(&self) {
        let name = &self.name;
        self.administer(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
            .await;
    }

    /// Keeps what is in it, as a standby that hears of no further commits.
    pub(crate) async fn keep(&self) {
        let sql = sqlx::raw_sql(KEEP);
        sql.execute(&mut self.connect().await).await.unwrap();
    }

    /// Goes back to what was kept, as after a failover to that standby: everybody has to connect
    /// anew.
    pub(crate) async fn fail_over(&self) {
        let mut own = self.connect().await;
        let pid = sqlx::query_scalar::<_, i32>("SELECT pg_backend_pid()");
        let (name, pid) = (&self.name, pid.fetch_one(&mut own).await.unwrap());
        self.administer(&format!(
            "ALTER DATABASE {name} ALLOW_CONNECTIONS false;
            SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE datname = '{name}' AND pid <> {pid}"
        ))
        .await;
        sqlx::raw_sql(FAIL_OVER).execute(&mut own).await.unwrap();
        self.open().await;
    }

    async fn administer(&self, sql: &str) {
        let mut admin = PgConnection::connect(&self.administration).await.unwrap();
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql).execute(&mut admin).await.unwrap();
    }

    /// A bare connection, to do what Signet would not.
    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }
}

/// Sets a clock that is in the test's hand.
pub(crate) fn set_clock(file: &Path, millis: i64) {
    let new = file.with_extension("new");
    fs::write(&new, millis.to_string()).unwrap();
    fs::rename(new, file).unwrap();
}

impl Server {
    /// Starts it, and returns once it takes connections. After a crash the first attempts may find
    /// the processes of the one before, which are about to end.
    fn start(folder: &Path, settings: &[String]) -> Self {
        for _ in 0..100 {
            if let Ok(server) = Self::attempt(folder, settings) {
                return server;
            }
        }
        let last = Self::attempt(folder, settings);
        panic!("{}", last.err().unwrap_or_default());
    }

    fn attempt(folder: &Path, settings: &[String]) -> Result<Self, String> {
        let mut command = program("postgres");
        command.arg("-D").arg(folder.join("data"));
        command.arg("-k").arg(folder);
        for setting in SETTINGS
            .into_iter()
            .chain(settings.iter().map(String::as_str))
        {
            command.args(["-c", setting]);
        }
        command.stderr(Stdio::piped());
        let (started, starting) = mpsc::channel();
        let (ending, ended) = mpsc::channel();
        // The server ends with the thread that started it: one that reads to the end what it says.
        thread::spawn(move || {
            let child = command.spawn().unwrap();
            follow(child, &started);
            ending.send(()).ok();
        });
        let pid = starting.recv().unwrap()?;
        Ok(Self { pid, ended })
    }
}

/// Reads what the server says until it ends; tells once that it is ready, or why it never was.
fn follow(mut child: Child, started: &mpsc::Sender<Result<Pid, String>>) {
    let said = BufReader::new(child.stderr.take().unwrap());
    let mut so_far = String::new();
    for line in said.lines().map_while(Result::ok) {
        if line.contains("ready to accept connections") {
            started.send(Ok(Pid::from_child(&child))).ok();
        }
        so_far.push_str(&line);
        so_far.push('\n');
    }
    child.wait().unwrap();
    started.send(Err(so_far)).ok();
}

/// A program of PostgreSQL's, run by somebody who may, ended with the thread that starts it.
fn program(name: &str) -> Command {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL: run tests/install");
    let version = versions
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .max_by_key(|version| version.parse().unwrap_or(0))
        .expect("PostgreSQL: run tests/install");
    let mut command = Command::new("setpriv");
    if geteuid().is_root() {
        command.args([
            format!("--reuid={NOBODY}"),
            format!("--regid={NOBODY}"),
            "--clear-groups".to_owned(),
        ]);
    }
    command
        .arg("--pdeathsig=INT")
        .arg(format!("/usr/lib/postgresql/{version}/bin/{name}"))
        .current_dir("/")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// A folder for a cluster. Those of test binaries that have ended go.
fn folder() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    const NAME: &str = "signet-postgres-";
    for entry in fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let pid = name
            .strip_prefix(NAME)
            .and_then(|rest| rest.split('-').next());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
    let (pid, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
    let folder = std::env::temp_dir().join(format!("{NAME}{pid}-{count}"));
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    if geteuid().is_root() {
        chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    folder
}
