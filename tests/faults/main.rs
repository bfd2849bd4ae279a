//! Two real nodes, a real PostgreSQL and a real Redis, and what happens to them in schedules that
//! are drawn from seeds, while people with several tabs go on refreshing.
//!
//! `SIGNET_SEED=… cargo test --test faults` runs one schedule.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../processes/mod.rs"]
mod processes;
#[path = "../simulation/random.rs"]
#[expect(dead_code, reason = "the simulation uses it all")]
mod random;
#[path = "../servers/mod.rs"]
mod servers;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use processes::{Node, Site, User};
use random::Random;
use reqwest::Client;
use serde_json::{Value, json};
use servers::{Postgres, Redis};
use signet::model::refresh_token::{RefreshTokenFields, TokenPrefix};
use tokio::time::Instant;

const SEEDS: u64 = 200;
/// Worlds that run at the same time, each with servers of its own.
const WORLDS: u64 = 3;
/// How many people each schedule has.
const PEOPLE: usize = 4;
/// Within this long everybody goes on again after trouble is over.
const SOON: Duration = Duration::from_secs(10);
/// The longest that an answer may take.
const PATIENCE: Duration = Duration::from_millis(4_500);

struct World {
    postgres: Postgres,
    redis: Redis,
    site: Site,
    nodes: [Node; 2],
    user: User,
    http: Client,
    dump: Vec<(Vec<u8>, Vec<u8>, i64)>,
    story: String,
}

/// Somebody with a session, whose tabs share a token.
struct Person {
    token: String,
    /// Which string each generation was.
    seen: HashMap<u32, String>,
    /// Whether a logout was asked for, and whether it was told to be done.
    leaves: bool,
    over: bool,
}

impl World {
    async fn begin() -> Self {
        let postgres = Postgres::start();
        let redis = Redis::with(&["--appendonly", "yes", "--appendfsync", "everysec"]);
        let database = postgres.database().await.url;
        let site = Site::new(&[
            ("SIGNET_STORE__DATABASE", &database),
            ("SIGNET_STORE__REDIS", &redis.url()),
        ]);
        let nodes = [site.start(), site.start()];
        let user = site.user("ada");
        Self {
            postgres,
            redis,
            site,
            nodes,
            user,
            http: Client::builder().timeout(PATIENCE).build().unwrap(),
            dump: Vec::new(),
            story: String::new(),
        }
    }

    async fn run(&mut self, seed: u64) {
        let mut random = Random::new(seed);
        self.story = format!("seed {seed}\n");
        let mut people = Vec::new();
        for _ in 0..PEOPLE {
            people.push(Person::new(
                self.user.log_in(&self.http, &self.nodes[0]).await,
            ));
        }
        for _ in 0..random.within(8, 16) {
            self.event(&mut people, &mut random).await;
        }
        self.redis.thaw();
        for person in &mut people {
            self.goes_on(person).await;
        }
    }

    async fn event(&mut self, people: &mut [Person], random: &mut Random) {
        let kind = random.weighted(&[
            (10, 0),
            (4, 1),
            (4, 2),
            (1, 3),
            (2, 4),
            (1, 5),
            (2, 6),
            (2, 7),
            (1, 8),
            (2, 9),
            (2, 10),
        ]);
        let who = usize::try_from(random.below(PEOPLE as u64)).unwrap();
        let node = usize::try_from(random.below(2)).unwrap();
        writeln!(self.story, "{kind}: person {who}, node {node}").unwrap();
        match kind {
            0 => self.refresh(&mut people[who], node).await,
            // The answer is lost.
            1 => drop(self.ask(&people[who].token, node).await),
            // Two tabs at once, or a request that is delivered twice.
            2 => self.refresh_twice(&mut people[who]).await,
            3 => {
                self.nodes[node].crash();
                self.nodes[node] = self.site.start();
            }
            4 => {
                self.redis.thaw();
                self.redis.crash();
                self.refresh(&mut people[who], node).await;
                self.redis.start_again();
            }
            5 => {
                self.postgres.crash();
                self.refresh(&mut people[who], node).await;
                self.postgres.start_again();
            }
            6 => {
                self.redis.thaw();
                self.redis.flush();
            }
            7 => {
                self.redis.thaw();
                self.dump();
            }
            8 => {
                self.redis.thaw();
                self.roll_back();
            }
            9 => self.redis.freeze(),
            _ => self.log_out(&mut people[who], node).await,
        }
    }

    /// Keeps what Redis has.
    fn dump(&mut self) {
        let mut redis = self.redis.connect();
        let keys = self.redis.keys();
        self.dump = keys
            .into_iter()
            .filter_map(|key| {
                let value: Option<Vec<u8>> = redis::cmd("DUMP").arg(&key).query(&mut redis).ok()?;
                let ends: i64 = redis::cmd("PEXPIRETIME").arg(&key).query(&mut redis).ok()?;
                Some((key, value?, ends.max(0)))
            })
            .collect();
    }

    /// Has Redis go back to what was kept, in one step.
    fn roll_back(&mut self) {
        let mut pipe = redis::pipe();
        pipe.atomic().cmd("FLUSHALL");
        for (key, value, ends) in &self.dump {
            pipe.cmd("RESTORE")
                .arg(key)
                .arg(ends)
                .arg(value)
                .arg("ABSTTL");
        }
        pipe.exec(&mut self.redis.connect()).unwrap();
    }

    async fn ask(&self, token: &str, node: usize) -> Option<(u16, Value)> {
        let body = json!({ "refresh_token": token });
        let request = self.http.post(self.nodes[node].url("refresh")).json(&body);
        let began = Instant::now();
        let answer = request.send().await.ok();
        assert!(
            began.elapsed() < PATIENCE,
            "no answer in time\n{}",
            self.story
        );
        let answer = answer?;
        Some((answer.status().as_u16(), answer.json().await.ok()?))
    }

    /// A tab presents what all share, and keeps what it is answered.
    async fn refresh(&mut self, person: &mut Person, node: usize) {
        let answer = self.ask(&person.token, node).await;
        self.check(person, answer);
    }

    async fn refresh_twice(&mut self, person: &mut Person) {
        let answers = tokio::join!(self.ask(&person.token, 0), self.ask(&person.token, 1));
        let presented = person.token.clone();
        self.check(person, answers.0);
        let newest = std::mem::replace(&mut person.token, presented);
        self.check(person, answers.1);
        if generation(&newest) > generation(&person.token) {
            person.token = newest;
        }
    }

    /// Whether the answer keeps the promises. Whether it was one.
    fn check(&self, person: &mut Person, answer: Option<(u16, Value)>) -> bool {
        let story = &self.story;
        let Some((status, body)) = answer else {
            return false;
        };
        if person.over {
            assert_ne!(status, 200, "a session that ended goes on\n{story}");
            return status == 401;
        }
        match status {
            200 => {
                let next = body["refresh_token"].as_str().unwrap().to_owned();
                let number = generation(&next);
                assert!(number > generation(&person.token), "not above\n{story}");
                let first = person.seen.entry(number).or_insert_with(|| next.clone());
                assert_eq!(*first, next, "two successors\n{story}");
                person.token = next;
                true
            }
            429 | 503 => false,
            // A logout that was not acknowledged holds from when the database has it. Until then
            // Redis alone bars the session, and may forget (the one exception of the promise).
            401 if person.leaves => true,
            _ => panic!("refused: {body}\n{story}"),
        }
    }

    async fn log_out(&mut self, person: &mut Person, node: usize) {
        person.leaves = true;
        let body = json!({ "refresh_token": person.token });
        let request = self.http.post(self.nodes[node].url("logout")).json(&body);
        if let Ok(answer) = request.send().await
            && answer.status() == 204
        {
            person.over = true;
            self.story.push_str("  logged out\n");
            // Within a second on every node.
            let began = Instant::now();
            while began.elapsed() < Duration::from_secs(1)
                && matches!(self.ask(&person.token, 1 - node).await, Some((200, _)))
            {}
        }
    }

    /// All is well again: everybody is answered soon, as they ought to be.
    async fn goes_on(&mut self, person: &mut Person) {
        for node in 0..2 {
            let began = Instant::now();
            loop {
                let answer = self.ask(&person.token, node).await;
                if self.check(person, answer) {
                    break;
                }
                assert!(began.elapsed() < SOON, "stranded\n{}", self.story);
                tokio::task::yield_now().await;
            }
        }
    }
}

impl Person {
    fn new(token: String) -> Self {
        Self {
            token,
            seen: HashMap::new(),
            leaves: false,
            over: false,
        }
    }
}

fn generation(token: &str) -> u32 {
    let prefix: TokenPrefix = "signet".parse().unwrap();
    let fields = RefreshTokenFields::decode(token, &[prefix]).unwrap();
    fields.generation.number()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promises_hold_in_every_schedule() {
    let wanted = std::env::var("SIGNET_SEED").ok();
    let seeds = wanted.map_or((0..SEEDS).collect(), |seed| {
        vec![seed.parse::<u64>().unwrap()]
    });
    let mut worlds = tokio::task::JoinSet::new();
    for part in 0..WORLDS {
        let seeds: Vec<u64> = seeds
            .iter()
            .copied()
            .filter(|seed| seed % WORLDS == part)
            .collect();
        if !seeds.is_empty() {
            worlds.spawn(async move {
                let mut world = World::begin().await;
                for seed in seeds {
                    world.run(seed).await;
                }
            });
        }
    }
    while let Some(world) = worlds.join_next().await {
        world.unwrap();
    }
}
