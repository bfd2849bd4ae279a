//! The accept loop: sockets in, answers out, and an orderly end.
//!
//! Owns connections, their number and how long a silent one may stay. It takes sockets that are
//! already bound and a future that ends it, so that tests use port 0 and their own signal. It does
//! not know requests: those, their time limit and their panics belong to [`super::edge`].

mod activity;
mod connection;
mod framing;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use poem::Endpoint;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::works::Works;

/// How long a failed `accept` (too many open files) is left alone before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What one connection, and all of them together, may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first byte of a request's head (or from the connection's start) to its last.
    pub heads: Duration,
    /// How long a connection may stay open after its last answer.
    pub idle: Duration,
    /// Connections open at once; more wait in the kernel's backlog.
    pub connections: usize,
    /// How long requests in flight may take to finish once the shutdown has begun.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            heads: Duration::from_secs(10),
            // Above the 60 s for which load balancers keep idle connections: they must close first.
            idle: Duration::from_secs(75),
            connections: 10_000,
            drain: Duration::from_secs(15),
        }
    }
}

/// Serves `endpoint` on every listener until `shutdown` resolves, then lets requests in flight
/// finish, and `works` whose clients did not wait for them, at most for [`Limits::drain`].
pub async fn run<E>(
    listeners: Vec<TcpListener>,
    endpoint: E,
    works: Works,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) where
    E: Endpoint + 'static,
{
    let server = Arc::new(Server {
        endpoint: Arc::new(endpoint),
        works,
        limits,
        slots: Arc::new(Semaphore::new(limits.connections)),
        closing: CancellationToken::new(),
        aborting: CancellationToken::new(),
        connections: TaskTracker::new(),
    });
    let at: Vec<String> = listeners
        .iter()
        .filter_map(|listener| Some(listener.local_addr().ok()?.to_string()))
        .collect();
    for listener in listeners {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let closing = server.closing.clone();
            closing
                .run_until_cancelled(server.accept_from(listener))
                .await;
        });
    }
    shutdown.await;
    server.drain(&at.join(", ")).await;
}

/// What all connections of one [`run`] share.
struct Server<E> {
    endpoint: Arc<E>,
    works: Works,
    limits: Limits,
    slots: Arc<Semaphore>,
    /// No new requests; connections end after their last answer.
    closing: CancellationToken,
    /// The drain is over: connections end now.
    aborting: CancellationToken,
    connections: TaskTracker,
}

impl<E: Endpoint + 'static> Server<E> {
    async fn accept_from(&self, listener: TcpListener) {
        // A slot comes first: a full server leaves newcomers in the backlog instead of taking
        // them in only to turn them away. The semaphore is never closed.
        while let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await {
            match accept(&listener).await {
                Ok((socket, peer)) => {
                    let serving = connection::serve(
                        socket,
                        peer,
                        Arc::clone(&self.endpoint),
                        self.limits,
                        self.closing.clone(),
                    );
                    let aborting = self.aborting.clone();
                    self.connections.spawn(async move {
                        let _slot = slot;
                        aborting.run_until_cancelled(serving).await;
                    });
                }
                // The peer went away before it was taken in: no fault of ours.
                Err(error) if is_of_the_peer(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn drain(&self, at: &str) {
        self.closing.cancel();
        self.connections.close();
        let open = self.connections.len();
        tracing::info!(at, open, "no new connections; waiting for the open ones");
        let all = async {
            self.connections.wait().await;
            self.works.ended().await;
        };
        if tokio::time::timeout(self.limits.drain, all).await.is_err() {
            tracing::warn!(
                open = self.connections.len(),
                working = self.works.running(),
                "closing connections that did not end"
            );
            self.aborting.cancel();
            self.connections.wait().await;
            self.works.give_up().await;
        }
    }
}

async fn accept(listener: &TcpListener) -> io::Result<(TcpStream, std::net::SocketAddr)> {
    let (socket, peer) = listener.accept().await?;
    // Answers are one small write; waiting to fill a packet only adds delay. Where it cannot be
    // set, the peer has gone already.
    let _ = socket.set_nodelay(true);
    Ok((socket, peer))
}

fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests;
