//! What happens, drawn from a seed.

use std::time::{Duration, Instant};

use crate::law::{goes_away, goes_back};
use crate::people::{Asked, Over, Person, Standing, generation};
use crate::random::Random;
use crate::world::{Answer, HEARD, World};

/// How many people each schedule has.
const PEOPLE: usize = 3;
/// Within this long everybody goes on again after trouble is over.
const SOON: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, Copy)]
enum Event {
    Refresh,
    /// The answer is lost.
    LostAnswer,
    /// Two tabs at once, or a request that is delivered twice.
    TwoTabs,
    /// A tab that slept for a moment.
    SpentToken,
    LogOut,
    NodeCrashes,
    RedisCrashes,
    RedisIsFlushed,
    RedisIsDumped,
    RedisRollsBack,
    RedisFreezes,
    RedisThaws,
    NodeIsCutOff,
    DatabaseCrashes,
    StandbyIsCutOff,
    DatabaseFailsOver,
    BothCrash,
    /// Redis stops for twice the reuse interval.
    LongStop,
    TokenIsStolen,
    ThiefRefreshes,
}

const ALWAYS: [(u64, Event); 17] = [
    (20, Event::Refresh),
    (6, Event::LostAnswer),
    (8, Event::TwoTabs),
    (4, Event::SpentToken),
    (4, Event::LogOut),
    (2, Event::NodeCrashes),
    (4, Event::RedisCrashes),
    (4, Event::RedisIsFlushed),
    (3, Event::RedisIsDumped),
    (3, Event::RedisRollsBack),
    (4, Event::RedisFreezes),
    (4, Event::RedisThaws),
    (6, Event::NodeIsCutOff),
    (3, Event::DatabaseCrashes),
    (2, Event::StandbyIsCutOff),
    (2, Event::DatabaseFailsOver),
    (1, Event::BothCrash),
];
/// Where the reuse interval is short.
const SHORT: [(u64, Event); 3] = [
    (1, Event::LongStop),
    (8, Event::TokenIsStolen),
    (8, Event::ThiefRefreshes),
];

impl World {
    pub(crate) async fn run(&mut self, seed: u64) {
        let mut random = Random::new(seed);
        self.begin_story(seed);
        let is_short = self.interval < Duration::from_secs(30);
        let short = if is_short { &SHORT[..] } else { &[] };
        let events = [&ALWAYS[..], short].concat();
        let mut people = Vec::new();
        for name in 0..PEOPLE {
            people.push(Person::new(name, self.log_in(name % 2).await));
        }
        for _ in 0..random.within(6, 13) {
            let event = random.weighted(&events);
            let who = usize::try_from(random.below(PEOPLE as u64)).unwrap();
            let node = usize::try_from(random.below(2)).unwrap();
            self.tell(&format!("{event:?}: person {who}, node {node}"));
            self.happens(event, &mut people, who, node).await;
        }
        self.tell("all is well again");
        self.thaw();
        for node in 0..2 {
            self.cut_off(node, false);
        }
        for person in &mut people {
            self.comes_to_rest(person).await;
        }
        self.thieves_are_found_out(&mut people).await;
    }

    async fn happens(&mut self, event: Event, people: &mut [Person], who: usize, node: usize) {
        let person = &mut people[who];
        match event {
            Event::Refresh => drop(self.refresh(person, node).await),
            Event::LostAnswer => {
                person.shown.get_or_insert_with(Instant::now);
                self.ask("refresh", &person.token, node).await;
            }
            Event::TwoTabs => self.refresh_twice(person).await,
            Event::SpentToken => self.refresh_with_the_one_before(person, node).await,
            Event::LogOut => self.log_out(person, node).await,
            Event::TokenIsStolen => person.stolen = Some(person.token.clone()),
            Event::ThiefRefreshes => self.abuse(person, node).await,
            Event::NodeCrashes => self.crash_node(node),
            Event::RedisCrashes => {
                self.crash_redis();
                self.refresh(person, node).await;
                self.start_redis();
            }
            Event::RedisIsFlushed => {
                self.thaw();
                self.redis.flush();
            }
            Event::RedisIsDumped => self.dump(),
            Event::RedisRollsBack => self.roll_back(),
            Event::RedisFreezes => self.freeze(),
            Event::RedisThaws => self.thaw(),
            Event::NodeIsCutOff => self.cut_off(node, !self.is_cut_off(node)),
            Event::StandbyIsCutOff => self.keep().await,
            Event::DatabaseFailsOver => {
                if let Some(moment) = self.standby {
                    self.fail_over().await;
                    goes_back(people, moment);
                }
            }
            Event::DatabaseCrashes | Event::BothCrash => self.crash(event, people, who, node).await,
            Event::LongStop => self.stop_redis_for_long(people, node).await,
        }
    }

    /// The database crashes, and perhaps Redis with it; people come all the same.
    async fn crash(&mut self, event: Event, people: &mut [Person], who: usize, node: usize) {
        let both = matches!(event, Event::BothCrash);
        self.crash_database();
        goes_away(people);
        if both {
            self.crash_redis();
        }
        for at in [node, 1 - node] {
            let answered = self.refresh(&mut people[who], at).await;
            if both && answered {
                self.broken("nobody could know what was answered");
            }
        }
        let other = (who + 1) % PEOPLE;
        self.log_out(&mut people[other], node).await;
        self.refresh(&mut people[other], 1 - node).await;
        if both {
            self.start_redis();
        }
        self.start_database();
    }

    async fn stop_redis_for_long(&mut self, people: &mut [Person], node: usize) {
        self.freeze();
        let began = Instant::now();
        let mut turn = node;
        while began.elapsed() < 2 * self.interval {
            for person in &mut *people {
                self.refresh(person, turn % 2).await;
                turn += 1;
            }
            tokio::time::sleep_until((Instant::now() + self.interval / 4).into()).await;
        }
        self.thaw();
    }

    /// A tab presents what all share, and keeps what it is answered. Whether that was something.
    async fn refresh(&mut self, person: &mut Person, node: usize) -> bool {
        person.shown.get_or_insert_with(Instant::now);
        let presented = person.token.clone();
        let answer = self.ask("refresh", &presented, node).await;
        self.check(person, &presented, node, answer)
    }

    async fn refresh_twice(&mut self, person: &mut Person) {
        person.shown.get_or_insert_with(Instant::now);
        let presented = person.token.clone();
        let answers = tokio::join!(
            self.ask("refresh", &presented, 0),
            self.ask("refresh", &presented, 1)
        );
        self.check(person, &presented, 0, answers.0);
        self.check(person, &presented, 1, answers.1);
    }

    /// With a token that was spent within the interval.
    async fn refresh_with_the_one_before(&mut self, person: &mut Person, node: usize) {
        let Some((token, shown)) = person.before.clone() else {
            return;
        };
        if shown.elapsed() * 2 < self.interval {
            let answer = self.ask("refresh", &token, node).await;
            self.check(person, &token, node, answer);
        }
    }

    /// The thief presents what he has, and keeps what he is answered.
    async fn abuse(&mut self, person: &mut Person, node: usize) {
        let Some(stolen) = person.stolen.clone() else {
            return;
        };
        person.abused = true;
        let answer = self.ask("refresh", &stolen, node).await;
        let next = answer
            .as_ref()
            .and_then(|answer| answer.body["refresh_token"].as_str());
        if let Some(next) = next {
            person.stolen = Some(next.to_owned());
        }
        // What he takes is not the owner's.
        let (token, before) = (person.token.clone(), person.before.clone());
        self.check(person, &stolen, node, answer);
        if person.token != token {
            (person.token, person.before) = (token, before);
            person.shown.get_or_insert_with(Instant::now);
        }
    }

    async fn log_out(&mut self, person: &mut Person, node: usize) {
        let at = Instant::now();
        let forgotten = !self.way_is_well(node);
        let answer = self.ask("logout", &person.token, node).await;
        let status = answer.map_or(0, |answer| answer.status);
        self.tell(&format!("  {} logs out at {node}: {status}", person.name));
        match (status, person.standing) {
            (_, Standing::Over(_)) => {}
            (204, _) => {
                let at = Instant::now();
                let early = false;
                person.standing = Standing::Over(Over {
                    by: node,
                    at,
                    early,
                });
                self.soon_everybody_knows(person, 1 - node).await;
            }
            (0 | 503, Standing::Lives) => {
                person.standing = Standing::Asked(Asked {
                    by: node,
                    at,
                    refused: false,
                    forgotten,
                });
            }
            (0 | 503, _) => {}
            _ => self.broken("a logout was refused"),
        }
    }

    /// Logs somebody in, soon after whatever trouble there was.
    async fn log_in(&mut self, node: usize) -> String {
        let began = Instant::now();
        loop {
            match self.ask_to_log_in(node).await {
                Some(Answer { status: 200, body }) => {
                    return body["refresh_token"].as_str().unwrap().to_owned();
                }
                None | Some(Answer { status: 503, .. }) if began.elapsed() < SOON => {}
                None => self.broken("nobody answers a login"),
                Some(Answer { status, body }) => {
                    self.broken(&format!("a login: {status}: {body}"));
                }
            }
        }
    }

    /// Sometimes it happens at once that nobody asks for the session.
    async fn soon_everybody_knows(&mut self, person: &mut Person, node: usize) {
        let token = person.token.clone();
        let answer = self.ask("refresh", &token, node).await;
        self.check(person, &token, node, answer);
    }

    /// All is well again: everybody is answered soon at both nodes, as they ought to be.
    async fn comes_to_rest(&mut self, person: &mut Person) {
        for node in 0..2 {
            let began = Instant::now();
            loop {
                let answered = self.refresh(person, node).await;
                let rests = answered && (!person.is_over() || self.is_settled(person));
                if rests {
                    break;
                }
                if began.elapsed() > SOON {
                    self.broken("stranded");
                }
                tokio::task::yield_now().await;
            }
        }
    }

    /// Whether nobody may be ignorant of the end of a session any more.
    fn is_settled(&self, person: &Person) -> bool {
        match person.standing {
            Standing::Over(over) => over.at.elapsed() > HEARD && self.database_is_well(),
            _ => true,
        }
    }

    /// When owner and thief have both moved on, the session ends at the next token that was spent
    /// before the last burst.
    async fn thieves_are_found_out(&mut self, people: &mut [Person]) {
        let robbed = |person: &Person| person.lives() && person.stolen.is_some();
        if !people.iter().any(robbed) {
            return;
        }
        let later = Instant::now() + self.interval + Duration::from_secs(1);
        tokio::time::sleep_until(later.into()).await;
        for person in people.iter_mut().filter(|person| robbed(person)) {
            for node in 0..2 {
                self.refresh(person, node).await;
            }
            let stolen = person.stolen.as_deref().map(generation);
            if !person.lives() || stolen >= Some(generation(&person.token)) {
                continue;
            }
            self.abuse(person, 0).await;
            if person.lives() {
                self.broken("a thief was not found out");
            }
            self.comes_to_rest(person).await;
        }
    }
}
