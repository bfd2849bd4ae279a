use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use signet::model::time::{Clock, Timestamp, millis};

/// Stands still until a test moves it.
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    /// Noon of a day in June.
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(1_780_315_200_000))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(millis(by), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
