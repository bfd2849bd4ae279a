//! Jobs: pieces of work for the writer, and the promise that each gives its caller.

use std::{future::Future, pin::Pin, sync::Arc};

use sea_orm::{DatabaseTransaction, TransactionTrait as _};
use tokio::sync::oneshot;

use super::{error::StoreError, sql::Sql};
use crate::{
    crypto::random::Rng,
    model::time::{Clock, Timestamp},
};

/// The future of a piece of work on a [`Step`].
pub(super) type Work<'s, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 's>>;
/// What the caller waits for.
pub(super) type Promise<T> = oneshot::Receiver<Result<T, StoreError>>;
/// Keeps a promise, once it is known how the group ended.
pub(super) type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Where the store's time and randomness come from.
#[derive(Clone)]
pub(super) struct Present {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rng: Arc<dyn Rng>,
}

/// What a piece of work has at hand while it runs.
pub(super) struct Step<'s> {
    /// The transaction that it is part of.
    pub(super) sql: Sql<'s>,
    /// The store's own clock, read as the work began.
    pub(super) now: Timestamp,
    /// Randomness.
    pub(super) rng: &'s dyn Rng,
}

/// A piece of work whose type of answer is forgotten.
pub(super) trait Job: Send {
    /// Whether nobody waits for it any more.
    fn is_abandoned(&self) -> bool;

    /// Does it. Beside the answer: the trouble that has taken the whole transaction with it.
    fn run<'s>(
        self: Box<Self>,
        transaction: &'s DatabaseTransaction,
        present: &'s Present,
    ) -> Pin<Box<dyn Future<Output = (Answer, Option<StoreError>)> + Send + 's>>;

    /// Does it not.
    fn refuse(self: Box<Self>, cause: StoreError);
}

/// How many statements a piece of work writes with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Writes {
    /// One, which the database does wholly or not at all.
    Once,
    /// Several, which need a savepoint to be one.
    Several,
}

/// Makes a job of a piece of work, and the promise of its answer.
pub(super) fn job<T, F>(writes: Writes, work: F) -> (Box<dyn Job>, Promise<T>)
where
    T: Send + 'static,
    F: for<'s> FnOnce(&'s Step<'s>) -> Work<'s, T> + Send + 'static,
{
    let (caller, promise) = oneshot::channel();
    let job = Typed {
        writes,
        work,
        caller,
    };
    (Box::new(job), promise)
}

struct Typed<T, F> {
    writes: Writes,
    work: F,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Typed<T, F>
where
    T: Send + 'static,
    F: for<'s> FnOnce(&'s Step<'s>) -> Work<'s, T> + Send + 'static,
{
    fn is_abandoned(&self) -> bool {
        self.caller.is_closed()
    }

    fn run<'s>(
        self: Box<Self>,
        transaction: &'s DatabaseTransaction,
        present: &'s Present,
    ) -> Pin<Box<dyn Future<Output = (Answer, Option<StoreError>)> + Send + 's>> {
        Box::pin(async move {
            let Self {
                writes,
                work,
                caller,
            } = *self;
            let result = match writes {
                Writes::Once => on(transaction, present, work).await,
                Writes::Several => in_savepoint(transaction, present, work).await,
            };
            let trouble = match &result {
                Err(cause @ StoreError::Unavailable(_)) => Some(cause.clone()),
                _ => None,
            };
            let answer: Answer = Box::new(move |group| {
                // A caller who has gone meanwhile hears nothing.
                caller.send(group.and(result)).ok();
            });
            (answer, trouble)
        })
    }

    fn refuse(self: Box<Self>, cause: StoreError) {
        self.caller.send(Err(cause)).ok();
    }
}

async fn on<T, F>(
    transaction: &DatabaseTransaction,
    present: &Present,
    work: F,
) -> Result<T, StoreError>
where
    F: for<'s> FnOnce(&'s Step<'s>) -> Work<'s, T>,
{
    let now = present.clock.now();
    let step = Step {
        sql: Sql::in_file(transaction, now),
        now,
        rng: &*present.rng,
    };
    work(&step).await
}

/// Work that fails leaves nothing behind, and its group alone.
async fn in_savepoint<T, F>(
    transaction: &DatabaseTransaction,
    present: &Present,
    work: F,
) -> Result<T, StoreError>
where
    F: for<'s> FnOnce(&'s Step<'s>) -> Work<'s, T>,
{
    let savepoint = transaction.begin().await?;
    match on(&savepoint, present, work).await {
        Ok(done) => {
            savepoint.commit().await.map_err(lost)?;
            Ok(done)
        }
        Err(cause) => {
            savepoint.rollback().await.map_err(lost)?;
            Err(cause)
        }
    }
}

/// A savepoint that is not there any more went with its transaction.
fn lost(cause: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(format!("a savepoint was lost: {cause}"))
}
