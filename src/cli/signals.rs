//! The signals that ask a server to stop.

use std::{future::Future, io};

use tokio::signal::unix::{SignalKind, signal};

/// Ends with the first SIGTERM or SIGINT from now on, also one that comes before it is awaited.
pub(super) fn stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
