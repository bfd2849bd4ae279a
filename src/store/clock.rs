//! The system's clock, in the one place that reads it, and kept from going back by the one that runs.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::model::time::{Clock, Timestamp, millis};

/// How long what the database's clock showed counts, in milliseconds: it is asked twice a second.
const FOLLOWED_FOR: i64 = 10_000;

/// The database's clock, as it was last seen and has gone on since; where it was not seen lately, or
/// is no other's, the system's clock plus how far the database's was ahead of it. Never backwards.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
    /// By how many milliseconds the database's clock is ahead of the system's,
    offset: AtomicI64,
    /// and of the time that has passed since the start.
    lead: AtomicI64,
    /// When that was seen.
    followed_at: AtomicI64,
    course: Course,
}

impl SystemClock {
    /// The system's clock as it is.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            offset: AtomicI64::default(),
            lead: AtomicI64::default(),
            followed_at: AtomicI64::new(-FOLLOWED_FOR),
            course: Course::default(),
        }
    }

    /// What to show where the system's clock shows `system` and `steady` has passed. The system's
    /// may be set by an hour between two looks at the database's: that is no reason to go astray.
    fn show(&self, system: i64, steady: i64) -> i64 {
        let followed = steady - self.followed_at.load(Ordering::Relaxed) < FOLLOWED_FOR;
        let read = if followed {
            steady.saturating_add(self.lead.load(Ordering::Relaxed))
        } else {
            system.saturating_add(self.offset.load(Ordering::Relaxed))
        };
        self.course.keep(read, steady)
    }

    fn follow_from(&self, store: i64, system: i64, steady: i64) -> i64 {
        let offset = store.saturating_sub(system);
        self.offset.store(offset, Ordering::Relaxed);
        let lead = store.saturating_sub(steady);
        self.lead.store(lead, Ordering::Relaxed);
        self.followed_at.store(steady, Ordering::Relaxed);
        offset
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.show(system_millis(), millis(self.steady())))
    }

    fn steady(&self) -> Duration {
        self.start.elapsed()
    }

    fn follow(&self, store: Timestamp) -> i64 {
        self.follow_from(store.millis(), system_millis(), millis(self.steady()))
    }
}

/// What has been shown so far. A clock that is set back goes on at half its speed until it is
/// right: if it stood still instead, nothing would expire and nobody who waits be let in.
#[derive(Debug)]
struct Course {
    /// By how much what was shown was ahead of half the time that had passed, at most.
    lead: AtomicI64,
    latest: AtomicI64,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            lead: AtomicI64::new(i64::MIN),
            latest: AtomicI64::new(i64::MIN),
        }
    }
}

impl Course {
    /// What to show where the clock reads `read` and `steady` has passed; both in milliseconds.
    fn keep(&self, read: i64, steady: i64) -> i64 {
        let half = steady / 2;
        let lead = read.saturating_sub(half);
        let lead = self.lead.fetch_max(lead, Ordering::Relaxed).max(lead);
        let shown = lead.saturating_add(half);
        self.latest.fetch_max(shown, Ordering::Relaxed).max(shown)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one home of the system's clock"
)]
fn system_millis() -> i64 {
    let now = SystemTime::now();
    // A clock before 1970 is taken as 1970: everything would be expired, nothing valid too long.
    millis(now.duration_since(UNIX_EPOCH).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_the_database_but_never_goes_back() {
        let clock = SystemClock::new();
        let before = clock.now();
        clock.follow(Timestamp::from_millis(before.millis() + 60_000));
        let ahead = clock.now();
        assert!(ahead.since(before).as_millis() >= 59_000);
        clock.follow(before);
        assert!(clock.now() >= ahead);
    }

    #[test]
    fn a_clock_that_is_right_is_shown_as_it_is() {
        let course = Course::default();
        for passed in [0, 1, 2, 500, 501, 90_000_000] {
            assert_eq!(course.keep(1_000_000 + passed, passed), 1_000_000 + passed);
        }
        // Set forward, it is right from then on.
        assert_eq!(course.keep(200_000_000, 90_000_001), 200_000_000);
    }

    #[test]
    fn set_back_it_goes_half_as_fast_until_it_is_right() {
        let course = Course::default();
        let set_back = 7_200_000;
        assert_eq!(course.keep(10_000_000, 0), 10_000_000);
        for passed in (1_000..14_400_000).step_by(1_000) {
            let shown = course.keep(10_000_000 - set_back + passed, passed);
            assert_eq!(shown, 10_000_000 + passed / 2);
        }
        let right = 10_000_000 - set_back + 14_400_000;
        assert_eq!(course.keep(right, 14_400_000), right);
        assert_eq!(course.keep(right + 1_000, 14_401_000), right + 1_000);
    }

    const HOUR: i64 = 3_600_000;

    /// A clock that runs ahead makes tokens of the future.
    #[test]
    fn ob_06_set_forward_between_two_looks_at_the_database_it_does_not_go_ahead() {
        let clock = SystemClock::new();
        clock.follow_from(1_000_000, 1_000_000, 0);
        assert_eq!(clock.show(1_000_100, 100), 1_000_100);
        assert_eq!(clock.show(1_000_200 + HOUR, 200), 1_000_200);
        clock.follow_from(1_000_500, 1_000_500 + HOUR, 500);
        assert_eq!(clock.show(1_000_600 + HOUR, 600), 1_000_600);
        // Where the database is not seen for long, the system's clock and what was known of it count.
        assert_eq!(clock.show(1_020_000 + HOUR, 20_000), 1_020_000);
    }

    /// A clock that goes back has what was over begin again.
    #[test]
    fn ob_06_set_back_it_does_not_go_back() {
        let clock = SystemClock::new();
        clock.follow_from(1_000_000, 1_000_000, 0);
        assert_eq!(clock.show(1_000_200 - HOUR, 200), 1_000_200);
        // Without a database beside it the system's clock is all there is: it slows down.
        let alone = SystemClock::new();
        assert_eq!(alone.show(1_000_000, 0), 1_000_000);
        assert_eq!(alone.show(1_001_000 - HOUR, 1_000), 1_000_500);
    }
}
