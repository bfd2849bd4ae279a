//! How sessions begin: one INSERT, with the conditions on their user inside.

use sea_orm::Value;

use super::{
    Opening,
    record::{digest_text, list_text},
};
use crate::store::{database::Database, error::StoreError};

/// Begins a session whose user's credentials were checked. Whether it did.
pub(super) async fn open(database: &Database, opening: &Opening) -> Result<bool, StoreError> {
    let mut values = values(opening);
    values.push(opening.credential_version.into());
    // The lock holds off a change of password or state until the session is there to be ended.
    insert(
        database,
        format!("{INSERT} AND credential_version = $21\nFOR SHARE"),
        values,
    )
    .await
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
    ]
}

const INSERT: &str = "
INSERT INTO sessions (
    digest, id, user_id, client_id, scopes, audiences, auth_time, amr, label, address, created_at,
    absolute_expires_at, generation, key_id, rotated_at, budget_at, burst_from, burst_at, late_at,
    idle_expires_at, prev_generation, prev_key_id, prev_rotated_at, prev_budget_at,
    prev_burst_from, prev_burst_at, prev_idle_expires_at
)
SELECT $1, $2, id, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
    $13, $14, $15, $16, $17, $18, $20
FROM users
WHERE id = $3 AND disabled_at IS NULL AND not_before < $11";
