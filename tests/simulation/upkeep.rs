//! What nodes do beside refreshes: they end sessions, follow the change log, write their journals.

use signet::model::session::{EndReason, Family};

use super::{
    law::SESSIONS,
    node::{Ending, Flush, Job, Poll, Task},
    redis::{Reply, Rev, Script},
    setup::Flaw,
    sql::{Merged, Missed, Target},
    world::World,
};

/// How often Redis is brought up to date that somebody else came in between of.
const TRIES: u8 = 3;

/// What became of a session's part of the journal.
enum Written {
    Settled,
    /// Redis should have this.
    Ahead(Family),
    /// The database is away.
    Not,
}

impl World {
    /// Ends sessions in the database; the node then reads the log at once. Whether it is done.
    pub(crate) fn revoke(&mut self, node: usize, target: Target, reason: EndReason) -> bool {
        let done = self.sql(node, |world| {
            world.sql.revoke(target, reason);
            world.note_ends();
        });
        if done.is_some() {
            self.nudge(node);
        }
        done.is_some()
    }

    /// Bars a session in Redis while the database is away. Whether that could be done.
    pub(crate) fn hold(&mut self, node: usize, session: usize, reason: EndReason) -> bool {
        let script = Script::Bury { session, reason };
        let held = !self.nodes[node].away && self.script(node, script, None).is_some();
        if held {
            self.nodes[node].queued[session] = Some(reason);
        }
        held
    }

    /// Takes the next step of a logout. Whether it is done, where it ended.
    pub(crate) fn step_ending(&mut self, node: usize, ending: &mut Ending) -> Option<bool> {
        if ending.held {
            if let Target::One(session) = ending.target {
                self.hold(node, session, ending.reason);
            }
            return Some(false);
        }
        if self.revoke(node, ending.target, ending.reason) {
            return Some(true);
        }
        ending.held = true;
        None
    }

    /// Has the node read the change log soon.
    pub(crate) fn nudge(&mut self, node: usize) {
        let busy = self
            .tasks
            .iter()
            .any(|task| task.node == node && matches!(task.job, Job::Poll(_)));
        if !busy {
            self.tasks.push(Task {
                node,
                began: self.now,
                job: Job::Poll(Poll::ReadLog),
            });
        }
    }

    /// Takes the next step of a poll. Whether it has ended.
    pub(crate) fn step_poll(&mut self, node: usize, poll: &mut Poll) -> bool {
        match *poll {
            Poll::ReadLog => self.read_log(node, poll),
            Poll::ReadRev { log, tries } => {
                let Some(Reply::Rev(rev)) = self.script(node, Script::Rev, None) else {
                    self.heard(node, log.latest, false);
                    return true;
                };
                let settled = rev == Some(log.latest) || tries == TRIES;
                if settled {
                    self.heard(node, log.latest, tries < TRIES);
                    return true;
                }
                *poll = Poll::Raise { log, rev, tries };
                false
            }
            Poll::Raise { log, rev, tries } => {
                let number = rev.map_or(0, |rev| rev.number);
                let raised = number <= log.latest.number || self.law.broken(Flaw::RestoreUnnoticed);
                if !raised && self.sql(node, |world| world.sql.raise(number)).is_none() {
                    return true;
                }
                *poll = Poll::ReadMissed { log, rev, tries };
                false
            }
            Poll::ReadMissed { log, rev, tries } => {
                let Some(missed) = self.missed(node, rev) else {
                    return true;
                };
                *poll = Poll::Apply {
                    log,
                    rev,
                    missed,
                    tries,
                };
                false
            }
            Poll::Apply {
                mut log,
                rev,
                missed,
                tries,
            } => {
                let script = Script::Apply {
                    from: rev,
                    to: missed.to,
                    tombstones: missed.tombstones,
                };
                let Some(Reply::Done(applied)) = self.script(node, script, None) else {
                    self.heard(node, log.latest, false);
                    return true;
                };
                if applied {
                    log.latest = missed.to;
                }
                let tries = tries + 1;
                *poll = Poll::ReadRev { log, tries };
                false
            }
        }
    }

    fn read_log(&mut self, node: usize, poll: &mut Poll) -> bool {
        let last = self.nodes[node].last;
        let Some(log) = self.sql(node, |world| {
            let log = world.sql.read_log(last);
            if log.known || world.law.broken(Flaw::RestoreUnnoticed) {
                return log;
            }
            world.sql.raise(last.number);
            world.sql.read_log(last)
        }) else {
            return true;
        };
        if !self.setup.redis {
            self.heard(node, log.latest, true);
            return true;
        }
        *poll = Poll::ReadRev { log, tries: 0 };
        false
    }

    fn missed(&mut self, node: usize, rev: Option<Rev>) -> Option<Missed> {
        let unnoticed = self.law.broken(Flaw::RestoreUnnoticed);
        let gap = self.law.broken(Flaw::RevWithGap);
        let forgets = self.law.broken(Flaw::RevWithoutTombstones);
        self.sql(node, |world| {
            let mut missed = world.sql.missed(rev);
            if unnoticed && let Some(rev) = rev {
                missed.tombstones = world.sql.told_after(rev.number);
            }
            if gap && rev.is_some() {
                let before = missed.to.number.saturating_sub(1);
                missed.tombstones = world.sql.told_after(before);
            }
            if forgets && rev.is_none() {
                missed.tombstones = [None; SESSIONS];
            }
            missed
        })
    }

    /// The node has applied the change log up to there, and Redis too or it is given up.
    fn heard(&mut self, node: usize, latest: Rev, redis: bool) {
        self.nodes[node].last = latest;
        self.nodes[node].away = !redis || !self.setup.redis;
        for session in 0..SESSIONS {
            let over = self.sql.content.sessions[session].revoked.is_some();
            let told = self.ends[session].is_some_and(|number| number <= latest.number);
            self.truth.knows[node][session] |= over && told;
        }
    }

    /// Takes the next step of a writing down of the journal. Whether it has ended.
    pub(crate) fn step_flush(&mut self, node: usize, flush: &mut Flush) -> bool {
        match *flush {
            Flush::ReadRev => {
                let rev = if self.nodes[node].away {
                    None
                } else {
                    match self.script(node, Script::Rev, None) {
                        Some(Reply::Rev(rev)) => rev,
                        _ => None,
                    }
                };
                *flush = Flush::Merge { session: 0, rev };
                false
            }
            Flush::Merge { session, .. } if session == SESSIONS => true,
            Flush::Merge { session, rev } => {
                let next = Flush::Merge {
                    session: session + 1,
                    rev,
                };
                *flush = match (self.merge(node, session), rev) {
                    (Written::Not, _) => return true,
                    (Written::Ahead(family), Some(rev)) => Flush::Refill {
                        session,
                        rev,
                        family,
                    },
                    _ => next,
                };
                false
            }
            Flush::Refill {
                session,
                rev,
                family,
            } => {
                let script = Script::Refill {
                    session,
                    rev,
                    family,
                };
                let answered = self.script(node, script, None).is_some();
                if answered {
                    self.nodes[node].raise[session] = false;
                }
                *flush = Flush::Merge {
                    session: session + 1,
                    rev: Some(rev),
                };
                false
            }
        }
    }

    /// Writes down a session's part of the journal.
    fn merge(&mut self, node: usize, session: usize) -> Written {
        if let Some(reason) = self.nodes[node].queued[session] {
            if !self.revoke(node, Target::One(session), reason) {
                return Written::Not;
            }
            self.nodes[node].queued[session] = None;
        }
        let steps = std::mem::take(&mut self.nodes[node].journal[session]);
        let raise = self.nodes[node].raise[session];
        if steps.is_empty() && !raise {
            return Written::Settled;
        }
        let merged = self.sql(node, |world| {
            let merged = world.sql.merge(session, &steps, &mut world.law);
            world.note_ends();
            merged
        });
        if self.law.broken(Flaw::JournalUnjudged) {
            self.nodes[node].raise[session] = false;
            return Written::Settled;
        }
        match merged {
            None => {
                // What came in the meantime stands behind.
                let newer = std::mem::replace(&mut self.nodes[node].journal[session], steps);
                self.nodes[node].journal[session].extend(newer);
                Written::Not
            }
            Some(Merged::Ahead(family)) => Written::Ahead(family),
            Some(Merged::Ended) => {
                self.nudge(node);
                Written::Settled
            }
            Some(Merged::Settled) if raise => {
                match self.sql(node, |world| world.sql.content.sessions[session]) {
                    None => Written::Not,
                    Some(row) if row.revoked.is_none() => Written::Ahead(row.family),
                    Some(_) => Written::Settled,
                }
            }
            Some(Merged::Settled) => Written::Settled,
        }
    }
}
