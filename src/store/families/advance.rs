//! `advance` in SQL: one statement that moves the family on, with the whole rule inside.
//!
//! Its conditions are the predicate of [`judge`](crate::model::rule::judge) for Rotate and Heal,
//! and what it sets is [`rotated`](crate::model::rule::rotated); `tests/stores/` holds both. Right
//! hand sides mean the row before, in the standard as in every database of ours.

use sea_orm::QueryResult;

use super::{
    Advance, Step,
    record::{digest_text, moment, session},
};
use crate::{
    model::{
        refresh_token::Generation,
        rule::{BURST_ROTATIONS, HEAL_REACH, ROTATION_EARNED_MS, Verdict, judge},
        time::millis,
    },
    store::{database::Database, error::StoreError, job},
};

/// How often a step is tried whose row moves under it. Under one writer it cannot; where several
/// connections write, the row that is read can be newer than the one that was not moved.
const TRIES: usize = 3;

/// Takes the step.
pub(super) async fn advance(
    database: &Database,
    advance: &Advance,
) -> Result<Option<Step>, StoreError> {
    for _ in 0..TRIES {
        let wanted = *advance;
        let answer = database.write_once(move |step| Box::pin(run(step, wanted)));
        let Some((moved, row)) = answer.await? else {
            return Ok(None);
        };
        let step = Step {
            before: session(&row)?,
            moved,
            now: moment(&row, "step_at")?,
        };
        if step.moved || !would_move(advance, &step) {
            return Ok(Some(step));
        }
    }
    let cause = "a session moves faster than it can be read";
    Err(StoreError::Unavailable(cause.to_owned()))
}

fn would_move(advance: &Advance, step: &Step) -> bool {
    let verdict = judge(
        &step.before,
        advance.presented,
        advance.client,
        &advance.policy,
        step.now,
    );
    matches!(verdict, Verdict::Rotate | Verdict::Heal)
}

/// Whether the family moved, and the record before.
async fn run(
    step: &job::Step<'_>,
    advance: Advance,
) -> Result<Option<(bool, QueryResult)>, StoreError> {
    let digest = digest_text(&advance.digest);
    if let Some(next) = advance.presented.next()
        && let Some(row) = move_on(step, &advance, next, digest.clone()).await?
    {
        return Ok(Some((true, row)));
    }
    let read = step
        .sql
        .one(READ, [digest.into(), step.now.millis().into()]);
    Ok(read.await?.map(|row| (false, row)))
}

async fn move_on(
    step: &job::Step<'_>,
    advance: &Advance,
    next: Generation,
    digest: String,
) -> Result<Option<QueryResult>, StoreError> {
    let Advance {
        presented, policy, ..
    } = advance;
    let values = [
        digest.into(),
        step.now.millis().into(),
        advance.client.to_string().into(),
        i64::from(presented.number()).into(),
        i64::from(next.number()).into(),
        policy.heal_allowed.into(),
        HEAL_REACH.into(),
        ROTATION_EARNED_MS.into(),
        ((BURST_ROTATIONS - 1) * ROTATION_EARNED_MS).into(),
        millis(policy.reuse_interval).into(),
        i64::from(policy.active_key).into(),
        step.now.plus(policy.idle_lifetime).millis().into(),
    ];
    step.sql.one(MOVE_ON, values).await
}

const READ: &str = "
SELECT id, user_id, client_id, scopes, audiences, auth_time, amr, label, address, created_at,
    absolute_expires_at, revoked_reason, late_at, generation, key_id, rotated_at, budget_at,
    burst_from, burst_at, idle_expires_at, $2 AS step_at
FROM sessions
WHERE digest = $1";

const MOVE_ON: &str = "
UPDATE sessions SET
    prev_generation = generation,
    prev_key_id = key_id,
    prev_rotated_at = rotated_at,
    prev_budget_at = budget_at,
    prev_burst_from = burst_from,
    prev_burst_at = burst_at,
    prev_idle_expires_at = idle_expires_at,
    generation = $5,
    key_id = $11,
    rotated_at = $2,
    budget_at = CASE WHEN budget_at > $2 THEN budget_at ELSE $2 END + $8,
    burst_from = CASE WHEN $2 - burst_at > $10 THEN $4 ELSE burst_from END,
    burst_at = CASE WHEN $2 - burst_at > $10 THEN $2 ELSE burst_at END,
    idle_expires_at = CASE WHEN $12 < absolute_expires_at THEN $12 ELSE absolute_expires_at END
WHERE digest = $1
    AND revoked_reason IS NULL
    AND absolute_expires_at > $2
    AND client_id = $3
    AND budget_at - $2 <= $9
    AND (
        (generation = $4 AND idle_expires_at > $2)
        OR (
            $6
            AND generation < $4
            AND $4 - generation
                <= $7 + CASE WHEN rotated_at < $2 THEN ($2 - rotated_at) / $8 ELSE 0 END
        )
    )
RETURNING id, user_id, client_id, scopes, audiences, auth_time, amr, label, address, created_at,
    absolute_expires_at, revoked_reason, late_at, prev_generation AS generation,
    prev_key_id AS key_id, prev_rotated_at AS rotated_at, prev_budget_at AS budget_at,
    prev_burst_from AS burst_from, prev_burst_at AS burst_at,
    prev_idle_expires_at AS idle_expires_at, rotated_at AS step_at";
