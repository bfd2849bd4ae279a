//! The world: stores, nodes, people, and what happens to them. No I/O, no real time.

use std::time::Duration;

use signet::model::{refresh_token::Generation, session::Policy, time::millis};

use super::{
    law::{BEGINNING, DAY, Law, MINUTE, SECOND, SESSIONS, newborn},
    node::{Job, NODES, Node, Task},
    people::{Answer, People, Request},
    redis::{Key, Memory, Redis, Reply, Rev, Script},
    setup::{Flaw, Setup},
    sql::{Row, Sql},
    truth::Truth,
};

pub(crate) struct World {
    pub(crate) setup: Setup,
    pub(crate) now: i64,
    pub(crate) law: Law,
    pub(crate) sql: Sql,
    pub(crate) redis: Redis,
    pub(crate) nodes: [Node; NODES],
    pub(crate) tasks: Vec<Task>,
    /// What reaches its store late.
    pub(crate) late: Vec<Late>,
    /// What goes wrong next: with Redis, with the database.
    pub(crate) trouble: [Option<Trouble>; 2],
    /// The row of the change log that told of a session's end.
    pub(crate) ends: [Option<u64>; SESSIONS],
    pub(crate) people: People,
    pub(crate) requests: Vec<Request>,
    pub(crate) held_up: Vec<Answer>,
    pub(crate) truth: Truth,
    /// Whether anything was lost that a store or a node alone knew.
    pub(crate) lossy: bool,
    /// How often somebody went on by whose presentation the session ought to have ended, and when
    /// they last did.
    pub(crate) overdue: (u32, i64),
    pub(crate) violation: Option<String>,
    /// What happened, in words, where somebody wants to read it.
    pub(crate) history: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    /// It is done, and nobody hears of it.
    ReplyLost,
    /// It is done later.
    Late,
}

pub(crate) enum Late {
    Redis(Script, Option<usize>),
    Sql(usize, Generation, usize),
}

impl World {
    pub(crate) fn new(setup: Setup, tell: bool) -> Self {
        let law = Law::new(&setup, policy(&setup, setup.flaw));
        let plain = Setup {
            flaw: None,
            ..setup.clone()
        };
        let truth = Truth::new(Law::new(&plain, policy(&setup, None)));
        let key = if setup.seeded {
            Key::Record(newborn())
        } else {
            Key::Nothing
        };
        let memory = Memory {
            rev: Some(Rev { number: 0, mark: 0 }),
            keys: [key; SESSIONS],
        };
        Self {
            now: BEGINNING + MINUTE,
            law,
            sql: Sql::new(setup.ahead[1]),
            redis: Redis::new(setup.ahead[0], memory),
            nodes: [Node::new(setup.redis), Node::new(setup.redis)],
            tasks: Vec::new(),
            late: Vec::new(),
            trouble: [None; 2],
            ends: [None; SESSIONS],
            people: People::new(&setup),
            requests: Vec::new(),
            held_up: Vec::new(),
            truth,
            lossy: false,
            overdue: (0, 0),
            violation: None,
            history: tell.then(Vec::new),
            setup,
        }
    }

    pub(crate) fn say(&mut self, words: impl FnOnce(&Self) -> String) {
        if self.history.is_some() {
            let line = format!("{:>12} {}", clock(self.now), words(self));
            self.history.get_or_insert_default().push(line);
        }
    }

    /// A promise is broken. The first one counts.
    pub(crate) fn broken(&mut self, promise: &str) {
        self.say(|_| format!("VIOLATION: {promise}"));
        if self.violation.is_none() {
            self.violation = Some(promise.to_owned());
        }
    }

    /// How long a refresh may take.
    pub(crate) fn patience(&self) -> i64 {
        match millis(self.law.policy().reuse_interval) {
            0 => 10 * SECOND,
            interval => interval / 2,
        }
    }

    /// Runs a script for a node; nothing where there is no answer, and the node gives Redis up.
    pub(crate) fn script(
        &mut self,
        node: usize,
        script: Script,
        request: Option<usize>,
    ) -> Option<Reply> {
        if !self.redis.up || !self.nodes[node].reaches_redis {
            self.nodes[node].away = true;
            self.say(|_| format!("  {}: no Redis", name(node)));
            return None;
        }
        match self.trouble[0].take() {
            None => Some(self.run_script(node, &script, request)),
            Some(trouble) => {
                self.nodes[node].away = true;
                self.say(|_| format!("  {}: {script:?} {trouble:?}", name(node)));
                match trouble {
                    Trouble::ReplyLost => drop(self.run_script(node, &script, request)),
                    Trouble::Late => self.late.push(Late::Redis(script, request)),
                }
                None
            }
        }
    }

    pub(crate) fn run_script(
        &mut self,
        node: usize,
        script: &Script,
        request: Option<usize>,
    ) -> Reply {
        let reply = self.redis.run(script, self.now, &mut self.law);
        if let (Some(request), Reply::Record { moved: true, .. } | Reply::Done(true)) =
            (request, reply)
        {
            self.presented(request);
        }
        if !matches!(script, Script::Rev) {
            self.say(|_| format!("  {}: Redis {} -> {}", name(node), script, reply));
        }
        reply
    }

    /// Whether the database would answer a node.
    pub(crate) fn sql_answers(&self, node: usize) -> bool {
        self.sql.up && self.nodes[node].reaches_sql
    }

    /// Runs a statement for a node; nothing where there is no answer.
    pub(crate) fn sql<T>(
        &mut self,
        node: usize,
        statement: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        if !self.sql_answers(node) {
            self.say(|_| format!("  {}: no database", name(node)));
            return None;
        }
        let trouble = self.trouble[1].take();
        let done = statement(self);
        if trouble.is_some() {
            self.say(|_| format!("  {}: the database's answer is lost", name(node)));
        }
        trouble.is_none().then_some(done)
    }

    pub(crate) fn advance_sql(
        &mut self,
        node: usize,
        session: usize,
        presented: Generation,
        request: usize,
    ) -> Option<(Row, bool)> {
        if self.sql_answers(node) && matches!(self.trouble[1], Some(Trouble::Late)) {
            self.trouble[1] = None;
            self.say(|_| format!("  {}: SQL advance {} late", name(node), presented.number()));
            self.late.push(Late::Sql(session, presented, request));
            return None;
        }
        self.sql(node, |world| {
            world.run_advance(node, session, presented, request)
        })
    }

    fn run_advance(
        &mut self,
        node: usize,
        session: usize,
        presented: Generation,
        request: usize,
    ) -> (Row, bool) {
        let now = self.now;
        let (before, moved) = self.sql.advance(session, presented, now, &mut self.law);
        if moved {
            self.presented(request);
        }
        self.say(|_| {
            let (at, p) = (before.family.generation.number(), presented.number());
            let did = if moved { "moves" } else { "stays" };
            format!("  {}: SQL advance {p} at {at}: {did}", name(node))
        });
        (before, moved)
    }

    /// The oldest thing that is late reaches its store.
    pub(crate) fn arrive(&mut self) {
        if self.late.is_empty() {
            return;
        }
        match self.late.remove(0) {
            Late::Redis(script, request) if self.redis.up => {
                self.run_script(0, &script, request);
            }
            Late::Sql(session, presented, request) if self.sql.up => {
                self.run_advance(0, session, presented, request);
            }
            _ => {}
        }
    }

    /// A store did something for a request, or a node found what it is worth: so does the store
    /// that never fails, once.
    pub(crate) fn presented(&mut self, request: usize) {
        let slack = self.slack();
        let request = &mut self.requests[request];
        if request.worth.is_none() {
            let (session, presented) = (request.session, request.presented);
            let worth = self.truth.present(session, presented, self.now, slack);
            request.worth = Some(worth);
        }
    }

    /// How far apart two clocks may be, twice.
    fn slack(&self) -> i64 {
        let ahead = [0, self.redis.ahead, self.sql.ahead];
        let apart = ahead.iter().max().unwrap_or(&0) - ahead.iter().min().unwrap_or(&0);
        2 * apart
    }

    /// Takes note of sessions whose end the database knows now.
    pub(crate) fn note_ends(&mut self) {
        let latest = self.sql.read_log(Rev { number: 0, mark: 0 }).latest.number;
        for (session, end) in self.ends.iter_mut().enumerate() {
            match self.sql.content.sessions[session].revoked {
                Some(_) => *end = end.or(Some(latest)),
                None => *end = None,
            }
        }
    }

    /// One step of one of the things that nodes are doing.
    pub(crate) fn step(&mut self, which: usize) {
        if self.tasks.is_empty() {
            return;
        }
        let mut task = self.tasks.remove(which % self.tasks.len());
        let node = task.node;
        let ended = match &mut task.job {
            Job::Refresh(refresh) => {
                let outcome = self.step_refresh(node, task.began, refresh);
                if let Some(outcome) = outcome {
                    self.answer(node, refresh.request, outcome);
                }
                outcome.is_some()
            }
            Job::End(ending) => {
                let done = self.step_ending(node, ending);
                if let Some(done) = done {
                    self.say(|_| format!("  {}: ended: {done}", name(node)));
                }
                done.is_some()
            }
            Job::Poll(poll) => self.step_poll(node, poll),
            Job::Flush(flush) => self.step_flush(node, flush),
        };
        if !ended {
            self.tasks.push(task);
        }
    }

    /// All that nodes are doing, to the end.
    pub(crate) fn finish(&mut self) {
        while !self.tasks.is_empty() {
            self.step(0);
        }
    }
}

fn policy(setup: &Setup, flaw: Option<Flaw>) -> Policy {
    let interval = if setup.strict { 0 } else { 30 };
    Policy {
        reuse_interval: Duration::from_secs(if flaw == Some(Flaw::NoRetry) {
            0
        } else {
            interval
        }),
        late_retry_every: if flaw == Some(Flaw::LateRetryUnlimited) {
            Duration::from_millis(1)
        } else {
            Duration::from_hours(24)
        },
        idle_lifetime: Duration::from_hours(14 * 24),
        active_key: 1,
        heal_allowed: flaw != Some(Flaw::NoHeal),
    }
}

pub(crate) const fn name(node: usize) -> &'static str {
    if node == 0 { "A" } else { "B" }
}

fn clock(now: i64) -> String {
    let since = now - BEGINNING;
    let (days, rest) = (since / DAY, since % DAY);
    let (hours, minutes) = (rest / (60 * MINUTE), rest / MINUTE % 60);
    let (seconds, millis) = (rest / SECOND % 60, rest % SECOND);
    let day = if days > 0 {
        format!("{days}d ")
    } else {
        String::new()
    };
    format!("{day}{hours:02}:{minutes:02}:{seconds:02}.{millis:03}")
}
