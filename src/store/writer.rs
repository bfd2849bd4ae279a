//! The writer: one task through which all writes of this process go.
//!
//! A commit costs a write to the disk that is waited for, so the jobs that are waiting share one:
//! up to [`GROUP`] of them run in one transaction, and their answers leave after its COMMIT. Where
//! that fails, all of them hear [`Unavailable`](StoreError::Unavailable). Where the transaction
//! cannot even begin, because another process holds the lock, so does everybody who is waiting
//! then: nobody waits much longer than the busy timeout.

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    time::{Duration, Instant},
};

use super::{
    dialect::SqliteFile,
    error::StoreError,
    job::{Answer, Job, Present, Promise},
};

/// How many jobs share a commit at most.
const GROUP: usize = 256;
/// For how long a group takes in jobs that wait; it never waits for one that does not. A commit
/// takes half a millisecond: with windows of 1 ms a third of all time went into commits.
const GROUP_OPEN: Duration = Duration::from_millis(8);
/// How many jobs may wait; beyond, the disk is hopelessly behind.
const QUEUE: usize = 16_384;

/// The way to the writer.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Order>,
}

enum Order {
    Run(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the task on `connection`, which is opened anew from `file` when it breaks.
    pub(super) fn start(
        file: SqliteFile,
        connection: DatabaseConnection,
        present: Present,
    ) -> Self {
        let (queue, orders) = mpsc::channel(QUEUE);
        let task = Task {
            file,
            connection: Some(connection),
            present,
            orders,
        };
        tokio::spawn(task.run());
        Self { queue }
    }

    /// No task: every job is refused.
    pub(super) fn none() -> Self {
        let (queue, _) = mpsc::channel(1);
        Self { queue }
    }

    /// Queues a job; its promise is kept after the commit.
    pub(super) async fn run<T>(
        &self,
        (job, promise): (Box<dyn Job>, Promise<T>),
    ) -> Result<T, StoreError> {
        match self.queue.try_send(Order::Run(job)) {
            Ok(()) => promise.await.map_err(|_| stopped())?,
            Err(TrySendError::Closed(_)) => Err(stopped()),
            Err(TrySendError::Full(_)) => Err(StoreError::Unavailable(
                "too many writes are waiting".to_owned(),
            )),
        }
    }

    /// Whether it takes jobs.
    pub(super) fn ready(&self) -> Result<(), StoreError> {
        if self.queue.is_closed() {
            return Err(stopped());
        }
        Ok(())
    }

    /// Resolves when it takes no jobs any more.
    pub(super) async fn ended(&self) {
        self.queue.closed().await;
    }

    /// Takes no more jobs, does those that wait, and closes the connection.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.queue.send(Order::Close(done)).await.is_ok() {
            // An error means that the task has ended: closed as well.
            closed.await.ok();
        }
    }
}

struct Task {
    file: SqliteFile,
    connection: Option<DatabaseConnection>,
    present: Present,
    orders: mpsc::Receiver<Order>,
}

impl Task {
    async fn run(mut self) {
        let mut closing = Vec::new();
        while let Some(order) = self.orders.recv().await {
            match order {
                Order::Run(job) if job.is_abandoned() => {}
                Order::Run(job) => self.group(job, &mut closing).await,
                Order::Close(done) => self.stop_taking(done, &mut closing),
            }
        }
        if let Some(connection) = self.connection.take() {
            connection.close().await.ok();
        }
        for done in closing {
            done.send(()).ok();
        }
    }

    fn stop_taking(&mut self, done: oneshot::Sender<()>, closing: &mut Vec<oneshot::Sender<()>>) {
        self.orders.close();
        closing.push(done);
    }

    /// Runs `first` and what waits behind it, and commits.
    async fn group(&mut self, first: Box<dyn Job>, closing: &mut Vec<oneshot::Sender<()>>) {
        let transaction = match self.begin().await {
            Ok(transaction) => transaction,
            Err(cause) => return self.refuse_all(first, &cause, closing),
        };
        let mut answers: Vec<Answer> = Vec::new();
        let mut next = Some(first);
        let mut trouble = None;
        let began = Instant::now();
        while let Some(job) = next.take() {
            let (answer, failed) = job.run(&transaction, &self.present).await;
            answers.push(answer);
            trouble = failed;
            if trouble.is_some() || answers.len() == GROUP || began.elapsed() > GROUP_OPEN {
                break;
            }
            next = self.waiting(closing).await;
        }
        let ended = match trouble {
            None => transaction.commit().await.map_err(StoreError::from),
            Some(cause) => {
                // The database may have rolled back already; whatever it did, nothing is kept.
                transaction.rollback().await.ok();
                Err(cause)
            }
        };
        if let Err(cause) = &ended {
            self.disconnect(cause).await;
        }
        for answer in answers {
            answer(ended.clone().map_err(unavailable));
        }
    }

    /// The next job that waits, if one does: those that are about to be sent are let in.
    async fn waiting(&mut self, closing: &mut Vec<oneshot::Sender<()>>) -> Option<Box<dyn Job>> {
        let mut yielded = false;
        loop {
            match self.orders.try_recv() {
                Ok(Order::Run(job)) if job.is_abandoned() => {}
                Ok(Order::Run(job)) => return Some(job),
                Ok(Order::Close(done)) => self.stop_taking(done, closing),
                Err(_) if yielded => return None,
                Err(_) => {
                    yielded = true;
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    async fn begin(&mut self) -> Result<DatabaseTransaction, StoreError> {
        let connection = match &self.connection {
            Some(connection) => connection,
            None => self
                .connection
                .insert(self.file.writer(Duration::ZERO).await?),
        };
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(connection.begin_with_options(options).await?)
    }

    /// Tells `first` and everybody who waits that it cannot be done now.
    fn refuse_all(
        &mut self,
        first: Box<dyn Job>,
        cause: &StoreError,
        closing: &mut Vec<oneshot::Sender<()>>,
    ) {
        tracing::warn!(%cause, "the database cannot be written");
        first.refuse(unavailable(cause.clone()));
        while let Ok(order) = self.orders.try_recv() {
            match order {
                Order::Run(job) => job.refuse(unavailable(cause.clone())),
                Order::Close(done) => self.stop_taking(done, closing),
            }
        }
    }

    /// Lets go of a connection of which nobody knows any more whether a transaction is open on it.
    async fn disconnect(&mut self, cause: &StoreError) {
        tracing::warn!(%cause, "a group of writes was lost");
        if let Some(connection) = self.connection.take() {
            connection.close().await.ok();
        }
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the writer has stopped".to_owned())
}

/// A group's failure is nobody's own fault.
fn unavailable(cause: StoreError) -> StoreError {
    match cause {
        StoreError::Unavailable(_) => cause,
        other => StoreError::Unavailable(other.to_string()),
    }
}
