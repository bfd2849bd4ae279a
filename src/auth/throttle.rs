//! Slows down the guessing of passwords before any work is done on them; never locks.
//!
//! Three counts, each before the hash: of a name from an address (a delay that grows), of a name
//! from everywhere (so that many addresses together stay slow), of an address over all names (a
//! leaky bucket, which a busy office does not fill). An attempt counts as failed until it has
//! succeeded, so a hundred at once cannot pass together. A name that logged in from an address
//! before is spared the last two counts there: strangers who guess, at it elsewhere or at others
//! beside it, do not keep its owner out. Names known and unknown count alike.

pub(super) mod failures;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use failures::{Bucket, Failures, make_room};

use crate::model::{
    network::network,
    time::{Clock, Timestamp},
};

/// Failures of a name from one address before it must wait.
const FREE_FAILURES: u32 = 10;
/// Failures of a name from all addresses before it must wait: an account has two names at most, and
/// may be guessed at 100 times in a row at most (NIST SP 800-63B-4 §3.2.2).
const FREE_FAILURES_EVERYWHERE: u32 = 50;
/// Failures of an address over all names that it may have at once.
const ADDRESS_BURST: u32 = 200;
/// How long an address takes to be forgiven one.
const ADDRESS_FORGIVES: Duration = Duration::from_secs(10);
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

struct Counts {
    pairs: Failures<(Name, IpAddr)>,
    names: Failures<Name>,
    addresses: Bucket<IpAddr>,
    known: HashMap<(Name, IpAddr), Timestamp>,
}

/// An attempt under way: failed, unless it is said to have ended otherwise.
pub struct Attempt<'a> {
    throttle: &'a Throttle,
    name: Name,
    address: IpAddr,
    known: bool,
    /// What is left for this name from this address.
    pub limit: RateLimit,
}

impl Throttle {
    /// A throttle that has seen nothing.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let counts = Counts {
            pairs: Failures::new(FREE_FAILURES),
            names: Failures::new(FREE_FAILURES_EVERYWHERE),
            addresses: Bucket::new(ADDRESS_BURST, ADDRESS_FORGIVES),
            known: HashMap::new(),
        };
        Self {
            clock,
            counts: Mutex::new(counts),
        }
    }

    /// Counts an attempt, or says how long to wait before the next.
    pub fn begin(&self, name: &str, address: IpAddr) -> Result<Attempt<'_>, RateLimit> {
        let now = self.clock.now();
        let (name, address) = (Name::from(name), network(address));
        let pair = (name.clone(), address);
        let mut counts = self.lock();
        let known = counts.known.get(&pair).is_some_and(|until| now < *until);
        let mut wait = counts.pairs.wait(&pair, now);
        if !known {
            let elsewhere = counts.names.wait(&name, now);
            wait = wait
                .max(elsewhere)
                .max(counts.addresses.wait(&address, now));
        }
        if !wait.is_zero() {
            return Err(RateLimit {
                remaining: 0,
                reset: wait,
                ..RateLimit::untouched()
            });
        }
        let failures = counts.pairs.count(pair, now);
        if !known {
            counts.addresses.count(address, now);
            counts.names.count(name.clone(), now);
        }
        let limit = RateLimit {
            remaining: FREE_FAILURES.saturating_sub(failures),
            ..RateLimit::untouched()
        };
        Ok(Attempt {
            throttle: self,
            name,
            address,
            known,
            limit,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// The password was right: forgets the failures of this name, and knows it at this address.
    pub fn succeeded(self) {
        let now = self.throttle.clock.now();
        let pair = (self.name.clone(), self.address);
        let mut counts = self.throttle.lock();
        counts.pairs.forget(&pair);
        counts.names.forget(&self.name);
        if !self.known {
            counts.addresses.forgive(&self.address);
        }
        make_room(&mut counts.known, |until| *until, |until| *until <= now);
        counts.known.insert(pair, now.plus(KNOWN_FOR));
    }

    /// Nobody looked at the password, because of trouble of ours: it does not count.
    pub fn abandoned(self) {
        let mut counts = self.throttle.lock();
        counts.pairs.forgive(&(self.name.clone(), self.address));
        if !self.known {
            counts.names.forgive(&self.name);
            counts.addresses.forgive(&self.address);
        }
    }
}

#[cfg(test)]
mod tests;
