use std::fmt::Write as _;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::processes::{Node, Site, User};
use crate::servers::{Postgres, Proxy, Redis, TestDatabase};

/// The longest that an answer may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// Within this long everybody hears of what a part that is well knows: what is promised is a
/// second, the rest is for a busy machine.
pub(crate) const HEARD: Duration = Duration::from_secs(3);

/// Servers, the ways between them, and since when each is well.
pub(crate) struct World {
    pub(crate) interval: Duration,
    pub(crate) postgres: Postgres,
    pub(crate) database: TestDatabase,
    pub(crate) redis: Redis,
    ways: [Proxy; 2],
    site: Site,
    nodes: [Node; 2],
    user: User,
    http: Client,
    dump: Vec<(Vec<u8>, Vec<u8>, i64)>,
    /// From when the database's standby is.
    pub(crate) standby: Option<Instant>,
    database_well: Option<Instant>,
    redis_frozen: bool,
    cut_off: [bool; 2],
    ways_well: [Option<Instant>; 2],
    /// When each node began.
    pub(crate) born: [Instant; 2],
    story: String,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl World {
    pub(crate) async fn begin(interval: Duration) -> Self {
        let postgres = Postgres::start();
        let redis = Redis::with(&["--appendonly", "yes", "--appendfsync", "everysec"]);
        let database = postgres.database().await;
        let seconds = format!("{}s", interval.as_secs());
        let site = Site::new(&[
            ("SIGNET_STORE__DATABASE", &database.url),
            ("SIGNET_SESSIONS__REUSE_INTERVAL", &seconds),
        ]);
        let ways = [(); 2].map(|()| {
            let _elsewhere = elsewhere().enter();
            Proxy::to_redis(redis.folder())
        });
        let nodes = ways.each_ref().map(|way| start(&site, way));
        let user = site.user("ada");
        let now = Instant::now();
        Self {
            interval,
            postgres,
            database,
            redis,
            ways,
            site,
            nodes,
            user,
            http: Client::builder().timeout(PATIENCE).build().unwrap(),
            dump: Vec::new(),
            standby: None,
            database_well: Some(now),
            redis_frozen: false,
            cut_off: [false; 2],
            ways_well: [Some(now); 2],
            born: [now; 2],
            story: String::new(),
        }
    }

    pub(crate) fn node(&self, node: usize) -> &Node {
        &self.nodes[node]
    }

    /// Begins a story.
    pub(crate) fn begin_story(&mut self, seed: u64) {
        self.story = format!("seed {seed}\n");
        self.dump.clear();
        self.standby = None;
    }

    /// Tells what happens.
    pub(crate) fn tell(&mut self, what: &str) {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let (seconds, millis) = (now.as_secs() % 1000, now.subsec_millis());
        writeln!(self.story, "{seconds:03}.{millis:03} {what}").unwrap();
    }

    /// Ends the test.
    pub(crate) fn broken(&self, promise: &str) -> ! {
        panic!("{promise}\n{}", self.story)
    }

    pub(crate) fn crash_node(&mut self, node: usize) {
        self.nodes[node].crash();
        self.nodes[node] = start(&self.site, &self.ways[node]);
        self.born[node] = Instant::now();
    }

    pub(crate) fn crash_database(&mut self) {
        self.postgres.crash();
        self.database_well = None;
    }

    pub(crate) fn start_database(&mut self) {
        self.postgres.start_again();
        self.database_well = Some(Instant::now());
    }

    pub(crate) async fn keep(&mut self) {
        self.database.keep().await;
        self.standby = Some(Instant::now());
    }

    pub(crate) async fn fail_over(&mut self) {
        self.database.fail_over().await;
        self.database_well = Some(Instant::now());
    }

    pub(crate) fn crash_redis(&mut self) {
        self.thaw();
        self.redis.crash();
        self.ways_well = [None; 2];
    }

    pub(crate) fn start_redis(&mut self) {
        self.redis.start_again();
        self.look();
    }

    pub(crate) fn freeze(&mut self) {
        self.redis.freeze();
        self.redis_frozen = true;
        self.look();
    }

    pub(crate) fn thaw(&mut self) {
        self.redis.thaw();
        self.redis_frozen = false;
        self.look();
    }

    /// Cuts a node off from Redis, or no longer.
    pub(crate) fn cut_off(&mut self, node: usize, off: bool) {
        if off {
            self.ways[node].block();
        } else {
            self.ways[node].unblock();
        }
        self.cut_off[node] = off;
        self.look();
    }

    pub(crate) fn is_cut_off(&self, node: usize) -> bool {
        self.cut_off[node]
    }

    fn look(&mut self) {
        for node in 0..2 {
            let open = !self.redis_frozen && !self.cut_off[node];
            let since = self.ways_well[node].unwrap_or_else(Instant::now);
            self.ways_well[node] = open.then_some(since);
        }
    }

    /// Whether the database has been well for long enough that every node knows what it knows.
    pub(crate) fn database_is_well(&self) -> bool {
        self.database_well
            .is_some_and(|since| since.elapsed() > HEARD)
    }

    /// Whether a node has had a way to Redis for long enough to have told it what it knows.
    pub(crate) fn way_is_well(&self, node: usize) -> bool {
        self.ways_well[node].is_some_and(|since| since.elapsed() > HEARD)
    }

    /// Keeps what Redis has.
    pub(crate) fn dump(&mut self) {
        self.thaw();
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
    pub(crate) fn roll_back(&mut self) {
        self.thaw();
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

    /// Has somebody ask a node; nothing where no answer comes.
    pub(crate) async fn ask(&self, operation: &str, token: &str, node: usize) -> Option<Answer> {
        let body = json!({ "refresh_token": token });
        let request = self.http.post(self.nodes[node].url(operation)).json(&body);
        self.send(request).await
    }

    /// Tries to log somebody in.
    pub(crate) async fn ask_to_log_in(&self, node: usize) -> Option<Answer> {
        let request = self.user.ask_to_log_in(&self.http, self.node(node), "");
        self.send(request).await
    }

    async fn send(&self, request: RequestBuilder) -> Option<Answer> {
        let began = Instant::now();
        let answer = request.send().await.ok();
        if began.elapsed() > PATIENCE {
            self.broken("no answer in time");
        }
        let answer = answer?;
        let status = answer.status().as_u16();
        if status == 503 && !answer.headers().contains_key("retry-after") {
            self.broken("503 does not say when to come again");
        }
        let body = answer.json().await.unwrap_or_default();
        Some(Answer { status, body })
    }
}

/// Starts a node that finds Redis on this way.
fn start(site: &Site, way: &Proxy) -> Node {
    site.start_with(&[("SIGNET_STORE__REDIS", &way.redis_url())])
}

/// Where the ways are kept open while a world waits for a server.
fn elsewhere() -> &'static Runtime {
    static ELSEWHERE: OnceLock<Runtime> = OnceLock::new();
    ELSEWHERE.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().unwrap()
    })
}
