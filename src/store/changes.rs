//! The change log: what every node must hear of, numbered in the order of commits without gaps.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::QueryResult;
use tokio::time::Instant;

use super::{
    database::Database, error::StoreError, housekeeping::Purged, job::Step, sql::Columns as _,
};
use crate::{
    crypto::random,
    model::{
        change::{Change, ChangeRow, RETENTION},
        time::Timestamp,
    },
};

/// The change log of a database.
#[derive(Clone)]
pub struct Changes {
    database: Database,
}

/// Rows go when no access token can be as old; but never the last one, by which the others are known.
pub(super) const PURGED: Purged = Purged {
    table: "changes",
    keep: RETENTION,
    statements: &[PURGE],
};

/// How many rows one reading answers at most: however long the log is, none takes long.
pub const PAGE: u32 = 4_096;

/// A part of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Its rows by number: the first [`PAGE`] of them.
    pub rows: Vec<ChangeRow>,
    /// Whether there may be more after them: who wants those reads on from the last one.
    pub more: bool,
    /// The number of the last row ever written; 0 before the first.
    pub latest: i64,
    /// The database's time when it was read.
    pub now: Timestamp,
}

impl Changes {
    /// The log of this database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    /// The rows from `number` on, that one included: a reader knows by its mark whether this is
    /// still the database that it knew.
    pub async fn since(&self, number: i64) -> Result<Log, StoreError> {
        self.read(SINCE, number).await
    }

    /// The rows from the first one on that was written at or after a moment; the newest one where
    /// all are older: what a node loads before it is ready.
    pub async fn younger_than(&self, moment: Timestamp) -> Result<Log, StoreError> {
        self.read(YOUNGER, moment.millis()).await
    }

    /// Gives out no number again up to `number`: a database that was restored must not reuse those
    /// that its nodes, or Redis, have seen.
    pub async fn raise(&self, number: i64) -> Result<(), StoreError> {
        let work = self.database.write_once(move |sql| {
            Box::pin(async move { sql.execute(RAISE, [number.into()]).await.map(drop) })
        });
        work.await
    }

    /// One read with the last number and the store's time beside each row, so that all are of one
    /// moment.
    async fn read(&self, sql: &str, from: i64) -> Result<Log, StoreError> {
        let asked = Instant::now();
        let values = [from.into(), i64::from(PAGE).into()];
        let found = self.database.read().all(sql, values).await?;
        // The counter is a row always.
        let first = found.first();
        let first = first.ok_or_else(|| StoreError::corrupt("there is no counter of changes"))?;
        let (latest, now) = (first.get("latest")?, first.get("read_at")?);
        let now = Timestamp::from_millis(now);
        self.database.follow(now, asked.elapsed());
        let rows = found.iter().filter_map(|row| change_row(row).transpose());
        Ok(Log {
            rows: rows.collect::<Result<_, _>>()?,
            more: found.len() >= PAGE as usize,
            latest,
            now,
        })
    }
}

/// Appends a row as part of a step, as the last thing that it does: the counter's row is locked
/// until the commit, and so numbers are in the order of commits.
pub(super) async fn append(step: &Step<'_>, change: &Change) -> Result<(), StoreError> {
    append_all(step, std::slice::from_ref(change)).await
}

/// The same with several rows. Who has more than one to append does it here, after all else: nobody
/// who holds the counter's row may wait for another one.
pub(super) async fn append_all(step: &Step<'_>, changes: &[Change]) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(changes.len()).map_err(StoreError::corrupt)?;
    let last: i64 = step.sql.the(NEXT, [count.into()]).await?.get("value")?;
    for (number, change) in (last - count + 1..).zip(changes) {
        insert(step, number, change).await?;
    }
    Ok(())
}

async fn insert(step: &Step<'_>, number: i64, change: &Change) -> Result<(), StoreError> {
    let mark = URL_SAFE_NO_PAD.encode(random::bytes::<12>(step.rng));
    let row = columns(change);
    let values = [
        number.into(),
        mark.into(),
        row.kind.into(),
        row.subject.into(),
        row.not_before.map(Timestamp::millis).into(),
        row.except.into(),
        row.reason.into(),
        step.now.millis().into(),
        row.user.into(),
    ];
    step.sql.execute(INSERT, values).await.map(drop)
}

struct Row {
    kind: &'static str,
    subject: String,
    not_before: Option<Timestamp>,
    except: Option<String>,
    reason: Option<&'static str>,
    /// Whose session, where the subject is one.
    user: Option<String>,
}

fn columns(change: &Change) -> Row {
    let plain = |kind, subject| Row {
        kind,
        subject,
        not_before: None,
        except: None,
        reason: None,
        user: None,
    };
    match change {
        Change::SessionRevoked {
            session,
            user,
            reason,
        } => Row {
            user: user.map(|user| user.to_string()),
            reason: Some(reason.as_str()),
            ..plain(SESSION_REVOKED, session.to_string())
        },
        Change::UserNotBefore {
            user,
            not_before,
            except,
            reason,
        } => Row {
            not_before: Some(*not_before),
            except: except.map(|session| session.to_string()),
            reason: Some(reason.as_str()),
            ..plain(USER_NOT_BEFORE, user.to_string())
        },
        Change::EveryoneNotBefore { not_before, reason } => Row {
            not_before: Some(*not_before),
            reason: Some(reason.as_str()),
            ..plain(EVERYONE_NOT_BEFORE, String::new())
        },
        Change::UserChanged { user } => plain(USER_CHANGED, user.to_string()),
        Change::ApiKeyChanged { key } => plain(API_KEY_CHANGED, key.to_string()),
        Change::ClientChanged { client } => plain(CLIENT_CHANGED, client.to_string()),
        Change::SigningKeysChanged => plain(SIGNING_KEYS_CHANGED, String::new()),
        Change::ScopesChanged => plain(SCOPES_CHANGED, String::new()),
    }
}

/// Reads a row; none where only the last number is in it. A kind that a newer version writes is
/// an error: this node would not know what was revoked.
fn change_row(row: &QueryResult) -> Result<Option<ChangeRow>, StoreError> {
    let Some(number) = row.get::<Option<i64>>("number")? else {
        return Ok(None);
    };
    let kind: String = row.get("kind")?;
    let change = match kind.as_str() {
        SESSION_REVOKED => Change::SessionRevoked {
            session: row.parse("subject")?,
            user: row.parse_nullable("user_id")?,
            reason: row.parse("reason")?,
        },
        USER_NOT_BEFORE => Change::UserNotBefore {
            user: row.parse("subject")?,
            not_before: Timestamp::from_millis(row.get("not_before")?),
            except: row.parse_nullable("except_sid")?,
            reason: row.parse("reason")?,
        },
        EVERYONE_NOT_BEFORE => Change::EveryoneNotBefore {
            not_before: Timestamp::from_millis(row.get("not_before")?),
            reason: row.parse("reason")?,
        },
        USER_CHANGED => Change::UserChanged {
            user: row.parse("subject")?,
        },
        API_KEY_CHANGED => Change::ApiKeyChanged {
            key: row.parse("subject")?,
        },
        CLIENT_CHANGED => Change::ClientChanged {
            client: row.parse("subject")?,
        },
        SIGNING_KEYS_CHANGED => Change::SigningKeysChanged,
        SCOPES_CHANGED => Change::ScopesChanged,
        _ => return Err(StoreError::corrupt(format_args!("change of kind {kind}"))),
    };
    Ok(Some(ChangeRow {
        number,
        mark: row.get("mark")?,
        change,
    }))
}

const SESSION_REVOKED: &str = "session_revoked";
const USER_NOT_BEFORE: &str = "user_not_before";
const EVERYONE_NOT_BEFORE: &str = "everyone_not_before";
const USER_CHANGED: &str = "user_changed";
const API_KEY_CHANGED: &str = "api_key_changed";
const CLIENT_CHANGED: &str = "client_changed";
const SIGNING_KEYS_CHANGED: &str = "signing_keys_changed";
const SCOPES_CHANGED: &str = "scopes_changed";

const NEXT: &str = "
UPDATE counters SET value = value + $1 WHERE name = 'changes' RETURNING value";

const INSERT: &str = "
INSERT INTO changes (number, mark, kind, subject, not_before, except_sid, reason, created_at,
    user_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const RAISE: &str = "
UPDATE counters SET value = $1 WHERE name = 'changes' AND value < $1";

const SINCE: &str = "
SELECT counters.value AS latest, :now AS read_at, page.*
FROM counters LEFT JOIN (
    SELECT * FROM changes WHERE number >= $1 ORDER BY number LIMIT $2
) AS page ON 1 = 1
WHERE counters.name = 'changes'
ORDER BY page.number";

const YOUNGER: &str = "
SELECT counters.value AS latest, :now AS read_at, page.*
FROM counters LEFT JOIN (
    SELECT * FROM changes
    WHERE number >= COALESCE(
        (SELECT MIN(number) FROM changes WHERE created_at >= $1),
        (SELECT MAX(number) FROM changes)
    )
    ORDER BY number LIMIT $2
) AS page ON 1 = 1
WHERE counters.name = 'changes'
ORDER BY page.number";

const PURGE: &str = "
DELETE FROM changes WHERE number IN (
    SELECT number FROM changes
    WHERE created_at < $1 AND number < (SELECT MAX(number) FROM changes)
    ORDER BY number LIMIT $2
)";
