//! Redis as the product uses it: the scripts, each atomic, on sessions and `rev`.

use signet::model::{
    refresh_token::Generation,
    session::{EndReason, Family},
};

use super::{
    law::{Law, SESSIONS, late},
    setup::Flaw,
};

/// How far the change log is applied: a row's number and mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rev {
    pub(crate) number: u64,
    pub(crate) mark: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Key {
    Nothing,
    Record(Family),
    Tombstone(EndReason),
}

/// What a restart may bring back an older state of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Memory {
    pub(crate) rev: Option<Rev>,
    pub(crate) keys: [Key; SESSIONS],
}

pub(crate) const EMPTY: Memory = Memory {
    rev: None,
    keys: [Key::Nothing; SESSIONS],
};

pub(crate) struct Redis {
    pub(crate) up: bool,
    /// What its clock is ahead by.
    pub(crate) ahead: i64,
    pub(crate) memory: Memory,
    /// The state at the end of each moment of the last while, the newest last.
    past: Vec<(i64, Memory)>,
    /// A dump made on purpose.
    pub(crate) dump: Memory,
}

/// Tombstones to write: why each session ended, where it did.
pub(crate) type Tombstones = [Option<EndReason>; SESSIONS];

#[derive(Debug, Clone, Copy)]
pub(crate) enum Script {
    Advance {
        session: usize,
        presented: Generation,
        seen: u64,
    },
    StampLate {
        session: usize,
        presented: Generation,
        family: Family,
    },
    Refill {
        session: usize,
        rev: Rev,
        family: Family,
    },
    Apply {
        from: Option<Rev>,
        to: Rev,
        tombstones: Tombstones,
    },
    Bury {
        session: usize,
        reason: EndReason,
    },
    Rev,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Reply {
    Stale,
    Missing(Rev),
    Ended(EndReason),
    Record { before: Family, moved: bool },
    Done(bool),
    Rev(Option<Rev>),
}

impl Redis {
    pub(crate) fn new(ahead: i64, memory: Memory) -> Self {
        Self {
            up: true,
            ahead,
            memory,
            past: Vec::new(),
            dump: memory,
        }
    }

    /// Runs a script. `now` is the world's time.
    pub(crate) fn run(&mut self, script: &Script, now: i64, law: &mut Law) -> Reply {
        let before = self.memory;
        let reply = self.answer(script, now + self.ahead, law);
        if self.memory != before {
            self.past.push((now, before));
        }
        reply
    }

    fn answer(&mut self, script: &Script, clock: i64, law: &mut Law) -> Reply {
        match *script {
            Script::Advance {
                session,
                presented,
                seen,
            } => self.advance(session, presented, seen, clock, law),
            Script::StampLate {
                session,
                presented,
                family,
            } => Reply::Done(self.stamp_late(session, presented, &family, clock)),
            Script::Refill {
                session,
                rev,
                family,
            } => Reply::Done(self.refill(session, rev, family, law)),
            Script::Apply {
                from,
                to,
                tombstones,
            } => Reply::Done(self.apply(from, to, tombstones)),
            Script::Bury { session, reason } => {
                self.entomb(session, reason);
                Reply::Done(true)
            }
            Script::Rev => Reply::Rev(self.memory.rev),
        }
    }

    fn advance(
        &mut self,
        session: usize,
        presented: Generation,
        seen: u64,
        clock: i64,
        law: &mut Law,
    ) -> Reply {
        let Some(rev) = self.memory.rev else {
            return Reply::Stale;
        };
        if rev.number < seen && !law.broken(Flaw::StaleRedisAnswers) {
            return Reply::Stale;
        }
        match self.memory.keys[session] {
            Key::Nothing => Reply::Missing(rev),
            Key::Tombstone(reason) => Reply::Ended(reason),
            Key::Record(before) => {
                let after = law.moves(session, &before, presented, clock);
                if let Some(after) = after {
                    self.memory.keys[session] = Key::Record(after);
                }
                Reply::Record {
                    before,
                    moved: after.is_some(),
                }
            }
        }
    }

    fn stamp_late(
        &mut self,
        session: usize,
        presented: Generation,
        judged: &Family,
        clock: i64,
    ) -> bool {
        let Key::Record(family) = self.memory.keys[session] else {
            return false;
        };
        let same = family.generation == judged.generation && family.late_at == judged.late_at;
        if same {
            self.memory.keys[session] = Key::Record(late(&family, presented, clock));
        }
        same
    }

    fn refill(&mut self, session: usize, rev: Rev, family: Family, law: &Law) -> bool {
        if self.memory.rev != Some(rev) {
            return false;
        }
        match self.memory.keys[session] {
            Key::Tombstone(_) if !law.broken(Flaw::RefillOverTombstone) => {}
            Key::Record(there) if there.generation >= family.generation => {}
            _ => self.memory.keys[session] = Key::Record(family),
        }
        true
    }

    fn apply(&mut self, from: Option<Rev>, to: Rev, tombstones: Tombstones) -> bool {
        if self.memory.rev != from {
            return false;
        }
        for (session, reason) in tombstones.into_iter().enumerate() {
            if let Some(reason) = reason {
                self.entomb(session, reason);
            }
        }
        self.memory.rev = Some(to);
        true
    }

    fn entomb(&mut self, session: usize, reason: EndReason) {
        let key = &mut self.memory.keys[session];
        if !matches!(key, Key::Tombstone(_)) {
            *key = Key::Tombstone(reason);
        }
    }

    /// Goes back to the state of `age` ago. Whether that changed anything.
    pub(crate) fn lose(&mut self, now: i64, age: i64) -> bool {
        let kept = self.past.iter().find(|(until, _)| now - until < age);
        let state = kept.map_or(self.memory, |(_, before)| *before);
        self.become_(state)
    }

    /// Goes on with this state. Whether it is another one.
    pub(crate) fn become_(&mut self, state: Memory) -> bool {
        let changed = self.memory != state;
        self.memory = state;
        self.past.clear();
        changed
    }

    /// Forgets what no crash brings back any more.
    pub(crate) fn settle(&mut self, now: i64) {
        self.past.retain(|(until, _)| now - until < 2_000);
    }
}
