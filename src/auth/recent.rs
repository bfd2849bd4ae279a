//! What was read a moment ago, so that what is asked often needs no I/O.
//!
//! Bounded in number and in age. The change log says what to forget before its time; a reading that
//! such a row overtook is not kept.

use std::{
    hash::Hash,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use quick_cache::{Equivalent, sync::Cache};

use crate::model::time::Timestamp;

/// How long something is taken as read, whatever the change log says.
const LIFETIME: Duration = Duration::from_mins(1);

/// Values that were read from the store, under their keys.
pub(super) struct Recent<K, V> {
    entries: Cache<K, (Timestamp, V)>,
    /// How often something was forgotten.
    forgotten: AtomicU64,
}

/// A reading of the store that has begun: what is forgotten meanwhile may be what it reads.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    began_at: Timestamp,
    forgotten: u64,
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    /// Keeps `capacity` values at most.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            entries: Cache::new(capacity),
            forgotten: AtomicU64::new(0),
        }
    }

    /// The value, if it was read within the lifetime.
    pub(super) fn get<Q>(&self, key: &Q, now: Timestamp) -> Option<V>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let (read_at, value) = self.entries.get(key)?;
        (now.since(read_at) < LIFETIME).then_some(value)
    }

    /// To be said before the store is asked.
    pub(super) fn reading(&self, now: Timestamp) -> Reading {
        Reading {
            began_at: now,
            forgotten: self.forgotten.load(Ordering::SeqCst),
        }
    }

    /// Keeps what was read, unless something was forgotten since the reading began.
    pub(super) fn keep(&self, reading: Reading, key: &K, value: V) {
        self.entries.insert(key.clone(), (reading.began_at, value));
        // Looked at when the value can be found: whoever forgets from now on finds it too.
        if self.forgotten.load(Ordering::SeqCst) != reading.forgotten {
            self.entries.remove(key);
        }
    }

    /// Forgets a value.
    pub(super) fn forget<Q>(&self, key: &Q)
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.entries.remove(key);
    }

    /// Forgets all values.
    pub(super) fn clear(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn recent() -> Recent<u8, &'static str> {
        Recent::new(8)
    }

    #[test]
    fn a_value_is_kept_for_a_minute() {
        let recent = recent();
        recent.keep(recent.reading(NOW), &1, "one");
        assert_eq!(recent.get(&1, NOW), Some("one"));
        assert_eq!(recent.get(&1, NOW.plus(LIFETIME)), None);
        assert_eq!(recent.get(&2, NOW), None);
    }

    #[test]
    fn what_is_forgotten_is_gone_whenever_it_was_read() {
        let recent = recent();
        recent.keep(recent.reading(NOW), &1, "one");
        recent.forget(&1);
        assert_eq!(recent.get(&1, NOW), None);
        // Read before the change was known, kept after it.
        let reading = recent.reading(NOW);
        recent.forget(&1);
        recent.keep(reading, &1, "old");
        assert_eq!(recent.get(&1, NOW), None);
        let reading = recent.reading(NOW);
        recent.clear();
        recent.keep(reading, &2, "old");
        assert_eq!(recent.get(&2, NOW), None);
    }

    #[test]
    fn there_are_never_more_than_fit() {
        let recent = Recent::new(64);
        for key in 0..10_000_u16 {
            recent.keep(recent.reading(NOW), &key, ());
        }
        assert!(recent.entries.len() <= 64);
    }
}
