//! A schedule: what happens, in which order, all of it drawn from one seed.

use super::{
    law::{DAY, HOUR, MINUTE, SECOND},
    random::Random,
    setup::{Flaw, Setup},
};

/// Something that happens. Numbers that choose among what there is are taken modulo, so that an
/// event means something wherever it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    /// Time goes by; people whose request was not answered repeat it.
    Wait(i64),
    /// Time goes by, and nobody is awake.
    Sleep(i64),
    /// A tab presents the token that the tabs share.
    Send {
        tab: usize,
        node: usize,
        fate: Fate,
        run: bool,
    },
    /// The other session's holder presents its token.
    Other {
        node: usize,
    },
    /// The thief copies the token that the tabs share.
    Steal,
    /// The thief presents what they hold.
    Thief {
        node: usize,
        run: bool,
    },
    /// A request of a moment ago arrives once more.
    Repeat {
        which: usize,
        node: usize,
    },
    /// The network delivers the answers that it held up.
    Deliver,
    /// One of the things that a node is doing goes on by a step.
    Step(usize),
    /// A node reads the change log, or begins to.
    Poll {
        node: usize,
        run: bool,
    },
    /// A node writes down its journal, or begins to.
    Flush {
        node: usize,
        run: bool,
    },
    /// The holder logs out with the token that the tabs share.
    LogOut {
        node: usize,
        run: bool,
    },
    /// All sessions of the user end, but for the other one perhaps.
    EndAll {
        node: usize,
        except: bool,
    },
    /// What a node next asks of a store goes wrong.
    Trouble {
        redis: bool,
        late: bool,
    },
    /// Something late reaches its store.
    Arrive,
    Cut {
        node: usize,
        redis: bool,
    },
    Mend {
        node: usize,
        redis: bool,
    },
    Kill {
        node: usize,
    },
    Start {
        node: usize,
    },
    RedisStops {
        loses: i64,
    },
    RedisStarts,
    /// Another Redis takes over, which lacks the newest writes.
    RedisFailsOver {
        loses: i64,
    },
    RedisFlushed,
    RedisDumps,
    RedisRolledBack,
    SqlStops,
    SqlStarts,
    SqlBackup,
    SqlRestored,
    /// A store's clock jumps.
    Clock {
        redis: bool,
        by: i64,
    },
}

/// What becomes of an answer on its way to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives,
    HeldUp,
    Lost,
}

pub(crate) struct Schedule {
    pub(crate) setup: Setup,
    pub(crate) events: Vec<Event>,
}

/// The longest schedule.
const EVENTS: u64 = 60;

impl Schedule {
    pub(crate) fn draw(seed: u64, flaw: Option<Flaw>) -> Self {
        let mut random = Random::new(seed);
        let setup = Setup::draw(&mut random, flaw);
        let kinds = kinds(&setup);
        let count = random.within(8, EVENTS);
        let events = (0..count)
            .map(|_| {
                let kind = random.weighted(&kinds);
                event(kind, &setup, &mut random)
            })
            .collect();
        Self { setup, events }
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Wait,
    Sleep,
    Send,
    Other,
    Steal,
    Thief,
    Repeat,
    Deliver,
    Step,
    Poll,
    Flush,
    LogOut,
    EndAll,
    Trouble,
    Arrive,
    Cut,
    Mend,
    Kill,
    Start,
    Redis,
    RedisStarts,
    RedisLoses,
    SqlStops,
    SqlStarts,
    SqlBackup,
    SqlRestored,
    Clock,
}

fn kinds(setup: &Setup) -> Vec<(u64, Kind)> {
    let faults = &setup.faults;
    let when = |yes: bool, weight: u64| if yes { weight } else { 0 };
    let redis = setup.redis;
    vec![
        (30, Kind::Wait),
        (when(faults.sleeps, 6), Kind::Sleep),
        (30, Kind::Send),
        (3, Kind::Other),
        (when(setup.thief, 4), Kind::Steal),
        (when(setup.thief, 14), Kind::Thief),
        (when(faults.answers, 5), Kind::Repeat),
        (when(faults.answers, 5), Kind::Deliver),
        (24, Kind::Step),
        (when(redis, 4), Kind::Poll),
        (when(redis, 4), Kind::Flush),
        (when(faults.ends, 3), Kind::LogOut),
        (when(faults.ends, 2), Kind::EndAll),
        (when(faults.replies, 10), Kind::Trouble),
        (when(faults.replies, 5), Kind::Arrive),
        (when(faults.partitions, 4), Kind::Cut),
        (when(faults.partitions, 4), Kind::Mend),
        (when(faults.kills, 4), Kind::Kill),
        (when(faults.kills, 4), Kind::Start),
        (when(redis && faults.redis_away, 4), Kind::Redis),
        (when(redis && faults.redis_away, 4), Kind::RedisStarts),
        (when(redis && faults.redis_loses, 7), Kind::RedisLoses),
        (when(faults.sql_away, 4), Kind::SqlStops),
        (when(faults.sql_away, 4), Kind::SqlStarts),
        (when(faults.sql_restored, 3), Kind::SqlBackup),
        (when(faults.sql_restored, 3), Kind::SqlRestored),
        (when(faults.clocks, 4), Kind::Clock),
    ]
}

fn event(kind: Kind, setup: &Setup, random: &mut Random) -> Event {
    let pick = |random: &mut Random| usize::try_from(random.below(1 << 20)).unwrap_or(0);
    let node = pick(random) % super::node::NODES;
    let redis = setup.redis && random.chance(60);
    let run = random.chance(60);
    match kind {
        Kind::Wait => Event::Wait(wait(random)),
        Kind::Sleep => Event::Sleep(nap(random)),
        Kind::Send => Event::Send {
            tab: pick(random),
            node,
            fate: fate(setup, random),
            run,
        },
        Kind::Other => Event::Other { node },
        Kind::Steal => Event::Steal,
        Kind::Thief => Event::Thief { node, run },
        Kind::Repeat => Event::Repeat {
            which: pick(random),
            node,
        },
        Kind::Deliver => Event::Deliver,
        Kind::Step => Event::Step(pick(random)),
        Kind::Poll => Event::Poll { node, run },
        Kind::Flush => Event::Flush { node, run },
        Kind::LogOut => Event::LogOut { node, run },
        Kind::EndAll => Event::EndAll { node, except: run },
        Kind::Trouble => Event::Trouble {
            redis,
            late: random.chance(40),
        },
        Kind::Arrive => Event::Arrive,
        Kind::Cut => Event::Cut { node, redis },
        Kind::Mend => Event::Mend { node, redis },
        Kind::Kill => Event::Kill { node },
        Kind::Start => Event::Start { node },
        Kind::Redis => match random.below(3) {
            0 => Event::RedisFailsOver { loses: 0 },
            _ => Event::RedisStops { loses: 0 },
        },
        Kind::RedisStarts => Event::RedisStarts,
        Kind::RedisLoses => redis_loses(random),
        Kind::SqlStops => Event::SqlStops,
        Kind::SqlStarts => Event::SqlStarts,
        Kind::SqlBackup => Event::SqlBackup,
        Kind::SqlRestored => Event::SqlRestored,
        Kind::Clock => Event::Clock {
            redis,
            by: random.weighted(&[
                (2, -2 * SECOND),
                (2, 2 * SECOND),
                (2, -HOUR),
                (1, HOUR),
                (1, -20 * SECOND),
                (1, 40 * SECOND),
            ]),
        },
    }
}

fn redis_loses(random: &mut Random) -> Event {
    let loses = i64::try_from(random.within(1, 1_000)).unwrap_or(0);
    match random.below(6) {
        0 => Event::RedisStops { loses },
        1 => Event::RedisFailsOver { loses },
        2 => Event::RedisFlushed,
        3 => Event::RedisDumps,
        4 => Event::RedisRolledBack,
        _ => Event::RedisStarts,
    }
}

fn fate(setup: &Setup, random: &mut Random) -> Fate {
    if !setup.faults.answers {
        return Fate::Arrives;
    }
    random.weighted(&[(6, Fate::Arrives), (1, Fate::HeldUp), (2, Fate::Lost)])
}

fn wait(random: &mut Random) -> i64 {
    let (from, to) = random.weighted(&[
        (20, (1, 30)),
        (25, (30, 500)),
        (20, (500, 3_000)),
        (20, (3_000, 25_000)),
        (8, (28_000, 34_000)),
        (30, (4 * MINUTE, 6 * MINUTE)),
        (5, (HOUR, 8 * HOUR)),
    ]);
    between(from, to, random)
}

fn nap(random: &mut Random) -> i64 {
    let (from, to) = random.weighted(&[
        (4, (31_000, 70_000)),
        (4, (HOUR, 8 * HOUR)),
        (2, (23 * HOUR, 26 * HOUR)),
        (1, (3 * DAY, 16 * DAY)),
    ]);
    between(from, to, random)
}

fn between(from: i64, to: i64, random: &mut Random) -> i64 {
    from + i64::try_from(random.below(u64::try_from(to - from).unwrap_or(1))).unwrap_or(0)
}
