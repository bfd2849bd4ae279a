//! What a refresh costs: on each store, on one node and on two, and as the sessions become many.

use std::time::Duration;

use crate::bare::Bare;
use crate::load::Load;
use crate::report;
use crate::scripts::{ASK_AND_SIGN, ROTATIONS, Refresh, Same};
use crate::servers::{Postgres, Redis};
use crate::sessions::{Opener, fill_database, fill_redis};
use crate::signet::{Home, Signet};

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
/// Enough for this many refreshes a second in all rounds.
const REFRESHES: usize = 30_000 * 2 * ROUNDS;

/// What is kept where, and how much of it.
struct Case {
    name: &'static str,
    store: Store,
    sessions: usize,
    nodes: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Store {
    Sqlite,
    Postgres,
    Redis,
}

const CASES: [Case; 10] = [
    case("sqlite, 1,000", Store::Sqlite, 1_000, 1),
    case("sqlite, 100,000", Store::Sqlite, 100_000, 1),
    case("sqlite, 1,000,000", Store::Sqlite, 1_000_000, 1),
    case("postgres, 1,000", Store::Postgres, 1_000, 1),
    case("postgres, 100,000", Store::Postgres, 100_000, 1),
    case("postgres, 1,000,000", Store::Postgres, 1_000_000, 1),
    case("redis, 1,000", Store::Redis, 1_000, 1),
    case("redis, 100,000", Store::Redis, 100_000, 1),
    case("redis, 1,000,000", Store::Redis, 1_000_000, 1),
    case("redis, 1,000, 2 nodes", Store::Redis, 1_000, 2),
];

const fn case(name: &'static str, store: Store, sessions: usize, nodes: usize) -> Case {
    Case {
        name,
        store,
        sessions,
        nodes,
    }
}

/// A deployment that runs.
struct Deployment {
    nodes: Vec<Signet>,
    scripts: Vec<Refresh>,
    _home: Home,
    _redis: Option<Redis>,
}

/// Measures in turn all cases whose names begin so, and prints the table.
pub(crate) async fn measure(only: &str) {
    let postgres = Postgres::durable();
    let asked = Redis::with(&DURABLE);
    let bare = Bare::beside(Some(&asked.url()));
    let mut deployments = Vec::new();
    let mut loads = vec![Load::new(
        "poem + redis + es256",
        &[bare.place()],
        vec![Same::get(ASK_AND_SIGN); CONNECTIONS],
    )];
    for case in CASES.iter().filter(|case| case.name.starts_with(only)) {
        println!("making {}", case.name);
        let mut deployment = Deployment::of(case, &postgres).await;
        let places: Vec<_> = deployment.nodes.iter().map(Signet::place).collect();
        let scripts = std::mem::take(&mut deployment.scripts);
        loads.push(Load::new(case.name, &places, scripts));
        deployments.push(deployment);
    }
    let mut paths: Vec<report::Path> = loads.iter().map(|load| (load.name, Vec::new())).collect();
    for number in 1..=ROUNDS {
        println!("round {number} of {ROUNDS}");
        for (load, (_, rounds)) in loads.iter_mut().zip(&mut paths) {
            rounds.push(load.round(ROUND).await);
        }
    }
    report::table(&paths, &["bare"]);
}

/// Redis as docs/operations.md wants it.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "everysec"];

impl Deployment {
    async fn of(case: &Case, postgres: &Postgres) -> Self {
        let mut settings = Vec::new();
        let mut database = None;
        if case.store != Store::Sqlite {
            let url = postgres.database().await.url;
            settings.push(("SIGNET_STORE__DATABASE", url.clone()));
            settings.push(("SIGNET_STORE__MIGRATE", "at_start".to_owned()));
            database = Some(url);
        }
        let redis = (case.store == Store::Redis).then(|| Redis::with(&DURABLE));
        if let Some(redis) = &redis {
            settings.push(("SIGNET_STORE__REDIS", redis.url()));
        }
        let home = Home::new(settings, 1);
        let url = database.unwrap_or_else(|| home.url());
        let nodes = (0..case.nodes).map(|_| home.serve()).collect();
        let scripts = open(&Opener::of(&home, &url).await).await;
        fill_database(&url, case.sessions).await;
        if let Some(redis) = &redis {
            fill_redis(&mut redis.connect(), case.sessions);
        }
        Self {
            nodes,
            scripts,
            _home: home,
            _redis: redis,
        }
    }
}

/// Sessions enough to refresh, dealt out to the connections.
async fn open(opener: &Opener) -> Vec<Refresh> {
    let tokens = opener.open(REFRESHES.div_ceil(ROTATIONS)).await;
    let mut scripts: Vec<Refresh> = (0..CONNECTIONS).map(|_| Refresh::new()).collect();
    for (number, token) in tokens.into_iter().enumerate() {
        scripts[number % CONNECTIONS].add_token(token);
    }
    scripts
}
