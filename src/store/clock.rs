//! The system's clock, the one place that reads it.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::model::time::{Clock, Timestamp, millis};

/// The system's clock plus how far the database's is ahead of it; never backwards.
#[derive(Debug, Default)]
pub struct SystemClock {
    offset: AtomicI64,
    latest: AtomicI64,
}

impl SystemClock {
    /// The system's clock as it is.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let read = system_millis().saturating_add(self.offset.load(Ordering::Relaxed));
        let before = self.latest.fetch_max(read, Ordering::Relaxed);
        Timestamp::from_millis(read.max(before))
    }

    fn follow(&self, store: Timestamp) -> i64 {
        let offset = store.millis().saturating_sub(system_millis());
        self.offset.store(offset, Ordering::Relaxed);
        offset
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
}
