//! Slows down the guessing of passwords before any work is done on them; never locks.
//!
//! Three counts, each before the hash: of a name from an address (a delay that grows), of a name
//! from everywhere (so that many addresses together stay slow), of an address over all names. An
//! attempt counts as failed until it has succeeded, so a hundred at once cannot pass together. A
//! name that logged in from an address before is spared the second count there: a stranger who
//! guesses at it elsewhere does not keep its owner out. Names known and unknown count alike.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::model::time::{Clock, Timestamp};

/// Failures of a name from one address before it must wait.
const FREE_FAILURES: u32 = 10;
/// Failures of a name from all addresses before it must wait (NIST SP 800-63B-4 §3.2.2: at most
/// 100 in a row).
const FREE_FAILURES_EVERYWHERE: u32 = 100;
/// Failures of an address over all names before it must wait.
const FREE_FAILURES_OF_ADDRESS: u32 = 200;
/// The longest wait.
const LONGEST_DELAY: Duration = Duration::from_mins(1);
/// How long failures are remembered after the last.
const WINDOW: Duration = Duration::from_mins(15);
/// How long a name is known at an address.
const KNOWN_FOR: Duration = Duration::from_hours(30 * 24);
/// How many entries each count holds at most.
const CAPACITY: usize = 65_536;

/// A name as the throttle knows it: its pseudonym, since people type passwords into name fields.
type Name = Arc<str>;

/// What is left of a quota, for the `RateLimit` fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// How many attempts there are in a window.
    pub quota: u32,
    /// How long the window is.
    pub window: Duration,
    /// How many are left.
    pub remaining: u32,
    /// How long until there are more.
    pub reset: Duration,
}

impl RateLimit {
    /// A quota of which nothing is used yet.
    #[must_use]
    pub const fn untouched() -> Self {
        Self {
            quota: FREE_FAILURES,
            window: WINDOW,
            remaining: FREE_FAILURES,
            reset: WINDOW,
        }
    }
}

/// Counts the attempts to log in.
pub struct Throttle {
    clock: Arc<dyn Clock>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    pairs: Failures<(Name, IpAddr)>,
    names: Failures<Name>,
    addresses: Failures<IpAddr>,
    known: HashMap<(Name, IpAddr), Timestamp>,
}

/// An attempt under way: failed, unless it is said to have succeeded.
pub struct Attempt<'a> {
    throttle: &'a Throttle,
    name: Name,
    address: IpAddr,
    /// What is left for this name from this address.
    pub limit: RateLimit,
}

impl Throttle {
    /// A throttle that has seen nothing.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            counts: Mutex::default(),
        }
    }

    /// Counts an attempt, or says how long to wait before the next.
    pub fn begin(&self, name: &str, address: IpAddr) -> Result<Attempt<'_>, RateLimit> {
        let now = self.clock.now();
        let address = prefix(address);
        let name = Name::from(name);
        let pair = (name.clone(), address);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = counts.known.get(&pair).is_some_and(|until| now < *until);
        let mut wait = counts
            .pairs
            .wait(&pair, now)
            .max(counts.addresses.wait(&address, now));
        if !known {
            wait = wait.max(counts.names.wait(&name, now));
        }
        if !wait.is_zero() {
            return Err(RateLimit {
                remaining: 0,
                reset: wait,
                ..RateLimit::untouched()
            });
        }
        let failures = counts.pairs.count(pair, now, FREE_FAILURES);
        counts
            .addresses
            .count(address, now, FREE_FAILURES_OF_ADDRESS);
        if !known {
            counts
                .names
                .count(name.clone(), now, FREE_FAILURES_EVERYWHERE);
        }
        let remaining = FREE_FAILURES.saturating_sub(failures);
        let limit = RateLimit {
            remaining,
            ..RateLimit::untouched()
        };
        Ok(Attempt {
            throttle: self,
            name,
            address,
            limit,
        })
    }
}

impl Attempt<'_> {
    /// The password was right: forgets the failures of this name, and knows it at this address.
    pub fn succeeded(self) {
        let now = self.throttle.clock.now();
        let mut counts = self
            .throttle
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let pair = (self.name.clone(), self.address);
        counts.pairs.forget(&pair);
        counts.names.forget(&self.name);
        counts.addresses.forgive(&self.address);
        if counts.known.len() >= CAPACITY {
            counts.known.retain(|_, until| now < *until);
            if counts.known.len() >= CAPACITY {
                counts.known.clear();
            }
        }
        counts.known.insert(pair, now.plus(KNOWN_FOR));
    }
}

/// The failures in a row of each key.
struct Failures<K> {
    entries: HashMap<K, Entry>,
}

struct Entry {
    failures: u32,
    last: Timestamp,
    blocked_until: Timestamp,
}

impl<K> Default for Failures<K> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
        }
    }
}

impl<K: Eq + Hash + Clone> Failures<K> {
    fn wait(&self, key: &K, now: Timestamp) -> Duration {
        self.entries
            .get(key)
            .map_or(Duration::ZERO, |entry| entry.blocked_until.since(now))
    }

    /// Counts one more and returns how many there are.
    fn count(&mut self, key: K, now: Timestamp, free: u32) -> u32 {
        self.make_room(now);
        let entry = self.entries.entry(key).or_insert(Entry {
            failures: 0,
            last: now,
            blocked_until: now,
        });
        if now.since(entry.last) > WINDOW {
            entry.failures = 0;
        }
        entry.failures = entry.failures.saturating_add(1);
        entry.last = now;
        if let Some(beyond) = entry.failures.checked_sub(free) {
            let delay = Duration::from_secs(1 << beyond.min(6)).min(LONGEST_DELAY);
            entry.blocked_until = now.plus(delay);
        }
        entry.failures
    }

    fn forget(&mut self, key: &K) {
        self.entries.remove(key);
    }

    /// Takes the newest failure back.
    fn forgive(&mut self, key: &K) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.failures = entry.failures.saturating_sub(1);
        }
    }

    /// Drops what is out of its window, then the longest quiet half, so that memory is bounded.
    fn make_room(&mut self, now: Timestamp) {
        if self.entries.len() < CAPACITY {
            return;
        }
        self.entries
            .retain(|_, entry| now.since(entry.last) <= WINDOW);
        if self.entries.len() < CAPACITY {
            return;
        }
        let mut quiet: Vec<_> = self
            .entries
            .iter()
            .map(|(key, e)| (e.last, key.clone()))
            .collect();
        quiet.sort_unstable_by_key(|(last, _)| *last);
        for (_, key) in quiet.drain(..CAPACITY / 2) {
            self.entries.remove(&key);
        }
    }
}

/// One household or host: an IPv4 address, or an IPv6 /64.
fn prefix(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let network = u128::from(v6) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Still(Mutex<Timestamp>);

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }
    }

    impl Still {
        fn advance(&self, by: Duration) {
            let mut now = self.0.lock().unwrap();
            *now = now.plus(by);
        }
    }

    fn throttle() -> (Arc<Still>, Throttle) {
        let clock = Arc::new(Still(Mutex::new(Timestamp::from_seconds(1_000_000))));
        (clock.clone(), Throttle::new(clock))
    }

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const ADA: &str = "ada";

    fn stranger(n: u32) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::from(0x0A00_0000 + n))
    }

    #[test]
    fn delays_grow_and_are_bounded() {
        let (clock, throttle) = throttle();
        for left in (0..FREE_FAILURES).rev() {
            assert_eq!(
                throttle.begin(ADA, HOME).ok().unwrap().limit.remaining,
                left
            );
        }
        let mut waits = Vec::new();
        for _ in 0..9 {
            let wait = throttle.begin(ADA, HOME).err().unwrap().reset;
            waits.push(wait.as_secs());
            clock.advance(wait);
            assert!(throttle.begin(ADA, HOME).is_ok());
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn success_resets_and_its_owner_is_not_kept_out_by_strangers() {
        let (_, throttle) = throttle();
        throttle.begin(ADA, HOME).ok().unwrap().succeeded();
        for n in 0..FREE_FAILURES_EVERYWHERE {
            assert!(throttle.begin(ADA, stranger(n)).is_ok());
        }
        assert!(
            throttle.begin(ADA, stranger(5_000)).is_err(),
            "many addresses together wait"
        );
        let attempt = throttle.begin(ADA, HOME).ok().unwrap();
        assert_eq!(attempt.limit.remaining, FREE_FAILURES - 1);
    }

    #[test]
    fn an_address_waits_whatever_the_names() {
        let (_, throttle) = throttle();
        let net = |host: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host));
        for n in 0..u16::try_from(FREE_FAILURES_OF_ADDRESS).unwrap() {
            let name = n.to_string();
            assert!(
                throttle.begin(&name, net(n)).is_ok(),
                "{n}: a /64 counts as one"
            );
        }
        assert!(throttle.begin(ADA, net(1)).is_err());
    }

    #[test]
    fn memory_is_bounded() {
        let (clock, throttle) = throttle();
        for n in 0..200_000_u32 {
            let name = n.to_string();
            let _ = throttle.begin(&name, stranger(n));
            clock.advance(Duration::from_millis(1));
        }
        let counts = throttle.counts.lock().unwrap();
        assert!(counts.pairs.entries.len() <= CAPACITY && counts.names.entries.len() <= CAPACITY);
    }
}
