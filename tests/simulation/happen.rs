//! What each event does to the world, and how everything calms down in the end.

use signet::model::session::EndReason;

use super::{
    law::{MINUTE, SECOND, SESSIONS},
    node::{Flush, Job, NODES, Poll, Task},
    redis::{EMPTY, Rev},
    schedule::{Event, Fate},
    sql::Target,
    world::{Trouble, World, name},
};

/// From this long on nothing stays in flight.
const IN_FLIGHT: i64 = 2 * SECOND;
/// How often nodes read the change log and write their journals.
const TICK: i64 = SECOND / 2;

impl World {
    pub(crate) fn happen(&mut self, event: Event) {
        match event {
            Event::Wait(time) => self.wait(time, true),
            Event::Sleep(time) => self.wait(time, false),
            Event::Send {
                tab,
                node,
                fate,
                run,
            } => {
                let node = if self.setup.sticky { 0 } else { node };
                self.send(tab, node, fate);
                self.finish_if(run);
            }
            Event::Other { node } => {
                self.send_other(node);
                self.finish();
            }
            Event::Steal => {
                self.say(|_| "the thief copies the token".to_owned());
                self.people.steal();
            }
            Event::Thief { node, run } => {
                let node = if self.setup.sticky { 1 } else { node };
                self.send_stolen(node);
                self.finish_if(run);
            }
            Event::Repeat { which, node } => self.repeat(which, node),
            Event::Deliver => self.deliver_all(),
            Event::Step(which) => self.step(which),
            Event::Poll { node, run } => {
                self.upkeep(node, Job::Poll(Poll::ReadLog), run);
            }
            Event::Flush { node, run } => {
                self.upkeep(node, Job::Flush(Flush::ReadRev), run);
            }
            Event::LogOut { node, run } => {
                self.log_out(node);
                self.finish_if(run);
            }
            Event::EndAll { node, except } => {
                let except = except.then_some(1);
                self.end(node, Target::All { except }, EndReason::PasswordChanged);
            }
            Event::Trouble { redis, late } => {
                let trouble = if late {
                    Trouble::Late
                } else {
                    Trouble::ReplyLost
                };
                self.trouble[usize::from(!redis)] = Some(trouble);
            }
            Event::Arrive => self.arrive(),
            Event::Cut { node, redis } => self.reach(node, redis, false),
            Event::Mend { node, redis } => self.reach(node, redis, true),
            Event::Kill { node } => {
                self.say(|_| format!("{} is killed", name(node)));
                self.kill(node);
            }
            Event::Start { node } => self.start(node),
            other => self.happen_to_stores(other),
        }
    }

    fn happen_to_stores(&mut self, event: Event) {
        self.say(|_| format!("{event:?}"));
        match event {
            Event::RedisStops { loses } => {
                self.redis.up = false;
                self.lossy |= self.redis.lose(self.now, loses);
            }
            Event::RedisStarts => self.redis.up = true,
            Event::RedisFailsOver { loses } => {
                self.redis.up = true;
                self.lossy |= self.redis.lose(self.now, loses);
                for node in &mut self.nodes {
                    node.away = true;
                }
            }
            Event::RedisFlushed if self.redis.up => {
                self.lossy |= self.redis.become_(EMPTY);
            }
            Event::RedisDumps => self.redis.dump = self.redis.memory,
            Event::RedisRolledBack => {
                self.redis.up = true;
                self.lossy |= self.redis.become_(self.redis.dump);
            }
            Event::SqlStops => {
                self.sql.up = false;
                self.lossy = true;
            }
            Event::SqlStarts => self.sql.up = true,
            Event::SqlBackup => self.sql.backup = self.sql.content.clone(),
            Event::SqlRestored => {
                self.sql.content = self.sql.backup.clone();
                self.lossy = true;
                self.note_ends();
                for session in 0..SESSIONS {
                    let over = self.ends[session].is_some();
                    self.truth
                        .knows
                        .iter_mut()
                        .for_each(|knows| knows[session] &= over);
                }
            }
            Event::Clock { redis: true, by } => self.redis.ahead += by,
            Event::Clock { redis: false, by } => self.sql.ahead += by,
            _ => {}
        }
        if let Event::Clock { .. } = event {
            self.lossy = true;
            for ideal in &mut self.truth.sessions {
                ideal.grey = true;
            }
        }
    }

    fn reach(&mut self, node: usize, redis: bool, reaches: bool) {
        let what = if redis { "Redis" } else { "the database" };
        self.say(|_| format!("{} reaches {what}: {reaches}", name(node)));
        let node = &mut self.nodes[node];
        if redis {
            node.reaches_redis = reaches;
        } else {
            node.reaches_sql = reaches;
            self.lossy = true;
        }
    }

    /// A node starts, and serves once it has read the change log.
    fn start(&mut self, node: usize) {
        if self.nodes[node].up || !self.sql_answers(node) {
            return;
        }
        self.say(|_| format!("{} starts", name(node)));
        self.nodes[node].up = true;
        self.nodes[node].away = true;
        self.nodes[node].last = Rev { number: 0, mark: 0 };
        self.upkeep(node, Job::Poll(Poll::ReadLog), true);
    }

    fn finish_if(&mut self, run: bool) {
        if run {
            self.finish();
        }
    }

    fn upkeep(&mut self, node: usize, job: Job, run: bool) {
        let same = |task: &Task| {
            task.node == node && std::mem::discriminant(&task.job) == std::mem::discriminant(&job)
        };
        if !self.nodes[node].up || self.tasks.iter().any(same) {
            return;
        }
        self.tasks.push(Task {
            node,
            began: self.now,
            job,
        });
        self.finish_if(run);
    }

    /// Lets time go by, in parts: people repeat what was not answered, nodes do their rounds.
    fn wait(&mut self, time: i64, awake: bool) {
        if time >= IN_FLIGHT {
            self.calm();
        }
        let until = self.now + time;
        for pause in [2 * SECOND, 5 * SECOND, 10 * SECOND] {
            let again = awake && self.people.somebody_waits();
            if !again || self.now + pause >= until {
                break;
            }
            self.now += pause;
            self.rounds();
            self.retry();
        }
        self.now = until;
        self.redis.settle(self.now);
        if time >= TICK {
            self.rounds();
        }
        if awake && time >= IN_FLIGHT {
            self.retry();
        }
    }

    /// Nothing stays in flight.
    fn calm(&mut self) {
        self.finish();
        while !self.late.is_empty() {
            self.arrive();
        }
        self.deliver_all();
    }

    /// Every node reads the change log and writes its journal, as it does each half second.
    fn rounds(&mut self) {
        let first = usize::from(self.now % 2 == 0);
        for _ in 0..2 {
            for node in [first, 1 - first] {
                self.upkeep(node, Job::Poll(Poll::ReadLog), true);
                if self.nodes[node].has_news() {
                    self.upkeep(node, Job::Flush(Flush::ReadRev), true);
                }
            }
        }
    }

    /// Everything is well again, and everybody comes once more.
    pub(crate) fn settle(&mut self) {
        self.say(|_| "all is well again".to_owned());
        self.trouble = [None; 2];
        self.calm();
        (self.sql.up, self.redis.up) = (true, true);
        for node in 0..NODES {
            (self.nodes[node].reaches_sql, self.nodes[node].reaches_redis) = (true, true);
            self.start(node);
        }
        self.wait(5 * SECOND, true);
        for turn in 0..6 {
            self.wait(5 * MINUTE, true);
            let node = turn % NODES;
            if turn % 2 == usize::from(self.now % 3 == 0) {
                self.send(0, node, Fate::Arrives);
            } else if self.people.stole {
                self.send_stolen(node);
            }
            self.send_other(node);
            self.finish();
        }
        self.wait(3 * SECOND, true);
        self.check_calm();
    }

    fn check_calm(&mut self) {
        for session in 0..SESSIONS {
            let newest = self.sql.content.sessions[session];
            let jar = self.people.jars[session];
            if jar.unanswered && !jar.over {
                self.broken("nobody is stranded");
            }
            if !jar.over && newest.revoked.is_none() && jar.token > newest.family.generation {
                self.broken("the database follows within a second");
            }
        }
        if self.people.stole && self.people.thief.is_some() && !self.people.jars[0].over {
            self.broken("thief and victim do not both go on");
        }
    }
}
