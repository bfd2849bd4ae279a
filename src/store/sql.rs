//! Statements: SQL with numbered parameters (`$1`), which every database of ours understands, and
//! the rows that they answer.

use std::{fmt::Display, future::Future, str::FromStr};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseExecutor, DatabaseTransaction, DbErr, QueryResult,
    Statement, TryGetable, Value,
};

use super::{
    dialect::{Dialect, Pool, PostgresServer},
    error::StoreError,
};
use crate::model::time::Timestamp;

/// A connection or transaction on which statements run.
pub(super) struct Sql<'c> {
    on: On<'c>,
    dialect: Dialect,
}

enum On<'c> {
    /// A connection to `SQLite`.
    File(&'c DatabaseConnection),
    /// Any connection to PostgreSQL, another one for each statement.
    Server(&'c PostgresServer, Pool),
    Transaction(&'c DatabaseTransaction),
    /// A transaction, and the pool whose connection it has.
    ServerTransaction(&'c DatabaseTransaction, &'c PostgresServer, &'c Pool),
}

impl<'c> Sql<'c> {
    /// A connection to `SQLite`, at a moment of the process's clock.
    pub(super) const fn on_file(connection: &'c DatabaseConnection, now: Timestamp) -> Self {
        Self {
            on: On::File(connection),
            dialect: Dialect::Sqlite(now),
        }
    }

    /// The connections to PostgreSQL.
    pub(super) fn on_server(server: &'c PostgresServer) -> Self {
        Self {
            on: On::Server(server, server.pool()),
            dialect: Dialect::Postgres,
        }
    }

    /// A transaction of `SQLite`, at a moment of the process's clock.
    pub(super) const fn in_file(transaction: &'c DatabaseTransaction, now: Timestamp) -> Self {
        Self {
            on: On::Transaction(transaction),
            dialect: Dialect::Sqlite(now),
        }
    }

    /// A transaction of PostgreSQL.
    pub(super) const fn in_server(
        transaction: &'c DatabaseTransaction,
        server: &'c PostgresServer,
        pool: &'c Pool,
    ) -> Self {
        Self {
            on: On::ServerTransaction(transaction, server, pool),
            dialect: Dialect::Postgres,
        }
    }

    /// How many rows it touched.
    pub(super) async fn execute(
        &self,
        sql: &str,
        values: impl Into<Vec<Value>>,
    ) -> Result<u64, StoreError> {
        let statement = self.statement(sql, values);
        let done = self.answer(self.executor().execute_raw(statement)).await?;
        Ok(done.rows_affected())
    }

    /// Its first row.
    pub(super) async fn one(
        &self,
        sql: &str,
        values: impl Into<Vec<Value>>,
    ) -> Result<Option<QueryResult>, StoreError> {
        let statement = self.statement(sql, values);
        self.answer(self.executor().query_one_raw(statement)).await
    }

    /// Its only row, which cannot be missing: an aggregate, or a row of ours.
    pub(super) async fn the(
        &self,
        sql: &str,
        values: impl Into<Vec<Value>>,
    ) -> Result<QueryResult, StoreError> {
        let row = self.one(sql, values).await?;
        row.ok_or_else(|| StoreError::corrupt(format_args!("no row: {sql}")))
    }

    /// All its rows.
    pub(super) async fn all(
        &self,
        sql: &str,
        values: impl Into<Vec<Value>>,
    ) -> Result<Vec<QueryResult>, StoreError> {
        let statement = self.statement(sql, values);
        self.answer(self.executor().query_all_raw(statement)).await
    }

    /// Waits for an answer: from a file as long as it takes, from a server no longer than its
    /// callers would.
    async fn answer<T>(
        &self,
        asked: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, StoreError> {
        match &self.on {
            On::File(_) | On::Transaction(_) => Ok(asked.await?),
            On::Server(server, pool) => server.bounded(pool, asked).await,
            On::ServerTransaction(_, server, pool) => server.bounded(pool, asked).await,
        }
    }

    fn executor(&self) -> DatabaseExecutor<'_> {
        match &self.on {
            On::File(connection) => (*connection).into(),
            On::Server(_, pool) => (&pool.connection).into(),
            On::Transaction(transaction) | On::ServerTransaction(transaction, ..) => {
                (*transaction).into()
            }
        }
    }

    fn statement(&self, sql: &str, values: impl Into<Vec<Value>>) -> Statement {
        let mut values = values.into();
        let sql = self.dialect.spell(sql, &mut values);
        Statement::from_sql_and_values(self.executor().get_database_backend(), sql, values)
    }
}

/// A row's columns by name.
pub(super) trait Columns {
    /// The value of a column.
    fn get<T: TryGetable>(&self, column: &str) -> Result<T, StoreError>;

    /// The value of a `TEXT` column that spells a `T`.
    fn parse<T: FromStr<Err: Display>>(&self, column: &str) -> Result<T, StoreError> {
        parsed(column, &self.get::<String>(column)?)
    }

    /// The same, where it may be null.
    fn parse_nullable<T: FromStr<Err: Display>>(
        &self,
        column: &str,
    ) -> Result<Option<T>, StoreError> {
        let text = self.get::<Option<String>>(column)?;
        text.map(|text| parsed(column, &text)).transpose()
    }

    /// The value of a `BIGINT` column as a narrower or unsigned number.
    fn number<T: TryFrom<i64, Error: Display>>(&self, column: &str) -> Result<T, StoreError> {
        T::try_from(self.get::<i64>(column)?)
            .map_err(|cause| StoreError::corrupt(format_args!("{column}: {cause}")))
    }
}

impl Columns for QueryResult {
    fn get<T: TryGetable>(&self, column: &str) -> Result<T, StoreError> {
        self.try_get_by(column)
            .map_err(|cause| StoreError::corrupt(format_args!("{column}: {cause}")))
    }
}

fn parsed<T: FromStr<Err: Display>>(column: &str, text: &str) -> Result<T, StoreError> {
    text.parse()
        .map_err(|cause| StoreError::corrupt(format_args!("{column}: {cause}")))
}
