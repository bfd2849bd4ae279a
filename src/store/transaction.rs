//! Work of several statements on PostgreSQL: a transaction on a connection of its own.

use sea_orm::{DatabaseTransaction, TransactionTrait as _};

use super::{
    dialect::{Pool, PostgresServer},
    error::StoreError,
    job::{Step, Work},
    sql::{Columns as _, Sql},
};
use crate::{crypto::random::Rng, model::time::Timestamp};

/// Does it and commits, or leaves nothing behind.
pub(super) async fn run<T, F>(
    server: &PostgresServer,
    rng: &dyn Rng,
    work: F,
) -> Result<T, StoreError>
where
    F: for<'s> FnOnce(&'s Step<'s>) -> Work<'s, T>,
{
    let pool = server.pool();
    let transaction = server.bounded(&pool, pool.connection.begin()).await?;
    match inside(&transaction, server, &pool, rng, work).await {
        Ok(done) => {
            server.bounded(&pool, transaction.commit()).await?;
            Ok(done)
        }
        Err(cause) => {
            // Where even this fails, the server rolls back as the connection ends.
            server.bounded(&pool, transaction.rollback()).await.ok();
            Err(cause)
        }
    }
}

async fn inside<T, F>(
    transaction: &DatabaseTransaction,
    server: &PostgresServer,
    pool: &Pool,
    rng: &dyn Rng,
    work: F,
) -> Result<T, StoreError>
where
    F: for<'s> FnOnce(&'s Step<'s>) -> Work<'s, T>,
{
    let sql = Sql::in_server(transaction, server, pool);
    let now = sql.the("SELECT :now AS now", []).await?.get("now")?;
    let step = Step {
        sql,
        now: Timestamp::from_millis(now),
        rng,
    };
    work(&step).await
}
