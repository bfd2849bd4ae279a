//! How sessions end: the row is marked and the change log told, in one step.

use super::Target;
use crate::{
    model::{
        change::Change,
        id::{SessionId, UserId},
        session::EndReason,
        time::Timestamp,
    },
    store::{changes, error::StoreError, job::Step},
};

/// Ends what is not over yet. How many sessions that was.
pub(super) async fn end(
    step: &Step<'_>,
    target: Target,
    reason: EndReason,
) -> Result<u64, StoreError> {
    match target {
        Target::Session(session) => end_one(step, session, reason).await,
        Target::User { user, except } => {
            let ended = mark_all(step, user, except, reason).await?;
            if ended > 0 {
                // A session that begins within this very millisecond would count as ended.
                let values = [user.to_string().into(), step.now.millis().into()];
                step.sql.execute(RAISE_NOT_BEFORE, values).await?;
                changes::append(step, &not_before(user, step.now, except, reason)).await?;
            }
            Ok(ended)
        }
    }
}

/// Ends all sessions of a user whose `not_before` the caller has set to the moment of the step.
pub(in crate::store) async fn end_all(
    step: &Step<'_>,
    user: UserId,
    except: Option<SessionId>,
    reason: EndReason,
) -> Result<(), StoreError> {
    mark_all(step, user, except, reason).await?;
    changes::append(step, &not_before(user, step.now, except, reason)).await
}

async fn end_one(
    step: &Step<'_>,
    session: SessionId,
    reason: EndReason,
) -> Result<u64, StoreError> {
    let values = [
        session.to_string().into(),
        step.now.millis().into(),
        reason.as_str().into(),
    ];
    let ended = step.sql.execute(MARK_ONE, values).await?;
    if ended > 0 {
        changes::append(step, &Change::SessionRevoked { session, reason }).await?;
    }
    Ok(ended)
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
    now: Timestamp,
    except: Option<SessionId>,
    reason: EndReason,
) -> Change {
    Change::UserNotBefore {
        user,
        not_before: now,
        except,
        reason,
    }
}

const MARK_ONE: &str = "
UPDATE sessions SET revoked_at = $2, revoked_reason = $3
WHERE id = $1 AND revoked_reason IS NULL";

const MARK_ALL: &str = "
UPDATE sessions SET revoked_at = $2, revoked_reason = $3
WHERE user_id = $1 AND revoked_reason IS NULL AND ($4 IS NULL OR id <> $4)";

const RAISE_NOT_BEFORE: &str = "
UPDATE users SET not_before = $2 WHERE id = $1 AND not_before < $2";
