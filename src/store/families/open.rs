//! How sessions begin: one INSERT, with the conditions on their user inside; and where a user may
//! have only so many, what makes room for it in the same step.

use sea_orm::Value;

use super::{
    Opened, Opening,
    end::end_these,
    record::{cookie_text, digest_text, list_text},
};
use crate::{
    model::{
        id::SessionId,
        session::{EndReason, SessionLimit, WhenFull},
    },
    store::{database::Database, error::StoreError, job::Step, sql::Columns as _},
};

/// How many sessions a login ends at most: more are there only after the limit was lowered.
const ENDED_AT_ONCE: i64 = 50;

/// Begins a session whose user's credentials were checked.
pub(super) async fn open(database: &Database, opening: &Opening) -> Result<Opened, StoreError> {
    if let Some(limit) = opening.limit {
        let opening = opening.clone();
        let work = database.write(move |step| Box::pin(open_within(step, opening, limit)));
        return work.await;
    }
    // The lock holds off a change of password or state until the session is there to be ended.
    let statement = format!("{INSERT} AND credential_version = $22\nFOR SHARE");
    let mut values = values(opening);
    values.push(opening.credential_version.into());
    Ok(if insert(database, statement, values).await? {
        Opened::Begun(Vec::new())
    } else {
        Opened::Outdated
    })
}

/// The same, where the user may have only so many. Their row is locked before their sessions are
/// looked at, so that of logins that race each sees the sessions of those before it.
async fn open_within(
    step: &Step<'_>,
    opening: Opening,
    limit: SessionLimit,
) -> Result<Opened, StoreError> {
    let session = &opening.session;
    let checked = [
        session.user.to_string().into(),
        opening.credential_version.into(),
        session.created_at.millis().into(),
    ];
    if step.sql.one(LOCK_USER, checked).await?.is_none() {
        return Ok(Opened::Outdated);
    }
    let beyond = beyond(step, &opening, limit.most).await?;
    if limit.when_full == WhenFull::Refuse && !beyond.is_empty() {
        return Ok(Opened::Full);
    }
    step.sql.execute(INSERT, values(&opening)).await?;
    end_these(step, &beyond, EndReason::SessionLimit).await?;
    Ok(Opened::Begun(beyond))
}

/// The living sessions for which there is no room beside one more.
async fn beyond(
    step: &Step<'_>,
    opening: &Opening,
    most: u32,
) -> Result<Vec<SessionId>, StoreError> {
    let session = &opening.session;
    let values = [
        session.user.to_string().into(),
        step.now.millis().into(),
        opening.replaces.as_ref().map(digest_text).into(),
        session.client.to_string().into(),
        ENDED_AT_ONCE.into(),
        i64::from(most.saturating_sub(1)).into(),
    ];
    let rows = step.sql.all(BEYOND, values).await?;
    rows.iter().map(|row| row.parse("id")).collect()
}

/// Writes down a session that had begun before. Nobody knows which credentials were checked then:
/// the user's not-before tells whether it was ended with others since.
pub(super) async fn adopt(database: &Database, opening: &Opening) -> Result<bool, StoreError> {
    insert(
        database,
        format!("{INSERT}\nON CONFLICT DO NOTHING"),
        values(opening),
    )
    .await
}

async fn insert(
    database: &Database,
    statement: String,
    values: Vec<Value>,
) -> Result<bool, StoreError> {
    let work = database
        .write_once(move |sql| Box::pin(async move { sql.execute(&statement, values).await }));
    Ok(work.await? > 0)
}

fn values(opening: &Opening) -> Vec<Value> {
    let session = &opening.session;
    let family = &session.family;
    vec![
        digest_text(&opening.digest).into(),
        session.id.to_string().into(),
        session.user.to_string().into(),
        session.client.to_string().into(),
        session.scopes.as_ref().map(ToString::to_string).into(),
        list_text(&session.audiences).into(),
        session.authentication.time.millis().into(),
        list_text(&session.authentication.methods).into(),
        session.origin.label.clone().into(),
        session
            .origin
            .address
            .map(|address| address.to_string())
            .into(),
        session.created_at.millis().into(),
        session.absolute_expires_at.millis().into(),
        i64::from(family.generation.number()).into(),
        i64::from(family.key_id).into(),
        family.rotated_at.millis().into(),
        family.budget_at.millis().into(),
        i64::from(family.burst_from.number()).into(),
        family.burst_at.millis().into(),
        family.late_at.millis().into(),
        family.idle_expires_at.millis().into(),
        opening.cookie.as_ref().map(cookie_text).into(),
    ]
}

const INSERT: &str = "
INSERT INTO sessions (
    digest, id, user_id, client_id, scopes, audiences, auth_time, amr, label, address, created_at,
    absolute_expires_at, generation, key_id, rotated_at, budget_at, burst_from, burst_at, late_at,
    idle_expires_at, prev_generation, prev_key_id, prev_rotated_at, prev_budget_at,
    prev_burst_from, prev_burst_at, prev_idle_expires_at, cookie_digest
)
SELECT $1, $2, id, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
    $13, $14, $15, $16, $17, $18, $20, $21
FROM users
WHERE id = $3 AND disabled_at IS NULL AND not_before < $11";

const LOCK_USER: &str = "
SELECT 1 FROM users
WHERE id = $1 AND credential_version = $2 AND disabled_at IS NULL AND not_before < $3
FOR UPDATE";

const BEYOND: &str = "
SELECT id FROM sessions
WHERE user_id = $1 AND revoked_reason IS NULL
    AND absolute_expires_at > $2 AND idle_expires_at > $2
    AND NOT EXISTS (
        SELECT 1 FROM clients
        WHERE clients.id = sessions.client_id AND clients.not_before >= sessions.created_at
    )
    AND ($3 IS NULL OR digest <> $3 OR client_id <> $4)
ORDER BY id DESC
LIMIT $5 OFFSET $6";
