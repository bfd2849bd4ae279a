use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use signet::model::time::{Clock, Timestamp, millis};

use crate::servers::set_clock;

/// Noon of a day in June.
pub(super) const START: i64 = 1_780_315_200_000;

/// Stands still until a test moves it.
pub(crate) struct ManualClock {
    millis: AtomicI64,
    /// The clock of the database, where it has its own; shows the same.
    database: Option<PathBuf>,
}

impl ManualClock {
    pub(crate) fn new(database: Option<PathBuf>) -> Self {
        Self {
            millis: AtomicI64::new(START),
            database,
        }
    }

    pub(crate) fn advance(&self, by: Duration) {
        let by = millis(by);
        let now = self.millis.fetch_add(by, Ordering::SeqCst) + by;
        if let Some(file) = &self.database {
            set_clock(file, now);
        }
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis.load(Ordering::SeqCst))
    }
}
