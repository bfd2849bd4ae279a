//! Statements: SQL with numbered parameters (`$1`), which every database of ours understands, and
//! the rows that they answer.

use std::{fmt::Display, str::FromStr};

use sea_orm::{ConnectionTrait, DatabaseExecutor, QueryResult, Statement, TryGetable, Value};

use super::error::StoreError;

/// A connection or transaction on which statements run.
pub(super) struct Sql<'c>(DatabaseExecutor<'c>);

impl<'c> Sql<'c> {
    pub(super) fn on(connection: impl Into<DatabaseExecutor<'c>>) -> Self {
        Self(connection.into())
    }

    /// How many rows it touched.
    pub(super) async fn execute<const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
    ) -> Result<u64, StoreError> {
        let done = self.0.execute_raw(self.statement(sql, values)).await?;
        Ok(done.rows_affected())
    }

    /// Its first row.
    pub(super) async fn one<const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
    ) -> Result<Option<QueryResult>, StoreError> {
        Ok(self.0.query_one_raw(self.statement(sql, values)).await?)
    }

    /// Its only row, which cannot be missing: an aggregate, or a row of ours.
    pub(super) async fn the<const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
    ) -> Result<QueryResult, StoreError> {
        let row = self.one(sql, values).await?;
        row.ok_or_else(|| StoreError::corrupt(format_args!("no row: {sql}")))
    }

    /// All its rows.
    pub(super) async fn all<const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
    ) -> Result<Vec<QueryResult>, StoreError> {
        Ok(self.0.query_all_raw(self.statement(sql, values)).await?)
    }

    fn statement<const N: usize>(&self, sql: &str, values: [Value; N]) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
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
