//! Sockets against a bare endpoint: what the accept loop promises by itself.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;

const SHORT: Duration = Duration::from_millis(150);
const PATIENCE: Duration = Duration::from_secs(5);

struct Running {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
}

async fn start(limits: Limits, endpoint: impl Endpoint + 'static) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let done = tokio::spawn(run(
        vec![listener],
        endpoint,
        Works::default(),
        limits,
        async {
            let _ = stopped.await;
        },
    ));
    Running {
        address,
        stop,
        done,
    }
}

fn hello() -> impl Endpoint + 'static {
    poem::endpoint::make_sync(|_| "hello")
}

async fn answer(socket: &mut TcpStream) -> String {
    let mut bytes = [0; 1024];
    let length = timeout(PATIENCE, socket.read(&mut bytes))
        .await
        .unwrap()
        .unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

/// Neither answered nor closed for so long.
async fn still_open(socket: &mut TcpStream, period: Duration) -> bool {
    timeout(period, socket.read(&mut [0])).await.is_err()
}

async fn closed(socket: &mut TcpStream) -> bool {
    closed_within(socket, PATIENCE).await
}

async fn closed_within(socket: &mut TcpStream, period: Duration) -> bool {
    let mut rest = Vec::new();
    // An error (reset) is an end as well.
    timeout(period, socket.read_to_end(&mut rest)).await.is_ok()
}

#[tokio::test]
async fn keeps_connections_and_closes_slow_heads() {
    let server = start(
        Limits {
            heads: SHORT,
            ..Limits::default()
        },
        hello(),
    )
    .await;
    let mut kept = TcpStream::connect(server.address).await.unwrap();
    for _ in 0..2 {
        kept.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        assert!(answer(&mut kept).await.starts_with("HTTP/1.1 200"));
        // Idle for longer than a head may take, and still open: no head has begun.
        assert!(still_open(&mut kept, SHORT * 2).await);
    }
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    assert!(closed(&mut slow).await);
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    assert!(closed(&mut silent).await);
    let mut half_preface = TcpStream::connect(server.address).await.unwrap();
    half_preface.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
    assert!(closed(&mut half_preface).await);
}

#[tokio::test]
async fn closes_idle_connections() {
    let server = start(
        Limits {
            idle: SHORT,
            ..Limits::default()
        },
        hello(),
    )
    .await;
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert!(answer(&mut socket).await.starts_with("HTTP/1.1 200"));
    assert!(closed(&mut socket).await);
}

/// HTTP/2: the preface, empty SETTINGS, and `GET /` with its fields from HPACK's table.
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\
    \0\0\x06\x01\x05\0\0\0\x01\x82\x86\x84\x41\x01a";
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0pingpong";

/// Connects, says `bytes` and waits for the first bytes of an answer.
async fn say(server: &Running, bytes: &[u8]) -> TcpStream {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    assert!(!still_open(&mut socket, PATIENCE).await, "no answer");
    socket
}

#[tokio::test]
async fn a_later_head_has_no_more_time_than_the_first() {
    let server = start(
        Limits {
            heads: SHORT,
            ..Limits::default()
        },
        hello(),
    )
    .await;
    let mut pipelined = say(
        &server,
        b"GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\n",
    )
    .await;
    assert!(closed(&mut pipelined).await);
    for part in [&b"\0\0\x06"[..], b"\0\0\x01\x01\x01\0\0\0\x03\x82"] {
        let mut socket = say(&server, HTTP_2).await;
        socket.write_all(part).await.unwrap();
        assert!(closed(&mut socket).await, "{part:?}");
    }
    let mut whole = say(&server, &[HTTP_2, PING].concat()).await;
    assert!(!closed_within(&mut whole, SHORT * 2).await);
    whole.write_all(PING).await.unwrap();
    assert!(!closed_within(&mut whole, SHORT * 2).await);
}

#[tokio::test]
async fn pings_do_not_keep_a_connection() {
    let server = start(
        Limits {
            idle: SHORT,
            ..Limits::default()
        },
        hello(),
    )
    .await;
    let mut socket = say(&server, HTTP_2).await;
    let ended = async {
        let mut pong = [0; 64];
        while socket.write_all(PING).await.is_ok()
            && socket.read(&mut pong).await.is_ok_and(|length| length > 0)
        {}
    };
    assert!(timeout(PATIENCE, ended).await.is_ok(), "still open");
}

#[tokio::test]
async fn a_full_server_makes_newcomers_wait() {
    let server = start(
        Limits {
            connections: 1,
            ..Limits::default()
        },
        hello(),
    )
    .await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert!(answer(&mut first).await.starts_with("HTTP/1.1 200"));
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert!(still_open(&mut second, SHORT).await);
    drop(first);
    assert!(answer(&mut second).await.starts_with("HTTP/1.1 200"));
}

/// Answers when told to; says when a request has come in.
fn gate() -> (impl Endpoint + 'static, Arc<Semaphore>, Arc<Semaphore>) {
    let (begun, open) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (tell, wait) = (Arc::clone(&begun), Arc::clone(&open));
    let endpoint = poem::endpoint::make(move |_| {
        let (tell, wait) = (Arc::clone(&tell), Arc::clone(&wait));
        async move {
            tell.add_permits(1);
            let _open = wait.acquire().await;
            Ok::<_, poem::Error>("done")
        }
    });
    (endpoint, begun, open)
}

#[tokio::test]
async fn shutdown_lets_requests_finish_and_ends_the_rest() {
    let (endpoint, begun, open) = gate();
    let server = start(Limits::default(), endpoint).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    let mut busy = TcpStream::connect(server.address).await.unwrap();
    busy.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let _begun = begun.acquire().await.unwrap();
    server.stop.send(()).unwrap();
    assert!(closed(&mut idle).await);
    open.add_permits(1);
    assert!(answer(&mut busy).await.ends_with("done"));
    assert!(closed(&mut busy).await);
    timeout(PATIENCE, server.done).await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn the_drain_has_an_end() {
    let (never, begun, _closed) = gate();
    let server = start(
        Limits {
            drain: SHORT,
            ..Limits::default()
        },
        never,
    )
    .await;
    let mut stuck = TcpStream::connect(server.address).await.unwrap();
    stuck
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let _begun = begun.acquire().await.unwrap();
    server.stop.send(()).unwrap();
    timeout(PATIENCE, server.done).await.unwrap().unwrap();
    assert!(closed(&mut stuck).await);
}
