//! deploy/ held against reality: its page followed line by line, with the real PostgreSQL, Redis,
//! nginx and nodes, in a folder that stands for the machine.
//!
//! What is replaced is said in [`Machine::here`] (paths and ports) and in `PRELUDE` (what only root
//! may do). `systemctl` starts what the units say, and waits for it as systemd would.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod servers;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use servers::Postgres;
use signet::config::{self, FileChoice};
use tempfile::TempDir;

const MARK: &str = "<!-- walkthrough -->";
const PRELUDE: &str = r#"
exec 2>&1
apt-get() { :; }
chown() { :; }
sysctl() { :; }
runuser() { shift 3; "$@"; }
nginx() { command nginx -p "$ROOT" -c "$ROOT/etc/nginx/nginx.conf" "$@"; }
"#;
/// Debian's own nginx.conf, as far as it matters; in the foreground.
const NGINX: &str = "
daemon off; worker_processes 1; pid nginx.pid; error_log stderr notice; events {}
http {
    access_log off; add_header X-Node $upstream_addr;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    include conf.d/*.conf;
}
";
/// How long a service may take to start, a command to end, and what is waited for to come.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn the_page_can_be_followed_and_what_it_makes_holds() {
    let mut machine = Machine::new();
    for step in steps(&machine.here(&page("README.md"))) {
        let printed = machine.run(&step.command);
        assert!(
            step.prints.is_empty() || fits(step.prints.trim(), printed.trim()),
            "{}\nis said to print\n{}\nand prints\n{printed}",
            step.command,
            step.prints
        );
    }
    redis_allows_what_is_needed_and_nothing_more(&mut machine);
    nginx_keeps_what_is_private_and_goes_on_without_a_node(&mut machine);
}

fn redis_allows_what_is_needed_and_nothing_more(machine: &mut Machine) {
    let redis = "redis-cli -s /run/redis-signet/redis.sock --no-auth-warning";
    let operator = format!("REDISCLI_AUTH=$operator {redis}");
    machine.until("curl -sS http://127.0.0.1:8081/readyz", r#""redis":"ok""#);
    // A record that somebody has changed is removed.
    let forge = "for _, key in ipairs(redis.call('keys', 's:*')) do \
        redis.call('setrange', key, 20, 'forged') end";
    machine.ask(&format!("{operator} eval \"{forge}\" 0"));
    machine.refreshes(2);

    let rights = machine.ask(&format!("{operator} acl list | grep '^user signet '"));
    let commands = rights.split_whitespace();
    let allowed: BTreeSet<&str> = commands.filter_map(|word| word.strip_prefix('+')).collect();
    let used = machine.ask(&format!("{operator} info commandstats"));
    let lines = used
        .lines()
        .filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(':'));
    let used: BTreeSet<&str> = lines.map(|(command, _)| command).collect();
    let idle: Vec<&&str> = allowed.difference(&used).collect();
    assert!(
        !allowed.is_empty() && idle.is_empty(),
        "nobody needs {idle:?}"
    );
    let refused = machine.ask(&format!("{operator} acl log"));
    assert_eq!(refused.trim(), "", "Signet was refused something");

    for refused in ["get other", "keys '*'", "flushall", "config get '*'"] {
        let asked = format!("REDISCLI_AUTH=$redis {redis} --user signet {refused}");
        let said = machine.ask(&asked);
        assert!(said.contains("NOPERM"), "{refused}: {said}");
    }
    let said = machine.ask(&format!("{redis} get rev"));
    assert!(said.contains("NOAUTH"), "{said}");
}

fn nginx_keeps_what_is_private_and_goes_on_without_a_node(machine: &mut Machine) {
    let status = "curl -so /dev/null -w '%{http_code}'";
    let tls = "--resolve $name:443:127.0.0.1 --cacert /etc/signet/tls/fullchain.pem";
    let plain = format!("-H \"Host: $name\" http://127.0.0.1:{}", machine.plain);
    machine.ask("chmod a+x $ROOT && mkdir -p /var/www/html/.well-known/acme-challenge");
    machine.ask("echo proof >/var/www/html/.well-known/acme-challenge/x");
    for (asked, answered) in [
        (format!("{tls} https://$name/readyz"), "404"),
        (format!("{tls} https://$name/healthz"), "200"),
        (format!("{plain}/v1/me"), "403"),
        (format!("{plain}/.well-known/acme-challenge/x"), "200"),
    ] {
        let said = machine.ask(&format!("{status} {asked}"));
        assert_eq!(said.trim(), answered, "{asked}");
    }
    let asked = format!("curl -sSi {tls} https://$name/healthz");
    for (crashed, other) in [("8082", "8081"), ("8081", "8082")] {
        // nginx leaves a node alone for a while that was stopped.
        machine.until(&asked, &format!("x-node: 127.0.0.1:{other}\r"));
        machine.crash(&format!("signet@{crashed}"));
        machine.refreshes(10);
        machine.ask(&format!("systemctl start signet@{crashed}"));
    }
}

#[test]
fn systemd_takes_the_unit() {
    let folder = TempDir::new().unwrap();
    let unit =
        page("signet@.service").replace("/usr/local/bin/signet", env!("CARGO_BIN_EXE_signet"));
    fs::write(folder.path().join("signet@.service"), unit).unwrap();
    for arguments in [
        &["verify", "signet@8081.service"][..],
        &[
            "security",
            "--offline=true",
            "--threshold=20",
            "signet@.service",
        ],
    ] {
        let mut analyze = Command::new("systemd-analyze");
        let said = analyze
            .args(arguments)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(said.status.success(), "{said:?}");
        assert_eq!(String::from_utf8_lossy(&said.stderr), "");
    }
}

/// `limits.idle (75s)` is in a comment where something depends on it.
#[test]
fn every_setting_that_is_named_exists_and_has_the_value_that_is_named() {
    let loaded = config::load(&FileChoice::Nothing, []).unwrap();
    let values: BTreeMap<String, String> = loaded
        .values
        .iter()
        .map(|value| (value.leaf.name(), value.text.clone().unwrap_or_default()))
        .collect();
    let sections: BTreeSet<&str> = values
        .keys()
        .filter_map(|name| name.split('.').next())
        .collect();
    let mut named = 0;
    let files = fs::read_dir(folder()).unwrap();
    let files = files.map(|file| file.unwrap().path());
    for file in files.chain([folder().join("../docs/production.md")]) {
        let text = fs::read_to_string(file).unwrap();
        let mut words = text.split_whitespace().peekable();
        while let Some(word) = words.next() {
            let name = word.trim_matches(|c: char| !c.is_ascii_lowercase());
            let Some((section, field)) = name.split_once('.') else {
                continue;
            };
            let file = ["toml", "conf", "md", "sh", "service"].contains(&field);
            if !sections.contains(section) || file {
                continue;
            }
            let value = values
                .get(name)
                .unwrap_or_else(|| panic!("there is no {name}"));
            named += 1;
            if let Some(said) = words.peek().and_then(|next| next.strip_prefix('(')) {
                let said = said.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
                assert_eq!(said, value.trim_matches('"'), "{name}");
            }
        }
    }
    assert!(named > 3, "{named}");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

fn page(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

/// A folder that stands for a machine, a bash of its root, and its services.
struct Machine {
    root: TempDir,
    plain: u16,
    replaced: Vec<(String, String)>,
    bash: Child,
    typed: ChildStdin,
    printed: Receiver<String>,
    services: BTreeMap<String, Child>,
    _postgres: Postgres,
}

impl Machine {
    fn new() -> Self {
        let root = TempDir::new().unwrap();
        let (postgres, database, _) = Postgres::start_with_tls();
        let at = root.path().display().to_string();
        let [plain, tls, first, second] = free_ports();
        let to_root = ["/etc/", "/run/redis", "/var/", "/usr/local/"];
        let to_root = to_root.map(|path| (path.to_owned(), format!("{at}{path}")));
        let mut replaced = to_root.to_vec();
        replaced.extend([
            (
                "../target/release/signet".to_owned(),
                env!("CARGO_BIN_EXE_signet").to_owned(),
            ),
            (
                "127.0.0.1/signet".to_owned(),
                format!("127.0.0.1:{database}/signet"),
            ),
            ("8081".to_owned(), first.to_string()),
            ("8082".to_owned(), second.to_string()),
            ("    listen [::]:".to_owned(), "    #".to_owned()),
            (
                "listen 80;".to_owned(),
                format!("listen 127.0.0.1:{plain};"),
            ),
            ("listen 443 ".to_owned(), format!("listen 127.0.0.1:{tls} ")),
            (":443:".to_owned(), format!(":{tls}:")),
            ("https://$name".to_owned(), format!("https://$name:{tls}")),
        ]);
        let mut bash = Command::new("setpriv")
            .args(["--pdeathsig=KILL", "bash"])
            .current_dir(&root)
            .env("ROOT", &at)
            .env(
                "PATH",
                format!("{at}/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            )
            .env("PGHOST", postgres.folder())
            .env("PGPORT", database.to_string())
            .env("PGUSER", "postgres")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut machine = Self {
            typed: bash.stdin.take().unwrap(),
            printed: lines(bash.stdout.take().unwrap()),
            root,
            plain,
            replaced,
            bash,
            services: BTreeMap::new(),
            _postgres: postgres,
        };
        machine.furnish();
        machine
    }

    /// What the packages bring, and deploy/.
    fn furnish(&mut self) {
        let root = self.root.path();
        for place in [
            "etc/nginx/conf.d",
            "etc/redis",
            "etc/sysctl.d",
            "etc/systemd/system",
            "run/redis-signet",
            "usr/local/bin",
            "var/lib/redis",
            "var/www/html",
            "deploy",
        ] {
            fs::create_dir_all(root.join(place)).unwrap();
        }
        fs::write(root.join("etc/nginx/nginx.conf"), NGINX).unwrap();
        for file in fs::read_dir(folder()).unwrap() {
            let file = file.unwrap().path();
            let text = self.here(&fs::read_to_string(&file).unwrap());
            fs::write(root.join("deploy").join(file.file_name().unwrap()), text).unwrap();
        }
        self.run(&format!("{PRELUDE}\ncd deploy"));
    }

    /// The text with the paths and ports of this machine.
    fn here(&self, text: &str) -> String {
        let replaced = self.replaced.iter();
        replaced.fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }

    /// Runs a command of this file's.
    fn ask(&mut self, command: &str) -> String {
        self.run(&self.here(command))
    }

    /// Runs a command as if it were typed, and returns what it prints.
    fn run(&mut self, command: &str) -> String {
        if let Some(rest) = command.strip_prefix("systemctl ") {
            self.systemctl(rest);
            return String::new();
        }
        writeln!(self.typed, "{command}\nprintf '\\n<end %s>\\n' $?").unwrap();
        let mut printed = String::new();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.printed.recv_timeout(left).unwrap_or_else(|end| {
                panic!("{command}\ndoes not come to its end: {end}; it prints\n{printed}")
            });
            if let Some(status) = line.strip_prefix("<end ") {
                assert_eq!(status, "0>\n", "{command}\nprints\n{printed}");
                printed.pop();
                return printed;
            }
            printed.push_str(&line);
        }
    }

    /// Asks until it is told what it waits for.
    fn until(&mut self, command: &str, told: &str) {
        let told = self.here(told);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask(command);
            if answer.contains(&told) {
                return;
            }
            let in_time = Instant::now() < deadline;
            assert!(in_time, "{command}\nnever prints\n{told}\nbut\n{answer}");
        }
    }

    /// Refreshes through nginx, and every time is given the next token.
    fn refreshes(&mut self, times: usize) {
        for _ in 0..times {
            let refresh = r#"answer=$(ask /v1/auth/refresh '{"refresh_token":"'$(token)'"}'); echo "$answer""#;
            let answer = self.run(refresh);
            assert!(
                answer.contains("\"refresh_token\":\"signet_rt_"),
                "{answer}"
            );
        }
    }

    fn systemctl(&mut self, arguments: &str) {
        let mut words = arguments.split_whitespace().filter(|word| *word != "--now");
        let verb = words.next().unwrap();
        for name in words {
            match verb {
                "enable" | "start" => self.start(name),
                "restart" => {
                    self.stop(name);
                    self.start(name);
                }
                "stop" | "disable" => self.stop(name),
                _ => panic!("systemctl {verb}"),
            }
        }
    }

    fn start(&mut self, name: &str) {
        let notify = self.root.path().join(format!("run/notify-{name}"));
        fs::remove_file(&notify).ok();
        let supervisor = UnixDatagram::bind(&notify).unwrap();
        supervisor.set_read_timeout(Some(PATIENCE)).unwrap();
        let log = self.root.path().join(format!("{name}.log"));
        let mut command = match name.split_once('@') {
            Some(("signet", port)) => self.node(port),
            Some(("redis-server", name)) => {
                let settings = self
                    .root
                    .path()
                    .join(format!("etc/redis/redis-{name}.conf"));
                let mut command = service("redis-server");
                command
                    .arg(settings)
                    .args(["--supervised", "systemd", "--daemonize", "no"]);
                command
            }
            _ => {
                let mut command = service("nginx");
                command.arg("-p").arg(self.root.path());
                command
                    .arg("-c")
                    .arg(self.root.path().join("etc/nginx/nginx.conf"));
                command
            }
        };
        command.env("NOTIFY_SOCKET", &notify).current_dir("/");
        if name == "nginx" {
            let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
            let said = BufReader::new(child.stderr.take().unwrap());
            let mut said = said.lines().map_while(Result::ok);
            assert!(said.any(|line| line.contains("start worker process")));
            thread::spawn(move || said.count());
            self.services.insert(name.to_owned(), child);
            return;
        }
        let log_file = fs::File::create(&log).unwrap();
        command
            .stdout(log_file.try_clone().unwrap())
            .stderr(log_file);
        self.services
            .insert(name.to_owned(), command.spawn().unwrap());
        let mut told = [0; 512];
        loop {
            let length = supervisor.recv(&mut told);
            let length = length.unwrap_or_else(|_| panic!("{}", fs::read_to_string(&log).unwrap()));
            if String::from_utf8_lossy(&told[..length]).contains("READY=1") {
                return;
            }
        }
    }

    /// What the unit starts for this port.
    fn node(&self, port: &str) -> Command {
        let credentials = self.root.path().join(format!("run/credentials-{port}"));
        fs::create_dir_all(&credentials).unwrap();
        let unit = self.root.path().join("etc/systemd/system/signet@.service");
        let unit = fs::read_to_string(unit).unwrap().replace("%i", port);
        let unit = unit.replace("%d", &credentials.display().to_string());
        let all = |name: &str| -> Vec<&str> {
            let lines = unit
                .lines()
                .filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            lines.collect()
        };
        for credential in all("LoadCredential") {
            let (name, file) = credential.split_once(':').unwrap();
            fs::copy(file, credentials.join(name)).unwrap();
        }
        let mut words = all("ExecStart")[0].split_whitespace();
        let mut command = service(words.next().unwrap());
        command.args(words);
        command.envs(
            all("Environment")
                .iter()
                .filter_map(|line| line.split_once('=')),
        );
        command
    }

    fn stop(&mut self, name: &str) {
        if let Some(mut child) = self.services.remove(name) {
            kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
            assert!(child.wait().unwrap().success(), "{name}");
        }
    }

    fn crash(&mut self, name: &str) {
        let name = self.here(name);
        let mut child = self.services.remove(&name).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        for child in self.services.values_mut() {
            // nginx ends its worker only when it is asked.
            kill_process(Pid::from_child(child), Signal::TERM).ok();
            child.wait().ok();
        }
        self.bash.kill().ok();
        self.bash.wait().ok();
    }
}

/// What a program prints, a line at a time, as it does.
fn lines(mut from: ChildStdout) -> Receiver<String> {
    let (to, printed) = mpsc::channel();
    thread::spawn(move || {
        let mut from = BufReader::new(&mut from);
        let mut line = String::new();
        while from.read_line(&mut line).is_ok_and(|length| length > 0)
            && to.send(std::mem::take(&mut line)).is_ok()
        {}
    });
    printed
}

/// A program with the environment that systemd gives, which ends with the test.
fn service(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig=TERM", program]);
    command
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin")
        .stdin(Stdio::null());
    command
}

/// Ports of 127.0.0.1 on which nobody listens, nor on those with a 1 before them.
fn free_ports() -> [u16; 4] {
    let is_free = |port: &u16| {
        let bind = |port| TcpListener::bind(("127.0.0.1", port));
        bind(*port).is_ok() && bind(*port + 10_000).is_ok()
    };
    let mut ports = (2_000..9_999).rev().filter(is_free);
    [(); 4].map(|()| ports.next().unwrap())
}

/// A command of the page, and what it is said to print.
#[derive(Default)]
struct Step {
    command: String,
    prints: String,
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for part in page.split(MARK).skip(1) {
        let (_, block) = part.split_once("```console\n").unwrap();
        let (block, _) = block.split_once("\n```").unwrap();
        for line in block.lines() {
            let last = steps.last_mut();
            match (line.strip_prefix("$ "), line.strip_prefix("> "), last) {
                (Some(command), _, _) => steps.push(Step {
                    command: command.to_owned(),
                    prints: String::new(),
                }),
                (_, Some(more), Some(step)) => {
                    step.command.push('\n');
                    step.command.push_str(more);
                }
                (_, _, Some(step)) if step.command.ends_with('\\') => {
                    step.command.push('\n');
                    step.command.push_str(line);
                }
                (_, _, Some(step)) => {
                    step.prints.push_str(line);
                    step.prints.push('\n');
                }
                _ => panic!("the block begins with no command: {line}"),
            }
        }
    }
    steps
}

/// Whether `text` is `pattern`, where `…` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some((_, behind)) = rest.split_once(part) else {
            return false;
        };
        rest = behind;
    }
    rest.ends_with(last)
}
