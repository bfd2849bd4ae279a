//! The journal: how steps that a faster store took reach the database, judged on the way.
//!
//! A step is taken in Redis at once and in the database a moment later. In between, or while one
//! of them could not be reached, both may have moved the same session: two histories of it. Each
//! entry is therefore a deferred `advance` and is judged by [`rule`](super::rule), so that a token
//! that was spent in both is dealt with as if one store had seen it all (decision 0013).
//! `docs/decisions/0013-journal.md` tells why the order of time matters here.

use std::time::Duration;

use super::{
    id::{ClientId, SessionId},
    refresh_token::Generation,
    rule::{Verdict, judge, late_stamped},
    session::{Family, Policy, Session, SessionDigest},
    time::Timestamp,
};

/// How far the clocks of two stores may be apart, generously: what they did within this long is not
/// put in order by it.
const CLOCKS_APART: Duration = Duration::from_secs(5);

/// A step that the faster store took: a rotation, or a late retry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// Of which session.
    pub digest: SessionDigest,
    /// Its public identifier.
    pub session: SessionId,
    /// Who presented the token.
    pub client: ClientId,
    /// Which token was presented.
    pub presented: Generation,
    /// The rules that the step was judged by.
    pub policy: Policy,
    /// The family after the step.
    pub family: Family,
    /// When it was taken.
    pub at: Timestamp,
}

/// The first step that the database took by itself since the two stores last agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Direct {
    /// Which token was presented.
    pub presented: Generation,
    /// When.
    pub at: Timestamp,
}

/// What an entry does to the database's record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reconciled {
    /// The record takes this family, and with it the two stores agree.
    Agree(Family),
    /// A late retry that the database had not seen: the record takes its stamp.
    Stamp(Family),
    /// The record stays as it is: it knows of the step, or of a later one.
    Keep,
    /// One token was spent in both stores, and not as a retry: the session ends (reuse).
    End,
    /// The session is over already.
    Over,
}

/// Judges an entry against the database's record.
///
/// An entry that goes on from the record, or from beyond it, is taken. One that presented a token
/// which the record has spent is either old news (the record's own past, reported late or twice) or
/// the other half of two histories. In the first case nothing happens. In the second, whichever of the
/// two presentations came later is judged against the record that the earlier one left.
///
/// Which came later is known only where they lie further apart than a reuse interval and than two
/// clocks: a client whose requests meet now one store and now the other has one history, in which
/// the times are out of order by the difference of the clocks.
#[must_use]
pub fn reconcile(record: &Session, direct: Option<Direct>, entry: &Entry) -> Reconciled {
    if record.revoked.is_some() || record.absolute_expires_at <= entry.at {
        return Reconciled::Over;
    }
    if entry.presented >= record.family.generation {
        return Reconciled::Agree(joined(&record.family, &entry.family));
    }
    let apart = entry.policy.reuse_interval.max(CLOCKS_APART);
    let later = |one: Timestamp, other: Timestamp| one.since(other) > apart;
    let (verdict, spent, at) = if later(entry.at, record.family.rotated_at) {
        (
            judge(
                record,
                entry.presented,
                entry.client,
                &entry.policy,
                entry.at,
            ),
            entry.presented,
            entry.at,
        )
    } else if let Some(direct) = direct
        .filter(|direct| later(direct.at, entry.at) && direct.presented < entry.family.generation)
    {
        let earlier = Session {
            family: entry.family,
            ..record.clone()
        };
        (
            judge(
                &earlier,
                direct.presented,
                entry.client,
                &entry.policy,
                direct.at,
            ),
            direct.presented,
            direct.at,
        )
    } else {
        return Reconciled::Keep;
    };
    match verdict {
        Verdict::Reuse => Reconciled::End,
        Verdict::LateRetry => Reconciled::Stamp(late_stamped(&record.family, spent, at)),
        Verdict::Ended(_)
        | Verdict::WrongClient
        | Verdict::Rotate
        | Verdict::Retry
        | Verdict::Heal
        | Verdict::Implausible
        | Verdict::Throttled { .. } => Reconciled::Keep,
    }
}

/// The entry's family, and of what only grows the larger. The budget is the faster store's own
/// account of the steps before.
fn joined(record: &Family, entry: &Family) -> Family {
    let (burst_from, burst_at) = if record.burst_at > entry.burst_at {
        (record.burst_from, record.burst_at)
    } else {
        (entry.burst_from, entry.burst_at)
    };
    Family {
        burst_from,
        burst_at,
        late_at: record.late_at.max(entry.late_at),
        idle_expires_at: record.idle_expires_at.max(entry.idle_expires_at),
        ..*entry
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{
        id::UserId,
        session::{Authentication, EndReason, Origin},
    };

    const T: Timestamp = Timestamp::from_millis(1_760_000_000_000);
    const MINUTE: Duration = Duration::from_mins(1);
    const SECOND: Duration = Duration::from_secs(1);

    fn generation(number: u32) -> Generation {
        Generation::new(number).unwrap()
    }

    /// A family at a generation since a moment, with no burst that matters.
    fn family(newest: u32, rotated_at: Timestamp) -> Family {
        Family {
            generation: generation(newest),
            key_id: 1,
            rotated_at,
            budget_at: rotated_at,
            burst_from: generation(newest - 1),
            burst_at: T.minus(100 * MINUTE),
            late_at: Timestamp::default(),
            idle_expires_at: T.plus(1000 * MINUTE),
        }
    }

    fn record(newest: u32, rotated_at: Timestamp) -> Session {
        Session {
            id: SessionId::new(T, [1; 10]),
            user: UserId::new(T, [2; 10]),
            client: ClientId::new(T, [3; 10]),
            scopes: None,
            audiences: Vec::new(),
            authentication: Authentication {
                time: T,
                methods: Vec::new(),
            },
            family: family(newest, rotated_at),
            created_at: T,
            absolute_expires_at: T.plus(2000 * MINUTE),
            revoked: None,
            origin: Origin::default(),
        }
    }

    /// Redis rotated `presented` at a moment.
    fn entry(presented: u32, at: Timestamp) -> Entry {
        Entry {
            digest: SessionDigest([7; 32]),
            session: SessionId::new(T, [1; 10]),
            client: ClientId::new(T, [3; 10]),
            presented: generation(presented),
            policy: Policy {
                reuse_interval: 30 * SECOND,
                late_retry_every: 1440 * MINUTE,
                idle_lifetime: 1000 * MINUTE,
                active_key: 1,
                heal_allowed: true,
            },
            family: family(presented + 1, at),
            at,
        }
    }

    fn direct(presented: u32, at: Timestamp) -> Direct {
        let presented = generation(presented);
        Direct { presented, at }
    }

    #[test]
    fn what_goes_on_from_the_record_or_beyond_it_is_taken() {
        for presented in [5, 9] {
            let entry = entry(presented, T.plus(MINUTE));
            let agreed = Reconciled::Agree(entry.family);
            assert_eq!(reconcile(&record(5, T), Some(direct(4, T)), &entry), agreed);
        }
        let mut late = record(5, T);
        late.family.late_at = T;
        let Reconciled::Agree(family) = reconcile(&late, None, &entry(5, T.plus(MINUTE))) else {
            panic!("not taken");
        };
        assert_eq!((family.late_at, family.generation), (T, generation(6)));
    }

    #[test]
    fn old_news_of_the_records_own_past_changes_nothing() {
        let record = record(7, T.plus(10 * MINUTE));
        assert_eq!(reconcile(&record, None, &entry(5, T)), Reconciled::Keep);
        // Reported twice, in strict mode too.
        let mut twice = entry(6, record.family.rotated_at);
        twice.policy.reuse_interval = Duration::ZERO;
        assert_eq!(reconcile(&record, None, &twice), Reconciled::Keep);
        // The client went on from Redis to the database.
        let went_on = direct(6, T.plus(5 * MINUTE));
        assert_eq!(
            reconcile(&record, Some(went_on), &entry(5, T)),
            Reconciled::Keep
        );
    }

    #[test]
    fn a_token_that_the_database_saw_spent_ends_the_session() {
        let record = record(7, T);
        let late = entry(5, T.plus(MINUTE));
        assert_eq!(reconcile(&record, None, &late), Reconciled::End);
        let Reconciled::Stamp(family) = reconcile(&record, None, &entry(6, T.plus(MINUTE))) else {
            panic!("not a late retry");
        };
        assert_eq!(
            family,
            late_stamped(&record.family, generation(6), T.plus(MINUTE))
        );
        let retry = entry(6, T.plus(SECOND));
        assert_eq!(reconcile(&record, None, &retry), Reconciled::Keep);
        let mut strict = entry(6, T.plus(6 * SECOND));
        strict.policy.reuse_interval = Duration::ZERO;
        assert_eq!(reconcile(&record, None, &strict), Reconciled::End);
    }

    #[test]
    fn the_clocks_of_two_stores_do_not_make_reuse_of_one_history() {
        for (interval, apart) in [(30, 30), (0, 5)] {
            // Redis took the first step, the database those after it, by a clock that is behind.
            let record = record(8, T);
            let mut first = entry(5, T.plus(apart * SECOND));
            first.policy.reuse_interval = interval * SECOND;
            let went_on = direct(6, T.minus(SECOND));
            assert_eq!(reconcile(&record, Some(went_on), &first), Reconciled::Keep);
            // The database took the steps before and after it, by a clock that is ahead.
            let mut between = entry(6, T);
            between.policy.reuse_interval = interval * SECOND;
            let began = direct(5, T.plus(apart * SECOND));
            assert_eq!(reconcile(&record, Some(began), &between), Reconciled::Keep);
        }
    }

    #[test]
    fn the_budget_is_of_one_clock() {
        // The record's is from before the clock of Redis was set back by an hour.
        let before = record(5, T.plus(60 * MINUTE));
        let Reconciled::Agree(family) = reconcile(&before, None, &entry(5, T)) else {
            panic!("not taken");
        };
        assert_eq!((family.rotated_at, family.budget_at), (T, T));
    }

    #[test]
    fn a_token_that_redis_saw_spent_first_ends_the_session() {
        let mut record = record(8, T.plus(3 * MINUTE));
        let earlier = entry(6, T);
        let spent = direct(5, T.plus(MINUTE));
        assert_eq!(reconcile(&record, Some(spent), &earlier), Reconciled::End);
        let retried = direct(6, T.plus(SECOND));
        assert_eq!(
            reconcile(&record, Some(retried), &earlier),
            Reconciled::Keep
        );
        let slept = direct(6, T.plus(MINUTE));
        let stamped = late_stamped(&record.family, generation(6), T.plus(MINUTE));
        assert_eq!(
            reconcile(&record, Some(slept), &earlier),
            Reconciled::Stamp(stamped)
        );
        record.revoked = Some(EndReason::Logout);
        assert_eq!(reconcile(&record, Some(slept), &earlier), Reconciled::Over);
    }
}
