//! What may be answered, and what not.

use std::time::{Duration, Instant};

use crate::people::{Asked, Over, Person, Standing, generation};
use crate::world::{Answer, HEARD, World};

/// What a busy machine may add to an interval.
const SLACK: Duration = Duration::from_secs(1);

impl World {
    /// Whether a refresh was answered, as the promises have it.
    pub(crate) fn check(
        &mut self,
        person: &mut Person,
        presented: &str,
        node: usize,
        answer: Option<Answer>,
    ) -> bool {
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        let (name, number) = (person.name, generation(presented));
        self.tell(&format!("  {name} at {node} with {number}: {status}"));
        match answer {
            Some(Answer { status: 200, body }) => {
                let next = body["refresh_token"].as_str().unwrap().to_owned();
                self.goes_on(person, presented, next);
                true
            }
            Some(Answer { status: 401, body }) => {
                if body["code"] != "session_ended" {
                    self.broken(&format!("refused: {body}"));
                }
                let reason = body["reason"].as_str().unwrap_or_default();
                self.is_refused(person, presented, node, reason);
                true
            }
            None
            | Some(Answer {
                status: 429 | 503, ..
            }) => false,
            Some(Answer { status, body }) => self.broken(&format!("{status}: {body}")),
        }
    }

    fn goes_on(&mut self, person: &mut Person, presented: &str, next: String) {
        match person.standing {
            Standing::Lives | Standing::Unknown => {}
            Standing::Asked(asked) if self.may_be_forgotten(&asked) => {}
            Standing::Over(over) if self.may_be_unknown(&over) => {}
            Standing::Asked(_) => self.broken("a session that was refused goes on"),
            Standing::Over(_) => self.broken("a session that ended goes on"),
        }
        let number = generation(&next);
        if number <= generation(presented) {
            self.broken("the next token is not above the one before");
        }
        let first = person.seen.entry(number).or_insert_with(|| next.clone());
        if *first != next {
            self.broken("two successors");
        }
        let is_late = |shown: Instant| shown.elapsed() + SLACK > self.interval;
        if presented == person.token {
            person.was_late |= person.shown.is_some_and(is_late);
            person.take(next);
        }
    }

    fn is_refused(&mut self, person: &mut Person, presented: &str, node: usize, reason: &str) {
        let is_late = |shown: Instant| shown.elapsed() + SLACK > self.interval;
        let is_reuse = person.abused || person.may_be_two_behind(presented);
        match &mut person.standing {
            Standing::Over(_) | Standing::Unknown => {}
            Standing::Asked(asked) => asked.refused = true,
            Standing::Lives if is_reuse && reason == "reuse" => {
                person.standing = self.ended_by(node);
            }
            Standing::Lives
                if presented == person.token
                    && person.was_late
                    && person.shown.is_some_and(is_late) =>
            {
                self.tell("  too late a second time");
                person.standing = self.ended_by(node);
            }
            Standing::Lives => self.broken(&format!("refused: {reason}")),
        }
    }

    /// A session that a node has just found to be abused. Where the database may not have heard of
    /// it, its end is like one that was asked for and refused.
    fn ended_by(&self, node: usize) -> Standing {
        let at = Instant::now();
        if self.database_is_well() {
            return Standing::Over(Over {
                by: node,
                at,
                early: false,
            });
        }
        Standing::Asked(Asked {
            by: node,
            at,
            refused: true,
            forgotten: !self.way_is_well(node),
        })
    }

    /// The first stated exception: while the database has not heard of the end of a session, Redis
    /// may forget it, and the node that was asked may end.
    fn may_be_forgotten(&self, asked: &Asked) -> bool {
        let heard = self.database_is_well() && asked.at.elapsed() > HEARD;
        !asked.refused || asked.forgotten || self.born[asked.by] > asked.at || !heard
    }

    /// The second: the database went away before the other nodes heard of it, and the node that
    /// knows cannot tell Redis.
    fn may_be_unknown(&self, over: &Over) -> bool {
        let tells = self.way_is_well(over.by) && self.born[over.by] < over.at;
        over.at.elapsed() < HEARD || (over.early && !tells && !self.database_is_well())
    }
}

/// The database goes away: who was acknowledged just now may not be known everywhere.
pub(crate) fn goes_away(people: &mut [Person]) {
    for person in people {
        if let Standing::Over(over) = &mut person.standing {
            over.early |= over.at.elapsed() < HEARD;
        }
    }
}

/// The database goes back to that moment: what ended since may live again.
pub(crate) fn goes_back(people: &mut [Person], to: Instant) {
    for person in people {
        let at = match person.standing {
            Standing::Over(over) => over.at,
            Standing::Asked(asked) => asked.at,
            Standing::Lives | Standing::Unknown => continue,
        };
        if at > to {
            person.standing = Standing::Unknown;
        }
    }
}
