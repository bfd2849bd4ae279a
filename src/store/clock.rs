//! The system's clocks, the one place that reads them: the one that is set, and the one that runs.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::model::time::{Clock, Timestamp, millis};

/// The system's clock plus how far the database's is ahead of it; never backwards.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
    offset: AtomicI64,
    course: Course,
}

impl SystemClock {
    /// The system's clock as it is.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            offset: AtomicI64::default(),
            course: Course::default(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let steady = millis(self.steady());
        let read = system_millis().saturating_add(self.offset.load(Ordering::Relaxed));
        Timestamp::from_millis(self.course.keep(read, steady))
    }

    fn steady(&self) -> Duration {
        self.start.elapsed()
    }

    fn follow(&self, store: Timestamp) -> i64 {
        let offset = store.millis().saturating_sub(system_millis());
        self.offset.store(offset, Ordering::Relaxed);
        offset
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
}
