//! What differs between databases: how to connect, how long to wait, which refusals are passing
//! trouble, what the store's clock is, and how rows are locked. All else is written once.

mod postgres;
mod sqlite;

use std::borrow::Cow;

use sea_orm::{DbErr, RuntimeErr, Value};

pub(super) use self::{
    postgres::{Pool, PostgresServer},
    sqlite::{OPENING, SqliteFile},
};
use crate::model::time::Timestamp;

/// `SQLite`'s primary result codes that tell of the moment and the machine, not of the statement:
/// busy, locked, out of memory, read-only, interrupted, I/O, corrupt, full, cannot open, protocol,
/// not a database.
const SQLITE_TROUBLE: [u32; 11] = [5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 26];
/// PostgreSQL's SQLSTATEs of the same: connection, a plan that a migration has outdated, the state
/// of the transaction (a standby, one that idled too long), a login or database that is not there,
/// rollback, resources, lock not available, intervention, system.
const SQLSTATE_TROUBLE: [&str; 10] = [
    "08", "0A000", "25", "28", "3D", "40", "53", "55P03", "57", "58",
];
/// Those that end the connection, or should.
const SQLSTATE_BROKEN: [&str; 5] = ["08", "0A000", "25P03", "57P", "58"];

/// In the order of bytes. `SQLite` does not know the word, and has no other order.
pub(super) const BY_BYTES: &str = " COLLATE \"C\"";

/// How a statement is spelt. It is written once, as PostgreSQL takes it, with three words of ours:
/// `:now` is the store's own clock in milliseconds, read once, inside the statement; `FOR UPDATE` or
/// `FOR SHARE` at its end locks the rows that it reads; ` COLLATE "C"` compares bytes.
#[derive(Clone, Copy)]
pub(super) enum Dialect {
    /// The clock is the process's, read as the work began. There is one writer: nothing to lock.
    Sqlite(Timestamp),
    /// The clock is the database's: all nodes share it.
    Postgres,
}

/// The database's clock; not the transaction's, which stands still while it waits for a lock.
const POSTGRES_NOW: &str = "CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)";
const NOW: &str = ":now";

impl Dialect {
    /// Spells a statement, adding to its values where it must.
    pub(super) fn spell<'t>(self, sql: &'t str, values: &mut Vec<Value>) -> Cow<'t, str> {
        match self {
            Self::Postgres => match sql.matches(NOW).count() {
                0 => sql.into(),
                1 => sql.replace(NOW, POSTGRES_NOW).into(),
                // Two readings could differ, and the rule wants one moment.
                _ => {
                    let rest = sql.replace(NOW, "(SELECT now FROM moment)");
                    format!("WITH moment AS MATERIALIZED (SELECT {POSTGRES_NOW} AS now){rest}")
                        .into()
                }
            },
            Self::Sqlite(now) => {
                let unlocked = ["\nFOR UPDATE", "\nFOR SHARE"]
                    .iter()
                    .find_map(|lock| sql.strip_suffix(lock))
                    .unwrap_or(sql);
                let plain: Cow<'t, str> = if unlocked.contains(BY_BYTES) {
                    unlocked.replace(BY_BYTES, "").into()
                } else {
                    unlocked.into()
                };
                if !plain.contains(NOW) {
                    return plain;
                }
                values.push(now.millis().into());
                plain.replace(NOW, &format!("${}", values.len())).into()
            }
        }
    }
}

/// Whether an error code tells of passing trouble. SQLSTATEs have five characters; no code of
/// `SQLite` has.
pub(super) fn is_trouble(code: &str) -> bool {
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => SQLITE_TROUBLE.contains(&(number & 0xFF)),
        _ => begins_with_one_of(code, &SQLSTATE_TROUBLE),
    }
}

/// What happened, as a clause about the database; none where the database's own words are better.
pub(super) fn in_words(code: &str) -> Option<&'static str> {
    let number = code.parse::<u32>().ok().filter(|_| code.len() < 5)?;
    Some(match number & 0xFF {
        5 | 6 => "it is locked by another process",
        8 => "its file is read-only",
        10 => "the disk fails to read or write it",
        11 => "its file is damaged",
        13 => "the disk is full",
        14 => "its file, or one beside it, cannot be opened",
        26 => "its file is not an SQLite database",
        _ => return None,
    })
}

/// Whether a connection to PostgreSQL is of no use after this error; its sisters hardly are.
fn is_broken(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) =
        error
    else {
        return false;
    };
    match &**cause {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => true,
        sqlx::Error::Database(refusal) => refusal
            .code()
            .is_some_and(|code| begins_with_one_of(&code, &SQLSTATE_BROKEN)),
        _ => false,
    }
}

fn begins_with_one_of(code: &str, classes: &[&str]) -> bool {
    classes.iter().any(|class| code.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_either_database_is_trouble_or_not() {
        for trouble in [
            "5", "517", "13", "778", "08006", "57P01", "40001", "53300", "55P03", "57014", "25006",
            "25P03",
        ] {
            assert!(is_trouble(trouble), "{trouble}");
        }
        for fault in ["1", "19", "1555", "2067", "787", "23505", "42P01", "55006"] {
            assert!(!is_trouble(fault), "{fault}");
        }
    }

    #[test]
    fn a_code_is_put_into_words() {
        assert_eq!(in_words("5"), Some("it is locked by another process"));
        assert_eq!(in_words("517"), in_words("5"));
        assert_eq!((in_words("1"), in_words("08006")), (None, None));
    }

    #[test]
    fn a_statement_is_spelt_for_each_database() {
        let written = "SELECT id, :now AS now FROM users WHERE id = $1\nFOR UPDATE";
        let mut values = vec![Value::from("usr_1")];
        let sqlite = Dialect::Sqlite(Timestamp::from_millis(7)).spell(written, &mut values);
        assert_eq!(sqlite, "SELECT id, $2 AS now FROM users WHERE id = $1");
        assert_eq!(values, [Value::from("usr_1"), Value::from(7_i64)]);
        let postgres = Dialect::Postgres.spell(written, &mut Vec::new());
        assert!(postgres.contains("clock_timestamp()") && postgres.ends_with("FOR UPDATE"));
        let twice = "\nUPDATE sessions SET late_at = :now, burst_at = :now";
        let sqlite = Dialect::Sqlite(Timestamp::from_millis(7)).spell(twice, &mut Vec::new());
        assert_eq!(sqlite, "\nUPDATE sessions SET late_at = $1, burst_at = $1");
        let postgres = Dialect::Postgres.spell(twice, &mut Vec::new());
        assert_eq!(postgres.matches("clock_timestamp()").count(), 1);
    }
}
