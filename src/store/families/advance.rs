//! `advance` in SQL: one statement that moves the family on, with the whole rule inside.
//!
//! Its conditions are the predicate of [`judge`](crate::model::rule::judge) for Rotate and Heal,
//! and what it sets is [`rotated`](crate::model::rule::rotated); `tests/stores/` holds both. Right
//! hand sides mean the row before, in the standard as in every database of ours.

use sea_orm::QueryResult;

use super::{
    Advance, Advanced, Step,
    record::{digest_text, moment, session},
};
use crate::{
    model::{
        refresh_token::Generation,
        rule::{BURST_ROTATIONS, HEAL_REACH, ROTATION_EARNED_MS, Verdict, judge},
        time::millis,
    },
    store::{database::Database, error::StoreError, sql::Sql},
};

/// How often a step is tried whose row moves under it. Under one writer it cannot; where several
/// connections write, the row that is read can be newer than the one that was not moved.
const TRIES: usize = 3;

/// Takes the step.
pub(super) async fn advance(
    database: &Database,
    advance: &Advance,
) -> Result<Advanced, StoreError> {
    for _ in 0..TRIES {
        let wanted = *advance;
        let answer = database.write_once(move |sql| Box::pin(run(sql, wanted)));
        let Some((moved, row)) = answer.await? else {
            return Ok(Advanced::Missing);
        };
        let step = Step {
            before: session(&row)?,
            moved,
            now: moment(&row, "step_at")?,
        };
        if step.moved || !would_move(advance, &step) {
            return Ok(Advanced::Step(step));
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
async fn run(sql: &Sql<'_>, advance: Advance) -> Result<Option<(bool, QueryResult)>, StoreError> {
    let digest = digest_text(&advance.digest);
    if let Some(next) = advance.presented.next()
        && let Some(row) = move_on(sql, &advance, next, digest.clone()).await?
    {
        return Ok(Some((true, row)));
    }
    let read = sql.one(READ, [digest.into()]);
    Ok(read.await?.map(|row| (false, row)))
}

async fn move_on(
    sql: &Sql<'_>,
    advance: &Advance,
    next: Generation,
    digest: String,
) -> Result<Option<QueryResult>, StoreError> {
    let Advance {
        presented, policy, ..
    } = advance;
    let values = [
        digest.into(),
        advance.client.to_string().into(),
        i64::from(presented.number()).into(),
        i64::from(next.number()).into(),
        policy.heal_allowed.into(),
        HEAL_REACH.into(),
        ROTATION_EARNED_MS.into(),
        ((BURST_ROTATIONS - 1) * ROTATION_EARNED_MS).into(),
        millis(policy.reuse_interval).into(),
        i64::from(policy.active_key).into(),
        millis(policy.idle_lifetime).into(),
    ];
    sql.one(MOVE_ON, values).await
}

const READ: &str = "
SELECT id, user_id, client_id, scopes, audiences, auth_time, amr, label, address, created_at,
    absolute_expires_at, revoked_reason, late_at, generation, key_id, rotated_at, budget_at,
    burst_from, burst_at, idle_expires_at, :now AS step_at
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
    direct_from = COALESCE(direct_from, $3),
    direct_at = COALESCE(direct_at, :now),
    generation = $4,
    key_id = $10,
    rotated_at = :now,
    budget_at = :now + $7 + CASE
        WHEN rotated_at > :now AND budget_at > rotated_at THEN budget_at - rotated_at
        WHEN rotated_at <= :now AND budget_at > :now THEN budget_at - :now
        ELSE 0
    END,
    burst_from = CASE WHEN :now - burst_at > $9 OR burst_at - :now > $9 THEN generation
        ELSE burst_from END,
    burst_at = CASE WHEN :now - burst_at > $9 OR burst_at - :now > $9 THEN :now
        ELSE burst_at END,
    idle_expires_at = CASE WHEN :now + $11 < absolute_expires_at THEN :now + $11
        ELSE absolute_expires_at END
WHERE digest = $1
    AND revoked_reason IS NULL
    AND absolute_expires_at > :now
    AND client_id = $2
    AND budget_at - CASE WHEN rotated_at > :now THEN rotated_at ELSE :now END <= $8
    AND (
        (generation = $3 AND idle_expires_at > :now)
        OR (
            $5
            AND generation < $3
            AND $3 - generation
                <= $6 + CASE WHEN rotated_at < :now THEN (:now - rotated_at) / $7 ELSE 0 END
        )
    )
RETURNING id, user_id, client_id, scopes, audiences, auth_time, amr, label, address, created_at,
    absolute_expires_at, revoked_reason, late_at, prev_generation AS generation,
    prev_key_id AS key_id, prev_rotated_at AS rotated_at, prev_budget_at AS budget_at,
    prev_burst_from AS burst_from, prev_burst_at AS burst_at,
    prev_idle_expires_at AS idle_expires_at, rotated_at AS step_at";
