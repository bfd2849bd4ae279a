use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use signet::model::time::{Clock, Timestamp, millis};

use crate::servers::Clocks;

/// Noon of a day in June.
pub(super) const START: i64 = 1_780_315_200_000;

/// Stands still until a test moves it.
pub(crate) struct ManualClock {
    millis: AtomicI64,
    /// Those of servers show the same.
    servers: Clocks,
}

impl ManualClock {
    pub(crate) fn new(servers: Clocks) -> Self {
        Self {
            millis: AtomicI64::new(START),
            servers,
        }
    }

    pub(crate) fn advance(&self, by: Duration) {
        let by = millis(by);
        let now = self.millis.fetch_add(by, Ordering::SeqCst) + by;
        self.servers.set(now);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis.load(Ordering::SeqCst))
    }
}
