//! Taking over the journal: many entries in one statement where nothing came in between, and those
//! that something did one session at a time, under its row's lock.

use std::{collections::HashMap, sync::OnceLock};

use sea_orm::{QueryResult, Value};

use super::{
    Target,
    end::end,
    record::{digest_of, digest_text, moment, session},
};
use crate::{
    model::{
        journal::{Direct, Entry, Reconciled, reconcile},
        refresh_token::Generation,
        session::{EndReason, Family, SessionDigest},
    },
    store::{
        database::Database,
        error::StoreError,
        job::Step,
        sql::{Columns as _, Sql},
    },
};

/// How many sessions one statement takes over.
const BATCH: usize = 512;

/// What became of a session whose steps were taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// The database has what the faster store has, or the session is over.
    Settled,
    /// The database is further, and the faster store should have what it has.
    Ahead,
    /// The database has no such session.
    Missing,
    /// Its row cannot be read or written as it is; the steps are given up.
    Refused,
}

/// Takes over the steps of sessions, each session's in their order: a row that is at fault is logged,
/// and costs no other session anything. An error tells that the database cannot be used now.
pub(super) async fn merge(
    database: &Database,
    steps: Vec<Vec<Entry>>,
) -> Result<Vec<(SessionDigest, Merged)>, StoreError> {
    let mut rest: HashMap<SessionDigest, Vec<Entry>> = steps
        .into_iter()
        .filter_map(|steps| Some((steps.first()?.digest, steps)))
        .collect();
    let mut merged = Vec::with_capacity(rest.len());
    let plain: Vec<Plain> = rest.values().filter_map(|steps| Plain::of(steps)).collect();
    for batch in plain.chunks(BATCH) {
        let moved = match go_on(database, batch).await {
            Err(error) if !matches!(error, StoreError::Unavailable(_)) => {
                tracing::warn!(%error, "steps of many sessions are taken over one by one");
                continue;
            }
            moved => moved?,
        };
        for digest in moved {
            if rest.remove(&digest).is_some() {
                merged.push((digest, Merged::Settled));
            }
        }
    }
    for (digest, steps) in rest {
        let work = database.write(move |step| Box::pin(judge_all(step, steps)));
        let judged = match work.await {
            Err(error) if !matches!(error, StoreError::Unavailable(_)) => {
                tracing::error!(%error, "steps of a session did not reach the database");
                Merged::Refused
            }
            judged => judged?,
        };
        merged.push((digest, judged));
    }
    Ok(merged)
}

/// Steps that go on from each other, as one: what was presented first, and the family in the end.
struct Plain {
    digest: SessionDigest,
    presented: Generation,
    family: Family,
}

impl Plain {
    fn of(steps: &[Entry]) -> Option<Self> {
        let first = steps.first()?;
        let mut newest = first.family.generation;
        for step in &steps[1..] {
            if step.presented < newest {
                return None;
            }
            newest = step.family.generation;
        }
        Some(Self {
            digest: first.digest,
            presented: first.presented,
            family: steps.last()?.family,
        })
    }

    fn values(&self) -> [Value; 10] {
        let family = &self.family;
        [
            digest_text(&self.digest).into(),
            i64::from(self.presented.number()).into(),
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
}

/// Moves those whose record stands at what was presented first. Which they were.
async fn go_on(database: &Database, batch: &[Plain]) -> Result<Vec<SessionDigest>, StoreError> {
    let Some(last) = batch.last() else {
        return Ok(Vec::new());
    };
    // Filled up with repetitions to a power of two, so that there are few different statements.
    let places = batch.len().next_power_of_two();
    let all = batch.iter().chain(std::iter::repeat(last)).take(places);
    let values: Vec<Value> = all.flat_map(Plain::values).collect();
    let statement = go_on_statement(places);
    let work =
        database.write_once(move |sql| Box::pin(async move { sql.all(statement, values).await }));
    work.await?
        .iter()
        .map(|row| digest_of(row, "digest"))
        .collect()
}

/// The statement for so many sessions, a power of two; each is spelt once.
fn go_on_statement(places: usize) -> &'static str {
    static SPELT: [OnceLock<String>; BATCH.ilog2() as usize + 1] =
        [const { OnceLock::new() }; BATCH.ilog2() as usize + 1];
    SPELT[places.ilog2() as usize].get_or_init(|| spell_go_on(places))
}

fn spell_go_on(places: usize) -> String {
    let place = |number: usize| {
        let values: Vec<String> = (1..=10).map(|i| format!("${}", number * 10 + i)).collect();
        format!("({})", values.join(", "))
    };
    let places: Vec<String> = (0..places).map(place).collect();
    format!("{GO_ON_FROM} (VALUES {}) {GO_ON}", places.join(", "))
}

/// Judges the steps of one session against its record, one after the other.
async fn judge_all(step: &Step<'_>, steps: Vec<Entry>) -> Result<Merged, StoreError> {
    let Some(digest) = steps.first().map(|first| first.digest) else {
        return Ok(Merged::Settled);
    };
    let found = step.sql.one(READ, [digest_text(&digest).into()]).await?;
    let Some(row) = found else {
        return Ok(Merged::Missing);
    };
    let (before, mut direct) = (session(&row)?, direct(&row)?);
    let mut record = before.clone();
    let mut reported = Generation::FIRST;
    for entry in &steps {
        reported = entry.family.generation;
        match reconcile(&record, direct, entry) {
            Reconciled::Agree(family) => (record.family, direct) = (family, None),
            Reconciled::Stamp(family) => record.family = family,
            Reconciled::Keep => {}
            Reconciled::Over => return Ok(Merged::Settled),
            Reconciled::End => {
                tracing::warn!(
                    target: "signet::event", event = "session.reuse", session = %record.id,
                    user = %record.user, client = %record.client, found_by = "journal",
                );
                end(step, Target::Family(digest), EndReason::Reuse).await?;
                return Ok(Merged::Settled);
            }
        }
    }
    if record.family != before.family {
        write(&step.sql, &digest, &record.family, direct).await?;
    }
    if record.family.generation > reported {
        return Ok(Merged::Ahead);
    }
    Ok(Merged::Settled)
}

fn direct(row: &QueryResult) -> Result<Option<Direct>, StoreError> {
    let presented: Option<i64> = row.get("direct_from")?;
    let presented = presented
        .and_then(|number| u32::try_from(number).ok())
        .and_then(Generation::new);
    presented
        .map(|presented| {
            let at = moment(row, "direct_at")?;
            Ok(Direct { presented, at })
        })
        .transpose()
}

async fn write(
    sql: &Sql<'_>,
    digest: &SessionDigest,
    family: &Family,
    direct: Option<Direct>,
) -> Result<(), StoreError> {
    let values = [
        digest_text(digest).into(),
        i64::from(family.generation.number()).into(),
        i64::from(family.key_id).into(),
        family.rotated_at.millis().into(),
        family.budget_at.millis().into(),
        i64::from(family.burst_from.number()).into(),
        family.burst_at.millis().into(),
        family.late_at.millis().into(),
        family.idle_expires_at.millis().into(),
        direct
            .map(|direct| i64::from(direct.presented.number()))
            .into(),
        direct.map(|direct| direct.at.millis()).into(),
    ];
    sql.execute(WRITE, values).await.map(drop)
}

const GO_ON_FROM: &str = "
WITH step (digest, presented, generation, key_id, rotated_at, budget_at, burst_from, burst_at,
    late_at, idle_expires_at) AS";

/// What only grows keeps the larger value; the rest is as the faster store has it.
const GO_ON: &str = "
UPDATE sessions SET
    generation = step.generation,
    prev_key_id = sessions.key_id,
    key_id = step.key_id,
    rotated_at = step.rotated_at,
    budget_at = step.budget_at,
    burst_from = CASE WHEN sessions.burst_at > step.burst_at THEN sessions.burst_from
        ELSE step.burst_from END,
    burst_at = CASE WHEN sessions.burst_at > step.burst_at THEN sessions.burst_at
        ELSE step.burst_at END,
    late_at = CASE WHEN sessions.late_at > step.late_at THEN sessions.late_at
        ELSE step.late_at END,
    idle_expires_at = CASE WHEN sessions.idle_expires_at > step.idle_expires_at
        THEN sessions.idle_expires_at ELSE step.idle_expires_at END,
    direct_from = NULL,
    direct_at = NULL
FROM step
WHERE sessions.digest = step.digest
    AND sessions.generation = step.presented
    AND sessions.revoked_reason IS NULL
    AND sessions.absolute_expires_at > step.rotated_at
RETURNING sessions.digest";

const READ: &str = "
SELECT * FROM sessions WHERE digest = $1
FOR UPDATE";

const WRITE: &str = "
UPDATE sessions SET generation = $2, prev_key_id = key_id, key_id = $3, rotated_at = $4, budget_at = $5,
    burst_from = $6, burst_at = $7, late_at = $8, idle_expires_at = $9,
    direct_from = $10, direct_at = $11
WHERE digest = $1";
