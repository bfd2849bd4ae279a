//! A world without I/O or real time, in which the product's own rule and journal meet what
//! infrastructure, browsers and thieves do, in schedules that are drawn from seeds.
//!
//! `SIGNET_SEED=… cargo test --test simulation` shows one schedule.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod happen;
mod law;
mod node;
mod people;
mod random;
mod redis;
mod refresh;
mod schedule;
mod setup;
mod sql;
mod truth;
mod upkeep;
mod words;
mod world;

use schedule::{Event, Schedule};
use setup::{Flaw, Setup};
use world::World;

const SCHEDULES: u64 = 100_000;

/// Runs events; what was violated, if anything.
fn violation(setup: &Setup, events: &[Event]) -> Option<String> {
    let mut world = World::new(setup.clone(), false);
    run(&mut world, events);
    world.violation
}

fn run(world: &mut World, events: &[Event]) {
    for event in events {
        world.happen(*event);
        if world.violation.is_some() {
            return;
        }
    }
    world.settle();
}

/// The shortest part of a schedule that violates the same, in words.
fn told(setup: &Setup, events: &[Event], promise: &str) -> String {
    let mut events = events.to_vec();
    let mut chunk = events.len();
    while chunk > 0 {
        let mut at = 0;
        while at < events.len() {
            let mut fewer = events.clone();
            fewer.drain(at..(at + chunk).min(fewer.len()));
            if violation(setup, &fewer).as_deref() == Some(promise) {
                events = fewer;
            } else {
                at += chunk;
            }
        }
        chunk = if chunk == 1 { 0 } else { chunk.div_ceil(2) };
    }
    let mut world = World::new(setup.clone(), true);
    run(&mut world, &events);
    let mut history = world.history.unwrap();
    let end = history.iter().position(|line| line.contains("VIOLATION"));
    history.truncate(end.map_or(history.len(), |end| end + 1));
    format!("{setup:?}\n{}", history.join("\n"))
}

fn hold(seed: u64, flaw: Option<Flaw>) -> Result<(), String> {
    let Schedule { setup, events } = Schedule::draw(seed, flaw);
    match violation(&setup, &events) {
        None => Ok(()),
        Some(promise) => {
            let told = told(&setup, &events, &promise);
            Err(format!("seed {seed}: not held: {promise}\n{told}"))
        }
    }
}

/// The seed of the one schedule to look at, if any.
fn wanted_seed() -> Option<u64> {
    std::env::var("SIGNET_SEED").ok()?.parse().ok()
}

#[test]
fn the_promises_hold_in_every_schedule() {
    let seeds = wanted_seed().map_or(0..SCHEDULES, |seed| seed..seed + 1);
    for seed in seeds {
        hold(seed, None).unwrap_or_else(|told| panic!("{told}"));
    }
}

/// A simulation that finds nothing proves nothing: each part of the design that is broken on
/// purpose is found out.
#[test]
fn each_flaw_is_found() {
    for (flaw, promise) in Flaw::ALL {
        let found = (0..SCHEDULES).find_map(|seed| hold(seed, Some(*flaw)).err());
        let told = found.unwrap_or_else(|| panic!("{flaw:?} is not found"));
        assert!(told.contains(promise), "{flaw:?}: {told}");
    }
}
