//! What the others are compared with: poem alone, and poem-openapi taking and giving JSON.
//!
//! The benchmark runs itself once more for it, with [`ARGUMENT`]; that process ends when its
//! standard input does.

use std::env;
use std::io::{BufRead, BufReader, Read, stdin};
use std::net::SocketAddr;
use std::process::{self, Child, ChildStdin, Command, Stdio};
use std::thread;

use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{Route, Server, get, handler};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi, OpenApiService};

pub(crate) const ARGUMENT: &str = "serve-bare";

pub(crate) struct Bare {
    address: SocketAddr,
    child: Child,
    _stdin: ChildStdin,
}

impl Bare {
    pub(crate) fn start() -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .arg(ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        Self {
            address: line.trim().parse().unwrap(),
            child,
            _stdin: stdin,
        }
    }

    /// Where it listens, and its process.
    pub(crate) fn place(&self) -> (SocketAddr, u32) {
        (self.address, self.child.id())
    }
}

/// Serves until standard input ends.
pub(crate) async fn serve() {
    thread::spawn(|| {
        stdin().read_to_end(&mut Vec::new()).unwrap();
        process::exit(0);
    });
    let acceptor = TcpListener::bind("127.0.0.1:0")
        .into_acceptor()
        .await
        .unwrap();
    println!("{}", acceptor.local_addr()[0].as_socket_addr().unwrap());
    let echo = OpenApiService::new(Echo, "echo", "1");
    let app = Route::new().at("/bare", get(bare)).nest("/", echo);
    Server::new_with_acceptor(acceptor).run(app).await.unwrap();
}

#[handler]
fn bare() -> &'static str {
    "ok"
}

struct Echo;

#[expect(
    clippy::unused_async,
    reason = "poem-openapi takes only async operations"
)]
#[OpenApi]
impl Echo {
    #[oai(path = "/echo", method = "post")]
    async fn echo(&self, message: Json<Message>) -> Json<Message> {
        message
    }
}

#[derive(Object)]
struct Message {
    refresh_token: String,
    client_id: String,
}
