//! What a connection is doing, and until when it may go on doing it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::Limits;

/// No head has been begun.
const NONE: u64 = u64::MAX;

/// Shared by a connection's socket (bytes) and its service (requests).
///
/// The times are milliseconds since the connection's start, each set in one place and read by the
/// connection's own loop; nothing is ordered by them, so relaxed atomics do.
pub(super) struct Activity {
    started: Instant,
    in_flight: AtomicUsize,
    /// The last moment at which anything useful ended: an answer, or a piece of one written.
    idle_since: AtomicU64,
    /// When the head that is being read began.
    head_since: AtomicU64,
    /// HTTP/2 has frames that are not heads, so bytes alone do not begin one.
    multiplexed: AtomicBool,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            started: Instant::now(),
            in_flight: AtomicUsize::new(0),
            idle_since: AtomicU64::new(0),
            // A new connection owes its first head at once.
            head_since: AtomicU64::new(0),
            multiplexed: AtomicBool::new(false),
        })
    }

    /// The moment at which the connection must have moved on; later while requests run.
    pub(super) fn deadline(&self, limits: &Limits) -> Instant {
        if self.in_flight.load(Relaxed) > 0 {
            return Instant::now() + limits.heads;
        }
        let idle = Duration::from_millis(self.idle_since.load(Relaxed)) + limits.idle;
        let end = match self.head_since.load(Relaxed) {
            NONE => idle,
            since => idle.min(Duration::from_millis(since) + limits.heads),
        };
        self.started + end
    }

    /// A request's head is complete; the request runs until the guard is dropped.
    pub(super) fn begin(self: &Arc<Self>, multiplexed: bool) -> Running {
        self.in_flight.fetch_add(1, Relaxed);
        self.head_since.store(NONE, Relaxed);
        self.multiplexed.store(multiplexed, Relaxed);
        Running(Arc::clone(self))
    }

    fn bytes_read(&self) {
        if self.in_flight.load(Relaxed) == 0
            && self.head_since.load(Relaxed) == NONE
            && !self.multiplexed.load(Relaxed)
        {
            self.head_since.store(self.now(), Relaxed);
        }
    }

    fn bytes_written(&self) {
        self.idle_since.store(self.now(), Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(NONE - 1)
    }
}

/// A request that runs.
pub(super) struct Running(Arc<Activity>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.bytes_written();
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

/// A socket whose traffic is noted.
pub(super) struct Watched<S> {
    pub(super) socket: S,
    pub(super) activity: Arc<Activity>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.socket).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.activity.bytes_read();
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
        let result = Pin::new(&mut self.socket).poll_write(cx, buf);
        if result.is_ready() {
            self.activity.bytes_written();
        }
        result
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
        let result = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        if result.is_ready() {
            self.activity.bytes_written();
        }
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}
