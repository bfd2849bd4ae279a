//! `kill -9` under load, of each part: nobody is logged out by it, nor by how long it is away.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod processes;
mod servers;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use processes::{Node, Site};
use reqwest::Client;
use serde_json::{Value, json};
use servers::{Postgres, Redis};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

const SESSIONS: usize = 64;
/// Below the 64 that a session may do at once.
const REFRESHES: usize = 30;
const CRASHES: usize = 4;
/// How long a client waits before it comes again, unless something has changed.
const AGAIN: Duration = Duration::from_millis(200);
/// How long a request may take while a part is away.
const PATIENCE: Duration = Duration::from_millis(2_900);
const AT_ONCE: Duration = Duration::ZERO;
/// Of the shortest interval that there is: whoever lost an answer comes back too late for a retry.
const TWICE_THE_INTERVAL: Duration = Duration::from_secs(11);

#[tokio::test]
async fn every_session_goes_on_after_each_crash_on_sqlite() {
    every_session_goes_on_after_each_crash_of_the_server("sqlite://data/signet.db").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_session_goes_on_after_each_crash_on_postgresql() {
    let database = Postgres::shared().database().await;
    every_session_goes_on_after_each_crash_of_the_server(&database.url).await;
}

async fn every_session_goes_on_after_each_crash_of_the_server(database: &str) {
    let site = Site::new(&[("SIGNET_STORE__DATABASE", database)]);
    let mut node = site.start();
    let mut load = Load::begin(&site, &[&node]).await;
    for crash in 1..=CRASHES {
        load.part(crash, CRASHES).await;
        node.crash();
        node = site.start();
        load.meets(&[&node]);
    }
    load.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_session_goes_on_after_each_crash_of_the_database() {
    const CRASHES: usize = 2;
    let postgres = Postgres::start();
    let database = postgres.database().await.url;
    let site = Site::new(&[("SIGNET_STORE__DATABASE", &database)]);
    let nodes = [site.start(), site.start()];
    let mut load = Load::begin(&site, &nodes.each_ref()).await;
    for crash in 1..=CRASHES {
        load.part(crash, CRASHES).await;
        postgres.crash();
        let told = load.answers.unavailable.so_far() + SESSIONS;
        load.answers.unavailable.reach(told).await;
        postgres.start_again();
        load.meets(&nodes.each_ref());
    }
    load.end().await;
}

/// What is killed.
#[derive(Clone, Copy)]
enum Part {
    Nodes,
    Redis,
    Postgres,
}

/// Kills a part under two nodes with Redis and PostgreSQL, and brings it back after a while.
async fn nobody_is_stranded_without(part: Part, away: Duration) {
    let (postgres, redis) = (
        Postgres::start(),
        Redis::with(&["--appendonly", "yes", "--appendfsync", "everysec"]),
    );
    let database = postgres.database().await.url;
    let site = Site::new(&[
        ("SIGNET_STORE__DATABASE", &database),
        ("SIGNET_STORE__REDIS", &redis.url()),
        ("SIGNET_SESSIONS__REUSE_INTERVAL", "5s"),
    ]);
    let mut nodes = [site.start(), site.start()];
    let mut load = Load::begin(&site, &nodes.each_ref()).await;
    load.part(1, 1).await;
    match part {
        Part::Nodes => nodes.iter_mut().for_each(Node::crash),
        Part::Redis => redis.crash(),
        Part::Postgres => postgres.crash(),
    }
    tokio::time::sleep_until(tokio::time::Instant::now() + away).await;
    match part {
        Part::Nodes => nodes = [site.start(), site.start()],
        Part::Redis => redis.start_again(),
        Part::Postgres => postgres.start_again(),
    }
    load.meets(&nodes.each_ref());
    load.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_stranded_when_the_nodes_crash() {
    nobody_is_stranded_without(Part::Nodes, AT_ONCE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_stranded_when_the_nodes_are_away_for_twice_the_interval() {
    nobody_is_stranded_without(Part::Nodes, TWICE_THE_INTERVAL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_stranded_when_redis_crashes() {
    nobody_is_stranded_without(Part::Redis, AT_ONCE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_stranded_when_redis_is_away_for_twice_the_interval() {
    nobody_is_stranded_without(Part::Redis, TWICE_THE_INTERVAL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_stranded_when_the_database_crashes() {
    nobody_is_stranded_without(Part::Postgres, AT_ONCE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_stranded_when_the_database_is_away_for_twice_the_interval() {
    nobody_is_stranded_without(Part::Postgres, TWICE_THE_INTERVAL).await;
}

/// People who refresh again and again.
struct Load {
    people: JoinSet<()>,
    servers: watch::Sender<Vec<String>>,
    answers: Arc<Answers>,
}

impl Load {
    async fn begin(site: &Site, nodes: &[&Node]) -> Self {
        // A user may have fifty sessions.
        let (users, http) = ([site.user("ada"), site.user("eve")], Client::new());
        let mut people = JoinSet::new();
        let servers = watch::Sender::new(addresses(nodes));
        let answers = Arc::new(Answers::default());
        let mut tokens = Vec::new();
        for session in 0..SESSIONS {
            let user = &users[session % users.len()];
            tokens.push(user.log_in(&http, nodes[0]).await);
        }
        for (person, token) in tokens.into_iter().enumerate() {
            people.spawn(keep_refreshing(
                http.clone(),
                token,
                person,
                servers.subscribe(),
                answers.clone(),
            ));
        }
        Self {
            people,
            servers,
            answers,
        }
    }

    /// Something has changed: these nodes serve.
    fn meets(&self, nodes: &[&Node]) {
        self.servers.send_replace(addresses(nodes));
    }

    /// Waits until this part of all refreshes is done, of one more than there are.
    async fn part(&self, part: usize, of: usize) {
        let refreshes = part * SESSIONS * REFRESHES / (of + 1);
        self.answers.refreshed.reach(refreshes).await;
    }

    async fn end(&mut self) {
        while let Some(person) = self.people.join_next().await {
            person.unwrap();
        }
    }
}

/// Refreshes at one server after the other. Where there is no answer, or it says to come again, the
/// same token goes to the next one.
async fn keep_refreshing(
    http: Client,
    mut token: String,
    mut turn: usize,
    mut servers: watch::Receiver<Vec<String>>,
    answers: Arc<Answers>,
) {
    for _ in 0..REFRESHES {
        let answer = loop {
            turn += 1;
            let url = {
                let servers = servers.borrow_and_update();
                format!("http://{}/v1/auth/refresh", servers[turn % servers.len()])
            };
            let request = http.post(url).json(&json!({ "refresh_token": token }));
            let began = Instant::now();
            // An answer that breaks off is lost like one that never began.
            let answer = async { request.send().await?.json::<Value>().await };
            match answer.await {
                Ok(answer) if answer["code"] == "unavailable" => {
                    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
                    answers.unavailable.count();
                }
                Ok(answer) => break answer,
                Err(_) => {}
            }
            tokio::time::timeout(AGAIN, servers.changed()).await.ok();
        };
        let next = answer["refresh_token"].as_str();
        next.unwrap_or_else(|| panic!("logged out: {answer}"))
            .clone_into(&mut token);
        answers.refreshed.count();
    }
}

/// What was answered so far.
#[derive(Default)]
struct Answers {
    refreshed: Tally,
    unavailable: Tally,
}

#[derive(Default)]
struct Tally {
    count: AtomicUsize,
    more: Notify,
}

impl Tally {
    fn so_far(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    fn count(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.more.notify_one();
    }

    async fn reach(&self, count: usize) {
        while self.so_far() < count {
            self.more.notified().await;
        }
    }
}

fn addresses(nodes: &[&Node]) -> Vec<String> {
    nodes.iter().map(|node| node.address.clone()).collect()
}
