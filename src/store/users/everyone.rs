//! Ending the sessions of everybody.

use super::Users;
use crate::{
    model::{change::Change, session::EndReason, time::Timestamp},
    store::{changes, error::StoreError, job::Step, sql::Columns as _},
};

/// How many users one step goes through: so few that no login waits for long.
const USERS: i64 = 50;

impl Users {
    /// Ends every session begun at or before a moment, the sessions of some users at a time, and
    /// tells the nodes when all are over. How many. Where it is given up half-way, the nodes have
    /// not heard: it is to be done again.
    pub async fn end_everyones_sessions(
        &self,
        begun_by: Timestamp,
        reason: EndReason,
    ) -> Result<u64, StoreError> {
        let (mut ended, mut after) = (0, String::new());
        loop {
            let work = self
                .database
                .write(move |step| Box::pin(end_some(step, after, begun_by, reason)));
            let (count, last) = work.await?;
            ended += count;
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
        let change = Change::EveryoneNotBefore {
            not_before: begun_by,
            reason,
        };
        let work = self
            .database
            .write(move |step| Box::pin(async move { changes::append(step, &change).await }));
        work.await?;
        Ok(ended)
    }
}

/// Those of the first users after an id. How many, and the last one's id; none where there are no
/// more users. A login in flight waits for its user's row and then begins after the moment, or its
/// session is there to be ended.
async fn end_some(
    step: &Step<'_>,
    after: String,
    begun_by: Timestamp,
    reason: EndReason,
) -> Result<(u64, Option<String>), StoreError> {
    let users = step
        .sql
        .all(LOCK_SOME, [after.clone().into(), USERS.into()])
        .await?;
    let Some(last) = users.last() else {
        return Ok((0, None));
    };
    let last: String = last.get("id")?;
    let mut values = vec![after.into(), last.clone().into(), begun_by.millis().into()];
    step.sql.execute(RAISE_NOT_BEFORE, values.clone()).await?;
    values.extend([step.now.millis().into(), reason.as_str().into()]);
    let ended = step.sql.execute(MARK_SOME, values).await?;
    Ok((ended, Some(last)))
}

const LOCK_SOME: &str = "
SELECT id FROM users WHERE id > $1 ORDER BY id LIMIT $2
FOR UPDATE";

const RAISE_NOT_BEFORE: &str = "
UPDATE users SET not_before = $3 WHERE id > $1 AND id <= $2 AND not_before < $3";

const MARK_SOME: &str = "
UPDATE sessions SET revoked_at = $4, revoked_reason = $5
WHERE user_id > $1 AND user_id <= $2 AND created_at <= $3 AND revoked_reason IS NULL";
