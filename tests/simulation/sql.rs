//! The database as the product uses it: each statement or transaction of it in one step.

use signet::model::{
    id::SessionId,
    journal::{Direct, Entry, Reconciled, reconcile},
    refresh_token::Generation,
    rule::Verdict,
    session::{EndReason, Family},
    time::Timestamp,
};

use super::{
    law::{BEGINNING, Law, SESSIONS, late, newborn},
    redis::{Rev, Tombstones},
    setup::Flaw,
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    pub(crate) family: Family,
    pub(crate) revoked: Option<EndReason>,
    pub(crate) direct: Option<Direct>,
}

/// A row of the change log: whom it tells of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    pub(crate) rev: Rev,
    sessions: [bool; SESSIONS],
}

/// What a backup holds.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) sessions: [Row; SESSIONS],
    log: Vec<Change>,
    counter: u64,
}

pub(crate) struct Sql {
    pub(crate) up: bool,
    /// What its clock is ahead by.
    pub(crate) ahead: i64,
    pub(crate) content: Content,
    pub(crate) backup: Content,
    /// Rows are told apart by marks, also those of a database that was restored.
    marks: u64,
}

/// The change log as it was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log {
    pub(crate) latest: Rev,
    /// Whether the row that the reader knew as the last is still there.
    pub(crate) known: bool,
}

/// What Redis lacks of the change log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Missed {
    pub(crate) to: Rev,
    pub(crate) tombstones: Tombstones,
}

/// Whose sessions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    One(usize),
    /// All of the user's but for one.
    All {
        except: Option<usize>,
    },
}

/// What became of a session whose steps were taken over.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Merged {
    Settled,
    Ahead(Family),
    Ended,
}

const NONE: Rev = Rev { number: 0, mark: 0 };

impl Sql {
    pub(crate) fn new(ahead: i64) -> Self {
        let row = Row {
            family: newborn(),
            revoked: None,
            direct: None,
        };
        let content = Content {
            sessions: [row; SESSIONS],
            log: Vec::new(),
            counter: 0,
        };
        Self {
            up: true,
            ahead,
            backup: content.clone(),
            content,
            marks: 0,
        }
    }

    /// The record before the step, and whether it moved.
    pub(crate) fn advance(
        &mut self,
        session: usize,
        presented: Generation,
        now: i64,
        law: &mut Law,
    ) -> (Row, bool) {
        let before = self.content.sessions[session];
        let clock = now + self.ahead;
        if before.revoked.is_some() {
            return (before, false);
        }
        let after = law.moves(session, &before.family, presented, clock);
        let row = &mut self.content.sessions[session];
        if let Some(family) = after {
            row.family = family;
            let at = Timestamp::from_millis(clock);
            row.direct = row.direct.or(Some(Direct { presented, at }));
        }
        (before, after.is_some())
    }

    pub(crate) fn stamp_late(
        &mut self,
        session: usize,
        presented: Generation,
        judged: &Family,
        now: i64,
    ) -> bool {
        let clock = now + self.ahead;
        let row = &mut self.content.sessions[session];
        let same = row.revoked.is_none()
            && row.family.generation == judged.generation
            && row.family.late_at == judged.late_at;
        if same {
            row.family = late(&row.family, presented, clock);
        }
        same
    }

    /// Ends what is not over yet, and writes it to the log.
    pub(crate) fn revoke(&mut self, target: Target, reason: EndReason) {
        let hit = |session: usize| match target {
            Target::One(one) => session == one,
            Target::All { except } => except != Some(session),
        };
        let mut sessions = [false; SESSIONS];
        for (session, row) in self.content.sessions.iter_mut().enumerate() {
            if hit(session) && row.revoked.is_none() {
                row.revoked = Some(reason);
                sessions[session] = true;
            }
        }
        if sessions.contains(&true) {
            self.append(sessions);
        }
    }

    fn append(&mut self, sessions: [bool; SESSIONS]) {
        self.marks += 1;
        self.content.counter += 1;
        let rev = Rev {
            number: self.content.counter,
            mark: self.marks,
        };
        self.content.log.push(Change { rev, sessions });
    }

    pub(crate) fn read_log(&self, last: Rev) -> Log {
        let log = &self.content.log;
        Log {
            latest: log.last().map_or(NONE, |change| change.rev),
            known: last == NONE || log.iter().any(|change| change.rev == last),
        }
    }

    /// Gives out no number again up to this one.
    pub(crate) fn raise(&mut self, number: u64) {
        if self.content.counter < number {
            self.content.counter = number;
            self.append([false; SESSIONS]);
        }
    }

    /// What Redis lacks that stands at `from`; all that ever ended where that is not of this log.
    pub(crate) fn missed(&self, from: Option<Rev>) -> Missed {
        let log = &self.content.log;
        let known = |from: Rev| from == NONE || log.iter().any(|change| change.rev == from);
        let after = from.filter(|from| known(*from)).map(|from| from.number);
        let mut tombstones = [None; SESSIONS];
        for (session, row) in self.content.sessions.iter().enumerate() {
            let told = after.is_none_or(|after| {
                let mut rows = log.iter().filter(|change| change.rev.number > after);
                rows.any(|change| change.sessions[session])
            });
            if told {
                tombstones[session] = row.revoked;
            }
        }
        Missed {
            to: log.last().map_or(NONE, |change| change.rev),
            tombstones,
        }
    }

    /// The ends that rows after a number tell of.
    pub(crate) fn told_after(&self, number: u64) -> Tombstones {
        let mut tombstones = [None; SESSIONS];
        let rows = self.content.log.iter();
        for change in rows.filter(|change| change.rev.number > number) {
            for (session, told) in change.sessions.iter().enumerate() {
                if *told {
                    tombstones[session] = self.content.sessions[session].revoked;
                }
            }
        }
        tombstones
    }

    /// Takes over the steps of a session that a node took in Redis, as the store does: at once
    /// where the record stands at what was presented first, judged one by one otherwise.
    pub(crate) fn merge(&mut self, session: usize, steps: &[Entry], law: &mut Law) -> Merged {
        let row = self.content.sessions[session];
        let (mut family, mut direct) = (row.family, row.direct);
        let mut reported = Generation::FIRST;
        for entry in steps {
            reported = entry.family.generation;
            let verdict = judged(session, &family, row.revoked, direct, entry, law);
            match verdict {
                Reconciled::Agree(joined) => (family, direct) = (joined, None),
                Reconciled::Stamp(stamped) => family = stamped,
                Reconciled::Keep => {}
                Reconciled::Over => return Merged::Settled,
                Reconciled::End => {
                    self.revoke(Target::One(session), EndReason::Reuse);
                    return Merged::Ended;
                }
            }
        }
        let row = &mut self.content.sessions[session];
        (row.family, row.direct) = (family, direct);
        if family.generation > reported {
            Merged::Ahead(family)
        } else {
            Merged::Settled
        }
    }
}

fn judged(
    session: usize,
    family: &Family,
    revoked: Option<EndReason>,
    direct: Option<Direct>,
    entry: &Entry,
    law: &mut Law,
) -> Reconciled {
    if law.broken(Flaw::JournalUnjudged) {
        return if revoked.is_none() && entry.family.generation > family.generation {
            Reconciled::Agree(entry.family)
        } else {
            Reconciled::Keep
        };
    }
    if law.broken(Flaw::JournalOutOfOrder) && revoked.is_none() {
        let (presented, at) = (entry.presented, entry.at.millis());
        let verdict = law.judge(session, family, None, presented, at);
        if verdict == Verdict::Reuse {
            return Reconciled::End;
        }
    }
    reconcile(law.record(session, family, revoked), direct, entry)
}

/// The public identifier of a session.
pub(crate) fn session_id(session: usize) -> SessionId {
    let number = u8::try_from(session).unwrap_or(0);
    SessionId::new(Timestamp::from_millis(BEGINNING), [number; 10])
}
