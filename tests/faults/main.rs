//! Two real nodes, a real PostgreSQL and a real Redis, and what happens to them in schedules that
//! are drawn from seeds, while people with several tabs, and thieves, go on refreshing.
//!
//! `SIGNET_SEED=7 cargo test --test faults` runs one schedule, `SIGNET_SEED=200..400` other ones.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod law;
mod people;
#[path = "../processes/mod.rs"]
mod processes;
#[path = "../simulation/random.rs"]
#[expect(dead_code, reason = "the simulation uses it all")]
mod random;
mod schedule;
#[path = "../servers/mod.rs"]
mod servers;
mod world;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Builder;
use world::World;

const SEEDS: Range<u64> = 0..200;
/// The reuse interval of the worlds: those of odd seeds have the shortest that there is, so that
/// trouble can outlast it and a thief be found out.
const INTERVALS: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(5)];
/// Worlds of each kind that run at the same time, each with servers of its own.
const WORLDS: usize = 3;

#[test]
fn the_promises_hold_in_every_schedule() {
    let queues = INTERVALS.map(|_| Mutex::new(VecDeque::new()));
    for seed in seeds() {
        queues[kind(seed)].lock().unwrap().push_back(seed);
    }
    std::thread::scope(|threads| {
        for (queue, interval) in queues.iter().zip(INTERVALS) {
            for _ in 0..WORLDS.min(queue.lock().unwrap().len()) {
                threads.spawn(move || work_off(queue, interval));
            }
        }
    });
}

fn seeds() -> Range<u64> {
    let Ok(wanted) = std::env::var("SIGNET_SEED") else {
        return SEEDS;
    };
    let (first, end) = wanted.split_once("..").unwrap_or((&wanted, ""));
    let first = first.parse().unwrap();
    first..end.parse().unwrap_or(first + 1)
}

fn kind(seed: u64) -> usize {
    usize::from(seed % 2 == 1)
}

/// Runs schedules in a world until there are no more, or one of them has failed.
fn work_off(queue: &Mutex<VecDeque<u64>>, interval: Duration) {
    struct Stop<'q>(&'q Mutex<VecDeque<u64>>);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clear();
        }
    }
    let _stop = Stop(queue);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::begin(interval).await;
        loop {
            let next = queue.lock().unwrap().pop_front();
            let Some(seed) = next else { return };
            world.run(seed).await;
        }
    });
}
