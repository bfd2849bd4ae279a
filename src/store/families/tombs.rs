//! The ends of sessions as a store in front of the database must know them.

use std::collections::BTreeSet;

use sea_orm::{QueryResult, Value};

use super::record::{digest_of, digest_text, moment};
use crate::{
    model::{
        change::{Change, ChangeRow},
        session::{EndReason, SessionDigest},
        time::Timestamp,
    },
    store::{database::Database, error::StoreError, sql::Columns as _},
};

/// How many subjects one statement asks of.
const BATCH: usize = 256;

/// What is left of a session that has ended: enough to refuse it until it would have ended anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tomb {
    /// What it is stored under.
    pub digest: SessionDigest,
    /// Why it ended.
    pub reason: EndReason,
    /// When its absolute lifetime is over.
    pub absolute_expires_at: Timestamp,
}

/// Those that rows of the change log tell of.
pub(super) async fn of(database: &Database, rows: &[ChangeRow]) -> Result<Vec<Tomb>, StoreError> {
    let (mut sessions, mut users) = (BTreeSet::new(), BTreeSet::new());
    for row in rows {
        match row.change {
            Change::SessionRevoked { session, .. } => {
                sessions.insert(session.to_string());
            }
            Change::UserNotBefore { user, .. } => {
                users.insert(user.to_string());
            }
            // They are found without being asked for: `after`.
            Change::EveryoneNotBefore { .. }
            | Change::UserChanged { .. }
            | Change::ApiKeyChanged { .. }
            | Change::ClientChanged { .. }
            | Change::SigningKeysChanged
            | Change::ScopesChanged => {}
        }
    }
    let mut tombs = Vec::new();
    for (column, subjects) in [("id", sessions), ("user_id", users)] {
        let subjects: Vec<String> = subjects.into_iter().collect();
        for batch in subjects.chunks(BATCH) {
            tombs.extend(ended(database, column, batch).await?);
        }
    }
    Ok(tombs)
}

/// Those of all sessions, by digest.
pub(super) async fn after(
    database: &Database,
    digest: Option<SessionDigest>,
    limit: u32,
) -> Result<Vec<Tomb>, StoreError> {
    let values = [
        database.now().millis().into(),
        digest
            .map_or_else(String::new, |digest| digest_text(&digest))
            .into(),
        i64::from(limit).into(),
    ];
    let rows = database.read().all(ALL_ENDED, values).await?;
    rows.iter().map(tomb).collect()
}

async fn ended(
    database: &Database,
    column: &str,
    subjects: &[String],
) -> Result<Vec<Tomb>, StoreError> {
    let places: Vec<String> = (2..=subjects.len() + 1).map(|i| format!("${i}")).collect();
    let statement = format!("{ENDED} AND {column} IN ({})", places.join(", "));
    let mut values: Vec<Value> = vec![database.now().millis().into()];
    values.extend(subjects.iter().map(|subject| Value::from(subject.as_str())));
    let rows = database.read().all(&statement, values).await?;
    rows.iter().map(tomb).collect()
}

fn tomb(row: &QueryResult) -> Result<Tomb, StoreError> {
    Ok(Tomb {
        digest: digest_of(row, "digest")?,
        reason: row.parse("revoked_reason")?,
        absolute_expires_at: moment(row, "absolute_expires_at")?,
    })
}

const ENDED: &str = "
SELECT digest, revoked_reason, absolute_expires_at FROM sessions
WHERE revoked_reason IS NOT NULL AND absolute_expires_at > $1";

const ALL_ENDED: &str = "
SELECT digest, revoked_reason, absolute_expires_at FROM sessions
WHERE revoked_reason IS NOT NULL AND absolute_expires_at > $1 AND digest > $2
ORDER BY digest
LIMIT $3";
