//! What a connection is doing, and until when it may go on doing it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::Limits;
use super::framing::Framing;

/// A moment that has not come.
const NEVER: u64 = u64::MAX;

/// Shared by a connection's socket (bytes) and its service (requests).
///
/// The times are milliseconds since the connection's start, each set in one place and read by the
/// connection's own loop; nothing is ordered by them, so relaxed atomics do.
pub(super) struct Activity {
    started: Instant,
    in_flight: AtomicUsize,
    /// When the last answer was ready.
    answered: AtomicU64,
    /// When that began which the client has not finished sending.
    begun: AtomicU64,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            started: Instant::now(),
            in_flight: AtomicUsize::new(0),
            answered: AtomicU64::new(NEVER),
            begun: AtomicU64::new(NEVER),
        })
    }

    /// The moment at which the connection must have moved on; later while requests run.
    ///
    /// Only answers keep a connection: neither bytes that begin nothing nor what is written for
    /// other reasons (HTTP/2 answers each PING) move it.
    pub(super) fn deadline(&self, limits: &Limits) -> Instant {
        if self.in_flight.load(Relaxed) > 0 {
            return Instant::now() + limits.heads;
        }
        let end = match (self.answered.load(Relaxed), self.begun.load(Relaxed)) {
            // A new connection owes its first head at once.
            (NEVER, _) => limits.heads,
            (answered, NEVER) => millis(answered) + limits.idle,
            // What was begun while others were answered could not be read on.
            (answered, begun) => {
                (millis(answered) + limits.idle).min(millis(answered.max(begun)) + limits.heads)
            }
        };
        self.started + end
    }

    /// A request's head is complete; the request runs until the guard is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Running {
        self.in_flight.fetch_add(1, Relaxed);
        Running(Arc::clone(self))
    }

    /// Bytes were read: whether something ended in them, and whether they leave something begun.
    fn read(&self, ended: bool, within: bool) {
        if !within {
            self.begun.store(NEVER, Relaxed);
        } else if ended || self.begun.load(Relaxed) == NEVER {
            self.begun.store(self.now(), Relaxed);
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(NEVER - 1)
    }
}

fn millis(since_start: u64) -> Duration {
    Duration::from_millis(since_start)
}

/// A request that runs.
pub(super) struct Running(Arc<Activity>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.answered.store(self.0.now(), Relaxed);
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

/// A socket of which is noted what a client sends.
pub(super) struct Watched<S> {
    pub(super) socket: S,
    pub(super) activity: Arc<Activity>,
    pub(super) framing: Framing,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.socket).poll_read(cx, buf);
        let read = &buf.filled()[before..];
        if !read.is_empty() {
            let this = &mut *self;
            let ended = this.framing.follow(read);
            this.activity.read(ended, this.framing.is_within());
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}
