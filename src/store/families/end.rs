//! How sessions end: the row is marked and the change log told, in one step.

use sea_orm::{QueryResult, Value};

use super::{Target, record::digest_text};
use crate::{
    model::{
        change::Change,
        id::{SessionId, UserId},
        session::EndReason,
        time::Timestamp,
    },
    store::{changes, error::StoreError, job::Step, sql::Columns as _},
};

/// Ends what is not over yet. How many sessions that was.
pub(super) async fn end(
    step: &Step<'_>,
    target: Target,
    reason: EndReason,
) -> Result<u64, StoreError> {
    match target {
        Target::Session(session) => end_these(step, &[session], reason).await,
        Target::Family(digest) => {
            mark(step, "digest", vec![digest_text(&digest).into()], reason).await
        }
        Target::User { user, except } => {
            // Whoever changes a user's state has their row first: so nobody waits in a circle.
            step.sql.one(LOCK_USER, [user.to_string().into()]).await?;
            let ended = mark_all(step, user, except, reason).await?;
            if ended > 0 {
                tell(step, user, except, reason).await?;
            }
            Ok(ended)
        }
    }
}

/// Ends all sessions of a user whose row the caller has changed.
pub(in crate::store) async fn end_all(
    step: &Step<'_>,
    user: UserId,
    except: Option<SessionId>,
    reason: EndReason,
) -> Result<(), StoreError> {
    mark_all(step, user, except, reason).await?;
    tell(step, user, except, reason).await
}

/// Tells the nodes that all sessions up to now are over. One may have begun a little later than
/// now: by the clock of a node that is ahead, or while this step was waiting for the user's row.
async fn tell(
    step: &Step<'_>,
    user: UserId,
    except: Option<SessionId>,
    reason: EndReason,
) -> Result<(), StoreError> {
    let id = || user.to_string().into();
    let newest: Option<i64> = step
        .sql
        .the(NEWEST, [id(), step.now.millis().into()])
        .await?
        .get("newest")?;
    let moment = newest.map_or(step.now, |newest| {
        step.now.max(Timestamp::from_millis(newest))
    });
    // A session that begins within this very millisecond would count as ended.
    let values = [id(), moment.millis().into()];
    step.sql.execute(RAISE_NOT_BEFORE, values).await?;
    changes::append(step, &not_before(user, moment, except, reason)).await
}

/// Ends those of these sessions that are not over yet. How many that was.
pub(super) async fn end_these(
    step: &Step<'_>,
    sessions: &[SessionId],
    reason: EndReason,
) -> Result<u64, StoreError> {
    let ids = sessions.iter().map(|id| id.to_string().into()).collect();
    mark(step, "id", ids, reason).await
}

/// Marks all their rows before the change log is told of any: whoever holds the log's counter and
/// waits for a session would wait in a circle with who ends that one.
async fn mark(
    step: &Step<'_>,
    column: &str,
    keys: Vec<Value>,
    reason: EndReason,
) -> Result<u64, StoreError> {
    if keys.is_empty() {
        return Ok(0);
    }
    let places: Vec<String> = (3..keys.len() + 3).map(|i| format!("${i}")).collect();
    let places = places.join(", ");
    let statement = format!("{MARK} AND {column} IN ({places}) RETURNING id, user_id");
    let mut values = vec![step.now.millis().into(), reason.as_str().into()];
    values.extend(keys);
    let ended = step.sql.all(&statement, values).await?;
    let revoked: Result<Vec<_>, _> = ended.iter().map(|row| revoked(row, reason)).collect();
    let revoked = revoked?;
    changes::append_all(step, &revoked).await?;
    Ok(revoked.len() as u64)
}

fn revoked(row: &QueryResult, reason: EndReason) -> Result<Change, StoreError> {
    Ok(Change::SessionRevoked {
        session: row.parse("id")?,
        user: Some(row.parse("user_id")?),
        reason,
    })
}

async fn mark_all(
    step: &Step<'_>,
    user: UserId,
    except: Option<SessionId>,
    reason: EndReason,
) -> Result<u64, StoreError> {
    let values = [
        user.to_string().into(),
        step.now.millis().into(),
        reason.as_str().into(),
        except.map(|session| session.to_string()).into(),
    ];
    step.sql.execute(MARK_ALL, values).await
}

const fn not_before(
    user: UserId,
    moment: Timestamp,
    except: Option<SessionId>,
    reason: EndReason,
) -> Change {
    Change::UserNotBefore {
        user,
        not_before: moment,
        except,
        reason,
    }
}

const MARK: &str = "
UPDATE sessions SET revoked_at = $1, revoked_reason = $2
WHERE revoked_reason IS NULL";

const MARK_ALL: &str = "
UPDATE sessions SET revoked_at = $2, revoked_reason = $3
WHERE user_id = $1 AND revoked_reason IS NULL AND ($4 IS NULL OR id <> $4)";

const LOCK_USER: &str = "
SELECT 1 FROM users WHERE id = $1
FOR UPDATE";

const NEWEST: &str = "
SELECT MAX(created_at) AS newest FROM sessions WHERE user_id = $1 AND revoked_at = $2";

const RAISE_NOT_BEFORE: &str = "
UPDATE users SET not_before = $2 WHERE id = $1 AND not_before < $2";
