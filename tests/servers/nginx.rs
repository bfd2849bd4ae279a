use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Debian's own nginx.conf, as far as it matters; in the foreground.
const SETTINGS: &str = "
daemon off; worker_processes 1; pid nginx.pid; error_log stderr notice; events {}
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    include servers.conf;
}
";
/// Ports that no connection takes by itself.
const PORTS: std::ops::Range<u16> = 10_000..30_000;

/// Debian's nginx, on a port of 127.0.0.1; it ends with this value, or with the tests.
pub(crate) struct Nginx {
    child: Child,
    /// Where it answers.
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

impl Nginx {
    /// With these server blocks, whose `listen 80` or `listen 443` is its address; in a folder
    /// that holds what they name.
    pub(crate) fn start(servers: &str, folder: TempDir) -> Self {
        fs::write(folder.path().join("nginx.conf"), SETTINGS).unwrap();
        loop {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
            let servers = servers
                .replace("listen 80", &format!("listen {address}"))
                .replace("listen 443", &format!("listen {address}"));
            fs::write(folder.path().join("servers.conf"), servers).unwrap();
            if let Some(child) = begin(&folder) {
                return Self {
                    child,
                    address,
                    _folder: folder,
                };
            }
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It ends its worker only when it is asked.
        kill_process(Pid::from_child(&self.child), Signal::TERM).ok();
        self.child.wait().ok();
    }
}

/// Starts it, unless somebody else took the port.
fn begin(folder: &TempDir) -> Option<Child> {
    let mut child = Command::new("setpriv")
        .args(["--pdeathsig=TERM", "nginx", "-c", "nginx.conf", "-p"])
        .arg(folder.path())
        .env("PATH", "/usr/sbin:/usr/bin")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    for line in lines.by_ref().map_while(Result::ok) {
        if line.contains("start worker process ") {
            // Read on, or it stops when the pipe is full.
            std::thread::spawn(move || lines.count());
            return Some(child);
        }
        said.push(line);
    }
    child.wait().unwrap();
    let said = said.join("\n");
    let is_taken = said.contains("Address already in use");
    assert!(is_taken, "nginx does not start:\n{said}");
    None
}

/// A port on which nobody listens, and which no other test of this process was given.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let at = NEXT.fetch_add(1, Ordering::Relaxed);
        let spread = u16::try_from(std::process::id() % 20_000).unwrap();
        let port = PORTS.start + (spread.wrapping_mul(7).wrapping_add(at)) % 20_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
