//! The rule: what a presented refresh token is worth (RFC 9700 §4.14.2, without its log-outs).
//!
//! A session counts generations instead of storing tokens. A client presents generation `p` with
//! a valid tag; the record says `g`, the newest one issued. [`judge`] decides from these, the
//! policy and the store's clock alone, so every store and every node decides alike.
//! `docs/tokens.md` tells why each row stands where it does.

use std::time::Duration;

use super::{
    id::ClientId,
    refresh_token::Generation,
    session::{EndReason, Family, Policy, Session},
    time::{Timestamp, millis},
};

/// How many rotations a session may do at once.
pub const BURST_ROTATIONS: i64 = 64;
/// How long it takes to earn one more, in milliseconds.
pub const ROTATION_EARNED_MS: i64 = 5_000;
/// How far beyond the newest generation a token may be at once and still heal the store.
pub const HEAL_REACH: i64 = 64;

/// What a presented token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The session is over: refuse.
    Ended(EndReason),
    /// The session belongs to another client: refuse, move nothing.
    WrongClient,
    /// The newest token: answer with its successor, which [`rotated`] has made the newest.
    Rotate,
    /// A spent token of the newest burst: answer with the newest one again, the same string.
    Retry,
    /// The answer was lost and its client slept: answer with the newest one, this once.
    LateRetry,
    /// A spent token came back: end the session.
    Reuse,
    /// A token that we issued and the store forgot: as [`Rotate`](Self::Rotate), counted.
    Heal,
    /// A valid tag on a generation that cannot have been issued: refuse, the session lives.
    Implausible,
    /// The session rotates too fast: refuse for now, move nothing.
    Throttled {
        /// How long until the next rotation is earned.
        retry_after: Duration,
    },
}

/// Decides what generation `presented` is worth against `session` as it is before the step.
/// `now` is the store's own clock. The cases are tried in the order of docs/tokens.md.
#[must_use]
pub fn judge(
    session: &Session,
    presented: Generation,
    client: ClientId,
    policy: &Policy,
    now: Timestamp,
) -> Verdict {
    let family = &session.family;
    if let Some(reason) = ended(session, presented, now) {
        return Verdict::Ended(reason);
    }
    if session.client != client {
        return Verdict::WrongClient;
    }
    if presented < family.generation {
        return judge_spent(family, presented, policy, now);
    }
    if !plausible(family, presented, policy, now) {
        return Verdict::Implausible;
    }
    let allowed = (BURST_ROTATIONS - 1) * ROTATION_EARNED_MS;
    let beyond = owed(family, now) - allowed;
    if beyond > 0 {
        let wait = u64::try_from(beyond).unwrap_or(0);
        return Verdict::Throttled {
            retry_after: Duration::from_millis(wait),
        };
    }
    if presented == family.generation {
        Verdict::Rotate
    } else {
        Verdict::Heal
    }
}

/// Why the session is over, if it is.
#[must_use]
pub fn over(session: &Session, now: Timestamp) -> Option<EndReason> {
    ended(session, session.family.generation, now)
}

/// Why the session is over for this token, if it is. A token newer than the record tells that the
/// store lost writes, and with them a later idle expiry: only the absolute one ends it.
fn ended(session: &Session, presented: Generation, now: Timestamp) -> Option<EndReason> {
    if session.revoked.is_some() {
        return session.revoked;
    }
    if now >= session.absolute_expires_at {
        return Some(EndReason::Absolute);
    }
    let idle = now >= session.family.idle_expires_at && presented <= session.family.generation;
    idle.then_some(EndReason::Idle)
}

/// The rows for `p < g`.
fn judge_spent(family: &Family, presented: Generation, policy: &Policy, now: Timestamp) -> Verdict {
    let interval = policy.reuse_interval;
    if interval.is_zero() {
        return Verdict::Reuse;
    }
    let previous = presented.next() == Some(family.generation);
    let just_spent = previous && now.since(family.rotated_at) <= interval;
    let in_burst = presented >= family.burst_from && now.since(family.burst_at) <= interval;
    if just_spent || in_burst {
        return Verdict::Retry;
    }
    let every = policy.late_retry_every;
    if previous && !every.is_zero() && now.since(family.late_at) > every {
        return Verdict::LateRetry;
    }
    Verdict::Reuse
}

/// Whether `presented`, at or beyond the newest generation, can have been issued by us.
fn plausible(family: &Family, presented: Generation, policy: &Policy, now: Timestamp) -> bool {
    if presented.next().is_none() {
        return false;
    }
    let ahead = i64::from(presented.number()) - i64::from(family.generation.number());
    let earned = millis(now.since(family.rotated_at)) / ROTATION_EARNED_MS;
    ahead == 0 || (policy.heal_allowed && ahead <= HEAL_REACH + earned)
}

/// How much of the rotation budget is used, in milliseconds. A clock that was set back has earned
/// nothing since the last rotation, and owes nothing more either.
fn owed(family: &Family, now: Timestamp) -> i64 {
    let since = now.max(family.rotated_at);
    (family.budget_at.millis() - since.millis()).max(0)
}

/// The family after [`Verdict::Rotate`] or [`Verdict::Heal`]: what `advance` writes. `None` only
/// where `presented` is the last generation, which [`judge`] never lets rotate.
#[must_use]
pub fn rotated(
    session: &Session,
    presented: Generation,
    policy: &Policy,
    now: Timestamp,
) -> Option<Family> {
    let before = &session.family;
    // One that lies far ahead began before the clock was set back.
    let apart = now.since(before.burst_at).max(before.burst_at.since(now));
    let (burst_from, burst_at) = if apart > policy.reuse_interval {
        // Of what a store forgot, each token may have been current a moment ago.
        (before.generation, now)
    } else {
        (before.burst_from, before.burst_at)
    };
    Some(Family {
        generation: presented.next()?,
        key_id: policy.active_key,
        rotated_at: now,
        budget_at: Timestamp::from_millis(now.millis() + owed(before, now) + ROTATION_EARNED_MS),
        burst_from,
        burst_at,
        late_at: before.late_at,
        idle_expires_at: now
            .plus(policy.idle_lifetime)
            .min(session.absolute_expires_at),
    })
}

/// The family after [`Verdict::LateRetry`]: what `stamp_late` writes.
#[must_use]
pub fn late_stamped(family: &Family, presented: Generation, now: Timestamp) -> Family {
    Family {
        late_at: now,
        burst_from: presented,
        burst_at: now,
        ..*family
    }
}
