//! A node, and the things that it does step by step: between two steps anything may happen.

use signet::model::{
    journal::Entry,
    refresh_token::Generation,
    rule::Verdict,
    session::{EndReason, Family},
};

use super::{
    law::SESSIONS,
    redis::Rev,
    sql::{Log, Missed, Target},
};

pub(crate) const NODES: usize = 2;

#[expect(clippy::struct_excessive_bools, reason = "each is a state of its own")]
pub(crate) struct Node {
    pub(crate) up: bool,
    /// Whether it reaches the database, and Redis.
    pub(crate) reaches_sql: bool,
    pub(crate) reaches_redis: bool,
    /// Whether it has given up Redis until the change log is applied there again.
    pub(crate) away: bool,
    /// The last row of the change log that it has applied.
    pub(crate) last: Rev,
    pub(crate) journal: [Vec<Entry>; SESSIONS],
    /// Sessions that it moved in the database, to be raised in Redis.
    pub(crate) raise: [bool; SESSIONS],
    /// Ends that the database has not heard of yet.
    pub(crate) queued: [Option<EndReason>; SESSIONS],
    /// When it last read the user.
    pub(crate) knows_user: i64,
}

impl Node {
    pub(crate) fn new(redis: bool) -> Self {
        Self {
            up: true,
            reaches_sql: true,
            reaches_redis: true,
            away: !redis,
            last: Rev { number: 0, mark: 0 },
            journal: [const { Vec::new() }; SESSIONS],
            raise: [false; SESSIONS],
            queued: [None; SESSIONS],
            knows_user: 0,
        }
    }

    /// Whether it has anything to write down.
    pub(crate) fn has_news(&self) -> bool {
        self.raise.contains(&true)
            || self.journal.iter().any(|steps| !steps.is_empty())
            || self.queued.iter().any(Option::is_some)
    }

    /// What a crash forgets. Whether anything was lost by it that nobody else knows.
    pub(crate) fn forget(&mut self) -> bool {
        let lost = self.journal.iter().any(|steps| !steps.is_empty())
            || self.queued.iter().any(Option::is_some);
        self.journal.iter_mut().for_each(Vec::clear);
        self.raise = [false; SESSIONS];
        self.queued = [None; SESSIONS];
        self.knows_user = 0;
        lost
    }
}

/// Something that a node is doing.
pub(crate) struct Task {
    pub(crate) node: usize,
    pub(crate) began: i64,
    pub(crate) job: Job,
}

pub(crate) enum Job {
    Refresh(Refresh),
    End(Ending),
    Poll(Poll),
    Flush(Flush),
}

/// A refresh on its way through the stores.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refresh {
    pub(crate) request: usize,
    pub(crate) session: usize,
    pub(crate) presented: Generation,
    pub(crate) stage: Stage,
    /// How often the step was taken again, and how often Redis was filled for it.
    pub(crate) tries: u8,
    pub(crate) fills: u8,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Stage {
    Redis,
    Sql,
    Find { rev: Rev },
    Refill { rev: Rev, family: Family },
    StampLate { redis: bool, before: Family },
    StampSql { before: Family },
    Reuse,
    ReuseHeld,
    User { newest: Generation },
}

/// How a refresh ended for the client.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Answer(Generation),
    Refused(Verdict),
    Unavailable,
}

/// Somebody ends sessions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending {
    pub(crate) target: Target,
    pub(crate) reason: EndReason,
    pub(crate) held: bool,
}

/// A reading of the change log, which brings Redis up to date before the node goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Poll {
    ReadLog,
    ReadRev {
        log: Log,
        tries: u8,
    },
    Raise {
        log: Log,
        rev: Option<Rev>,
        tries: u8,
    },
    ReadMissed {
        log: Log,
        rev: Option<Rev>,
        tries: u8,
    },
    Apply {
        log: Log,
        rev: Option<Rev>,
        missed: Missed,
        tries: u8,
    },
}

/// A writing down of the journal.
#[derive(Debug, Clone)]
pub(crate) enum Flush {
    ReadRev,
    Merge {
        session: usize,
        rev: Option<Rev>,
    },
    Refill {
        session: usize,
        rev: Rev,
        family: Family,
    },
}
