//! The work that goes on beside the requests, and that it goes on.

use std::future::Future;

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// Something without which no server is whole has ended while the server went on.
#[derive(Debug, thiserror::Error)]
pub enum EndedEarly {
    /// A task beside the requests.
    #[error("a task beside the requests has ended: {0}")]
    Task(String),
    /// The task through which all writes go.
    #[error("the writer of the database has ended")]
    Writer,
}

/// Tasks that run until they are stopped.
pub(super) struct Beside {
    pub(super) stopping: CancellationToken,
    tasks: JoinSet<()>,
}

impl Beside {
    pub(super) fn new() -> Self {
        Self {
            stopping: CancellationToken::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Goes on with `work`, which ends when it hears of the stop.
    pub(super) fn spawn(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    /// Goes on with `work`, which may be given up anywhere.
    pub(super) fn spawn_endless(&mut self, work: impl Future + Send + 'static) {
        let stopping = self.stopping.clone();
        self.spawn(async move {
            stopping.run_until_cancelled_owned(work).await;
        });
    }

    /// Resolves when a task ends though nobody has stopped it.
    pub(super) async fn ended_early(&mut self) -> EndedEarly {
        match self.tasks.join_next().await {
            Some(ended) => EndedEarly::Task(cause(ended)),
            None => std::future::pending().await,
        }
    }

    /// Stops the tasks and waits for them.
    pub(super) async fn stop(mut self) {
        self.stopping.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            if ended.is_err() {
                tracing::error!(cause = cause(ended), "a task beside the requests failed");
            }
        }
    }
}

fn cause(ended: Result<(), JoinError>) -> String {
    match ended {
        Ok(()) => "it returned".to_owned(),
        Err(error) => error.to_string(),
    }
}
