//! What has been begun and goes on to its end, whether or not anybody waits for it still.
//!
//! A COMMIT that was sent counts, also where the client closes its connection before the answer
//! comes: what follows it (the line in the log of events, the look at the change log) must not
//! depend on the client's patience.

use std::future::Future;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The requests that change something, of one server.
#[derive(Clone, Debug, Default)]
pub struct Works {
    running: TaskTracker,
    given_up: CancellationToken,
}

impl Works {
    /// Does `work` in a task of its own, which goes on when the handle is dropped; nothing comes
    /// out where the server ended before it.
    pub(super) fn begin<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<Option<T>> {
        let given_up = self.given_up.clone();
        self.running.spawn(given_up.run_until_cancelled_owned(work))
    }

    /// How many have not ended.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    /// Resolves once all have ended, when no more are begun.
    pub(super) async fn ended(&self) {
        self.running.close();
        self.running.wait().await;
    }

    /// Gives up those that have not ended.
    pub(super) async fn give_up(&self) {
        self.given_up.cancel();
        self.ended().await;
    }
}
