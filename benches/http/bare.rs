//! What the others are compared with: poem alone, and poem-openapi taking and giving JSON.
//!
//! The benchmark runs itself once more for it, with [`ARGUMENT`]; that process ends when its
//! standard input does.

use std::env;
use std::io::{BufRead, BufReader, Read, stdin};
use std::net::SocketAddr;
use std::process::{self, Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::Data;
use poem::{EndpointExt as _, Route, Server, get, handler};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi, OpenApiService};
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING as ALGORITHM, EcdsaKeyPair};

use crate::load::Load;
use crate::scripts::Same;

/// In the environment: the Redis that it asks once for each request.
const REDIS: &str = "BARE_REDIS";

pub(crate) const ARGUMENT: &str = "serve-bare";

pub(crate) struct Bare {
    address: SocketAddr,
    child: Child,
    _stdin: ChildStdin,
}

impl Bare {
    pub(crate) fn start() -> Self {
        Self::beside(None)
    }

    /// The same, with a Redis to ask.
    pub(crate) fn beside(redis: Option<&str>) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .arg(ARGUMENT)
            .envs(redis.map(|url| (REDIS, url)))
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

    /// How many answers at most a server gives on this machine, in so many rounds.
    pub(crate) async fn at_most(&self, rounds: usize, length: Duration) -> usize {
        let mut echo = Load::new("", &[self.place()], vec![Same::echo(); 64]);
        let mut total = 0.0;
        for _ in 0..rounds {
            total += echo.round(length).await.per_second * length.as_secs_f64();
        }
        // The machine may become faster.
        let total = Duration::from_secs_f64(total * 1.5).as_secs();
        usize::try_from(total).unwrap()
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
    let signing = Signing::new();
    let mut app = Route::new()
        .at("/bare", get(bare))
        .at("/sign", get(sign.data(signing)))
        .nest("/", echo);
    if let Ok(url) = env::var(REDIS) {
        app = app.at(
            "/ask-and-sign",
            get(ask_and_sign.data(Asking::at(&url).await)),
        );
    }
    Server::new_with_acceptor(acceptor).run(app).await.unwrap();
}

/// What no token can do without: a signature.
#[derive(Clone)]
struct Signing {
    key: Arc<EcdsaKeyPair>,
    random: SystemRandom,
}

impl Signing {
    #[expect(
        clippy::disallowed_methods,
        reason = "what is measured here is not Signet"
    )]
    fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ALGORITHM, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ALGORITHM, pkcs8.as_ref(), &random).unwrap();
        Self {
            key: Arc::new(key),
            random,
        }
    }

    /// Of as much as an access token signs.
    fn sign(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.sign(&self.random, &[b'a'; 500]).unwrap())
    }
}

/// What a refresh cannot do without: one question to Redis and one signature.
#[derive(Clone)]
struct Asking {
    redis: MultiplexedConnection,
    signing: Signing,
}

impl Asking {
    async fn at(url: &str) -> Self {
        let client = redis::Client::open(url).unwrap();
        Self {
            redis: client.get_multiplexed_async_connection().await.unwrap(),
            signing: Signing::new(),
        }
    }
}

#[handler]
fn sign(Data(signing): Data<&Signing>) -> String {
    signing.sign()
}

#[handler]
async fn ask_and_sign(asking: Data<&Asking>) -> String {
    let mut redis = asking.redis.clone();
    let () = redis
        .set("asked", "a record of some hundred bytes")
        .await
        .unwrap();
    asking.signing.sign()
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
