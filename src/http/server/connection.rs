//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use http::uri::Scheme;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Limits;
use super::activity::{Activity, Watched};
use super::framing::Framing;

/// A head, and a piece of a body in memory, are at most this long; longer heads are answered 431.
const READ_BUFFER: usize = 16 * 1024;
/// HTTP/2: requests at once on one connection.
const STREAMS: u32 = 100;
/// HTTP/2: the decoded size of one head.
const HEADER_LIST: u32 = 16 * 1024;

/// Serves HTTP/1 or HTTP/2, whichever the client speaks, until the connection ends, has been
/// silent for too long, or `closing` is cancelled and its last answer is out.
pub(super) async fn serve<E: Endpoint + 'static>(
    socket: TcpStream,
    peer: SocketAddr,
    endpoint: Arc<E>,
    limits: Limits,
    closing: CancellationToken,
) {
    let Ok(local) = socket.local_addr() else {
        return;
    };
    let activity = Activity::new();
    let service = service_fn({
        let activity = Arc::clone(&activity);
        move |request: http::Request<Incoming>| {
            let running = activity.begin();
            let endpoint = Arc::clone(&endpoint);
            async move {
                let local = LocalAddr(Addr::SocketAddr(local));
                let remote = RemoteAddr(Addr::SocketAddr(peer));
                let request = (request, local, remote, Scheme::HTTP).into();
                let response: http::Response<_> = endpoint.get_response(request).await.into();
                drop(running);
                Ok::<_, Infallible>(response)
            }
        }
    });
    let io = TokioIo::new(Watched {
        socket,
        activity: Arc::clone(&activity),
        framing: Framing::default(),
    });
    let http = protocol();
    let mut connection = pin!(http.serve_connection(io, service));
    let mut closing = pin!(closing.cancelled_owned());
    let mut alarm = pin!(sleep_until(activity.deadline(&limits)));
    let mut leaving = false;
    // Bytes are read only while the connection is polled, so looking at the deadline after each
    // poll is enough: no request costs a timer of its own.
    poll_fn(|cx| {
        if !leaving && closing.as_mut().poll(cx).is_ready() {
            leaving = true;
            connection.as_mut().graceful_shutdown();
        }
        loop {
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let deadline = activity.deadline(&limits);
            if deadline <= Instant::now() {
                connection.as_mut().graceful_shutdown();
                // One poll more sends HTTP/2's GOAWAY; whatever it returns, the connection ends.
                let _ = connection.as_mut().poll(cx);
                return Poll::Ready(());
            }
            if deadline < alarm.deadline() || alarm.is_elapsed() {
                alarm.as_mut().reset(deadline);
            }
            if alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await;
}

fn protocol() -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    // hyper's own head timeout also ends idle connections and costs a timer each request.
    http.http1()
        .header_read_timeout(None)
        .max_buf_size(READ_BUFFER);
    http.http2()
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADER_LIST)
        .max_pending_accept_reset_streams(20);
    http
}
