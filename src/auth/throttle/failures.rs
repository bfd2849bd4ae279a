//! Counts with a bounded memory: failures in a row, and a leaky bucket.

use std::{collections::HashMap, hash::Hash, time::Duration};

use super::{CAPACITY, WINDOW};
use crate::model::time::Timestamp;

/// The longest wait.
const LONGEST_DELAY: Duration = Duration::from_mins(1);

/// The failures in a row of each key, and the growing wait after too many.
pub(super) struct Failures<K> {
    free: u32,
    entries: HashMap<K, InARow>,
}

struct InARow {
    failures: u32,
    last: Timestamp,
    blocked_until: Timestamp,
}

impl<K: Eq + Hash + Clone> Failures<K> {
    /// No failures yet; `free` of them cost no wait.
    pub(super) fn new(free: u32) -> Self {
        Self {
            free,
            entries: HashMap::new(),
        }
    }

    /// How long the key must wait.
    pub(super) fn wait(&self, key: &K, now: Timestamp) -> Duration {
        let entry = self.entries.get(key);
        entry.map_or(Duration::ZERO, |entry| entry.blocked_until.since(now))
    }

    /// Counts one more, and returns how many there are.
    pub(super) fn count(&mut self, key: K, now: Timestamp) -> u32 {
        make_room(
            &mut self.entries,
            |entry| entry.last,
            |entry| now.since(entry.last) > WINDOW,
        );
        let entry = self.entries.entry(key).or_insert(InARow {
            failures: 0,
            last: now,
            blocked_until: now,
        });
        if now.since(entry.last) > WINDOW {
            entry.failures = 0;
        }
        entry.failures = entry.failures.saturating_add(1);
        entry.last = now;
        if let Some(beyond) = entry.failures.checked_sub(self.free) {
            let delay = Duration::from_secs(1 << beyond.min(6)).min(LONGEST_DELAY);
            entry.blocked_until = now.plus(delay);
        }
        entry.failures
    }

    /// Forgets all failures of the key.
    pub(super) fn forget(&mut self, key: &K) {
        self.entries.remove(key);
    }

    /// Takes the newest failure back, and the wait that it brought.
    pub(super) fn forgive(&mut self, key: &K) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.failures = entry.failures.saturating_sub(1);
            entry.blocked_until = entry.last;
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

/// A leaky bucket for each key (GCRA): so many at once, then one each time that one has leaked.
pub(in crate::auth) struct Bucket<K> {
    burst: u32,
    leak: Duration,
    /// When the bucket will be empty.
    entries: HashMap<K, Timestamp>,
}

impl<K: Eq + Hash + Clone> Bucket<K> {
    /// Empty buckets that hold `burst`, and leak one in each `leak`.
    pub(in crate::auth) fn new(burst: u32, leak: Duration) -> Self {
        Self {
            burst,
            leak,
            entries: HashMap::new(),
        }
    }

    /// How long until there is room for one more.
    pub(in crate::auth) fn wait(&self, key: &K, now: Timestamp) -> Duration {
        let held = self
            .entries
            .get(key)
            .map_or(Duration::ZERO, |empty_at| empty_at.since(now));
        held.saturating_sub(self.leak * (self.burst - 1))
    }

    /// Puts one in.
    pub(in crate::auth) fn count(&mut self, key: K, now: Timestamp) {
        make_room(
            &mut self.entries,
            |empty_at| *empty_at,
            |empty_at| *empty_at <= now,
        );
        let empty_at = self.entries.entry(key).or_insert(now);
        *empty_at = (*empty_at).max(now).plus(self.leak);
    }

    /// Takes one out.
    pub(super) fn forgive(&mut self, key: &K) {
        if let Some(empty_at) = self.entries.get_mut(key) {
            *empty_at = empty_at.minus(self.leak);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

/// Where there is no room, drops what no longer matters, then the half that matters least: memory
/// is bounded.
pub(super) fn make_room<K: Eq + Hash + Clone, E>(
    entries: &mut HashMap<K, E>,
    rank: impl Fn(&E) -> Timestamp,
    is_over: impl Fn(&E) -> bool,
) {
    if entries.len() < CAPACITY {
        return;
    }
    entries.retain(|_, entry| !is_over(entry));
    if entries.len() < CAPACITY {
        return;
    }
    let mut ranked: Vec<_> = entries
        .iter()
        .map(|(key, entry)| (rank(entry), key.clone()))
        .collect();
    ranked.sort_unstable_by_key(|(rank, _)| *rank);
    for (_, key) in ranked.drain(..CAPACITY / 2) {
        entries.remove(&key);
    }
}
