//! A refresh, as the product does it: `auth::refresh` over the session store on Redis.

use signet::model::{
    journal::Entry,
    refresh_token::Generation,
    rule::Verdict,
    session::{EndReason, Family, SessionDigest},
    time::Timestamp,
};

use super::{
    law::{MINUTE, late},
    node::{Outcome, Refresh, Stage},
    redis::{Reply, Rev, Script},
    setup::Flaw,
    sql::{Target, session_id},
    world::World,
};

/// How often a step is tried that another one came in between of, and how often Redis is filled.
const TRIES: u8 = 3;
/// How long a user who was read once is known.
const USER_KNOWN: i64 = MINUTE;

impl World {
    /// Takes the next step of a refresh. How it ended, where it did.
    pub(crate) fn step_refresh(
        &mut self,
        node: usize,
        began: i64,
        refresh: &mut Refresh,
    ) -> Option<Outcome> {
        if self.now - began > self.patience() {
            return Some(Outcome::Unavailable);
        }
        if matches!(refresh.stage, Stage::Redis) && self.nodes[node].away {
            refresh.stage = Stage::Sql;
        }
        match refresh.stage {
            Stage::Redis => self.advance_in_redis(node, refresh),
            Stage::Sql => self.advance_in_sql(node, refresh),
            Stage::Find { rev } => self.find(node, refresh, rev),
            Stage::Refill { rev, family } => {
                let session = refresh.session;
                let script = Script::Refill {
                    session,
                    rev,
                    family,
                };
                let answered = self.script(node, script, None).is_some();
                refresh.fills += 1;
                refresh.stage = if answered && refresh.fills < TRIES {
                    Stage::Redis
                } else {
                    Stage::Sql
                };
                None
            }
            Stage::StampLate { redis, before } => self.stamp(node, refresh, redis, &before),
            Stage::StampSql { before } => {
                let (session, presented) = (refresh.session, refresh.presented);
                self.sql(node, |world| {
                    let now = world.now;
                    world.sql.stamp_late(session, presented, &before, now)
                });
                let newest = before.generation;
                refresh.stage = Stage::User { newest };
                None
            }
            Stage::Reuse => {
                let (target, reason) = (Target::One(refresh.session), EndReason::Reuse);
                if self.revoke(node, target, reason) {
                    self.presented(refresh.request);
                    return Some(Outcome::Refused(Verdict::Reuse));
                }
                refresh.stage = Stage::ReuseHeld;
                None
            }
            Stage::ReuseHeld => {
                let held = self.hold(node, refresh.session, EndReason::Reuse);
                Some(if held {
                    Outcome::Refused(Verdict::Reuse)
                } else {
                    Outcome::Unavailable
                })
            }
            Stage::User { newest } => Some(if self.knows_user(node) {
                Outcome::Answer(newest)
            } else {
                Outcome::Unavailable
            }),
        }
    }

    fn knows_user(&mut self, node: usize) -> bool {
        if self.now - self.nodes[node].knows_user <= USER_KNOWN {
            return true;
        }
        let read = self.sql(node, |_| ()).is_some();
        if read {
            self.nodes[node].knows_user = self.now;
        }
        read
    }

    fn find(&mut self, node: usize, refresh: &mut Refresh, rev: Rev) -> Option<Outcome> {
        let session = refresh.session;
        let Some(row) = self.sql(node, |world| world.sql.content.sessions[session]) else {
            return Some(Outcome::Unavailable);
        };
        if let Some(reason) = row.revoked {
            return Some(Outcome::Refused(Verdict::Ended(reason)));
        }
        let family = row.family;
        refresh.stage = Stage::Refill { rev, family };
        None
    }

    fn advance_in_redis(&mut self, node: usize, refresh: &mut Refresh) -> Option<Outcome> {
        let script = Script::Advance {
            session: refresh.session,
            presented: refresh.presented,
            seen: self.nodes[node].last.number,
        };
        let reply = self.script(node, script, Some(refresh.request));
        if reply.is_none() && self.law.broken(Flaw::TroubleIsOver) {
            return Some(Outcome::Refused(Verdict::Ended(EndReason::Unknown)));
        }
        match reply {
            None => refresh.stage = Stage::Sql,
            Some(Reply::Stale) => {
                refresh.stage = Stage::Sql;
                self.nudge(node);
            }
            Some(Reply::Missing(_)) if self.law.broken(Flaw::MissingIsOver) => {
                return Some(Outcome::Refused(Verdict::Ended(EndReason::Unknown)));
            }
            Some(Reply::Missing(rev)) => refresh.stage = Stage::Find { rev },
            Some(Reply::Ended(reason)) => {
                return Some(Outcome::Refused(Verdict::Ended(reason)));
            }
            Some(Reply::Record { before, moved }) => {
                let clock = self.now + self.redis.ahead;
                return self.judge_step(node, refresh, &before, moved, clock, true);
            }
            Some(Reply::Done(_) | Reply::Rev(_)) => {}
        }
        None
    }

    fn advance_in_sql(&mut self, node: usize, refresh: &mut Refresh) -> Option<Outcome> {
        let (session, presented) = (refresh.session, refresh.presented);
        let Some((row, moved)) = self.advance_sql(node, session, presented, refresh.request) else {
            return Some(Outcome::Unavailable);
        };
        if let Some(reason) = row.revoked {
            return Some(Outcome::Refused(Verdict::Ended(reason)));
        }
        if moved {
            self.nodes[node].raise[session] = true;
        }
        let clock = self.now + self.sql.ahead;
        self.judge_step(node, refresh, &row.family, moved, clock, false)
    }

    /// What the verdict on a step leads to.
    fn judge_step(
        &mut self,
        node: usize,
        refresh: &mut Refresh,
        before: &Family,
        moved: bool,
        clock: i64,
        redis: bool,
    ) -> Option<Outcome> {
        let (session, presented) = (refresh.session, refresh.presented);
        let verdict = self.law.judge(session, before, None, presented, clock);
        match verdict {
            Verdict::Rotate | Verdict::Heal if moved => {
                let after = self.law.moves(session, before, presented, clock)?;
                if redis {
                    self.journal(node, session, presented, after, clock);
                }
                let newest = after.generation;
                refresh.stage = Stage::User { newest };
                None
            }
            Verdict::Rotate | Verdict::Heal => again(refresh),
            Verdict::Retry => {
                self.presented(refresh.request);
                let newest = before.generation;
                refresh.stage = Stage::User { newest };
                None
            }
            Verdict::LateRetry => {
                let before = *before;
                refresh.stage = Stage::StampLate { redis, before };
                None
            }
            Verdict::Reuse => {
                refresh.stage = Stage::Reuse;
                None
            }
            Verdict::Throttled { .. } => Some(Outcome::Unavailable),
            Verdict::Ended(_) | Verdict::WrongClient | Verdict::Implausible => {
                Some(Outcome::Refused(verdict))
            }
        }
    }

    fn stamp(
        &mut self,
        node: usize,
        refresh: &mut Refresh,
        redis: bool,
        before: &Family,
    ) -> Option<Outcome> {
        let (session, presented) = (refresh.session, refresh.presented);
        let stamped = if redis {
            let script = Script::StampLate {
                session,
                presented,
                family: *before,
            };
            match self.script(node, script, Some(refresh.request)) {
                Some(Reply::Done(stamped)) => Some(stamped),
                _ => None,
            }
        } else {
            self.sql(node, |world| {
                let now = world.now;
                let stamped = world.sql.stamp_late(session, presented, before, now);
                if stamped {
                    world.presented(refresh.request);
                }
                stamped
            })
        };
        match stamped {
            None => Some(Outcome::Unavailable),
            Some(false) => again(refresh),
            Some(true) => {
                if redis {
                    let clock = self.now + self.redis.ahead;
                    let after = late(before, presented, clock);
                    self.journal(node, session, presented, after, clock);
                    refresh.stage = Stage::StampSql { before: *before };
                    return None;
                }
                let newest = before.generation;
                refresh.stage = Stage::User { newest };
                None
            }
        }
    }

    fn journal(
        &mut self,
        node: usize,
        session: usize,
        presented: Generation,
        family: Family,
        clock: i64,
    ) {
        if self.law.broken(Flaw::NoJournal) {
            return;
        }
        self.nodes[node].journal[session].push(Entry {
            digest: SessionDigest([0; 32]),
            session: session_id(session),
            client: self.law.client(),
            presented,
            policy: *self.law.policy(),
            family,
            at: Timestamp::from_millis(clock),
        });
    }
}

/// The step is taken again, unless it was too often.
fn again(refresh: &mut Refresh) -> Option<Outcome> {
    refresh.tries += 1;
    refresh.fills = 0;
    refresh.stage = Stage::Redis;
    (refresh.tries >= TRIES).then_some(Outcome::Unavailable)
}
