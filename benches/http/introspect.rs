//! What a resource server's question costs (RFC 7662): about access tokens, seen before and new ones,
//! about API keys, and where the caller's own key is made up; and the same of keys as they become
//! many.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use signet::app::{Ambient, App};
use signet::auth::api_keys::KeyWish;
use signet::config::{DatabaseUrl, Settings};
use signet::crypto::{access, random};
use signet::model::{authority::Authority, claims::Claims, id::TokenId};
use signet::store::opening::Purpose;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqliteConnection};
use tokio::task::JoinSet;

use crate::bare::Bare;
use crate::load::Load;
use crate::report;
use crate::scripts::{BARE, Each, Same};
use crate::signet::{Home, Signet};
use crate::verify::{credentials, made_up};

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
/// Enough for this many new tokens a second in all rounds.
const TOKENS: usize = 18_000 * 2 * ROUNDS;
/// How many keys there are in the table.
const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];
/// Keys of which each is asked about once, as long as they last.
const KEYS: usize = 20_000;
/// How long they have to last.
const ROUND_OF_KEYS: Duration = Duration::from_millis(500);

/// Measures it, and prints the tables; with a number, only the one of that many keys.
pub(crate) async fn measure(only: Option<usize>) {
    let bare = Bare::start();
    // Longer than this takes.
    let settings = vec![("SIGNET_TOKENS__ACCESS_LIFETIME", "1h".to_owned())];
    let home = Home::new(settings, 1);
    let beside = Beside::open(&home, &home.serve()).await;
    if only.is_none() {
        paths(&bare, &home, &beside).await;
    }
    let mut filled = 0;
    for size in SIZES {
        if only.is_none_or(|only| only == size) {
            fill(&home, size - filled).await;
            filled = size;
            println!("\nwith {size} keys more in the table:");
            keys(&bare, &home, &beside).await;
        }
    }
    beside.app.close().await;
}

/// What is made beside the server: in its database, with its keys.
struct Beside {
    app: App,
    /// Of a resource server that may ask about anything.
    asker: String,
    token: String,
    key: String,
}

impl Beside {
    async fn open(home: &Home, signet: &Signet) -> Self {
        let (token, key) = credentials(signet).await;
        let mut settings = Settings::defaults().unwrap();
        settings.keys.dir = home.path().join("keys");
        settings.store.database = DatabaseUrl::parse(&url(home)).unwrap();
        let app = App::open_to(Purpose::Use, settings, Ambient::system());
        let app = app.await.unwrap();
        let scopes = ["signet.introspect.any".to_owned()];
        let asker = make(&app, "asker", &scopes).await;
        Self {
            app,
            asker,
            token,
            key,
        }
    }

    /// Tokens of the same session that nobody has seen.
    fn new_tokens(&self, count: usize) -> Vec<String> {
        let payload = self.token.split('.').nth(1).unwrap();
        let payload = URL_SAFE_NO_PAD.decode(payload).unwrap();
        let claims: Claims = serde_json::from_slice(&payload).unwrap();
        let signer = self.app.auth().keys().any_signer().unwrap();
        let now = self.app.auth().now();
        let token = |_| {
            let random = random::bytes(&random::SystemRng);
            let jti = TokenId::new(now, random);
            let claims = Claims {
                jti,
                ..claims.clone()
            };
            access::sign(&signer, "at+jwt", &claims).unwrap()
        };
        (0..count).map(token).collect()
    }

    /// Keys that nobody has presented.
    async fn new_keys(&self) -> Vec<String> {
        let batch = random::bytes::<4>(&random::SystemRng);
        let batch = u32::from_be_bytes(batch);
        let mut keys = Vec::new();
        while keys.len() < KEYS {
            let mut making = JoinSet::new();
            for number in 0..CONNECTIONS {
                let auth = self.app.auth().clone();
                let name = format!("{batch} {} {number}", keys.len());
                making.spawn(async move {
                    let wish = KeyWish {
                        name: Some(&name),
                        scopes: Some(&[]),
                        ..KeyWish::default()
                    };
                    let made = auth.create_api_key(&Authority::Operator, None, wish);
                    made.await.unwrap().text.to_string()
                });
            }
            keys.extend(making.join_all().await);
        }
        keys
    }

    fn asks(&self, token: &str) -> Vec<Same> {
        vec![Same::introspect(&self.asker, token, 200); CONNECTIONS]
    }

    fn asks_once(&self, tokens: &[String]) -> Vec<Each> {
        let requests = tokens.iter().map(|token| {
            let request = Same::introspect(&self.asker, token, 200);
            request.bytes().to_vec()
        });
        let requests: VecDeque<_> = requests.collect();
        vec![Each(Arc::new(Mutex::new(requests))); CONNECTIONS]
    }

    fn strangers(&self) -> Vec<Same> {
        let made_up = made_up(&self.key);
        vec![Same::introspect(&made_up, &self.key, 401); CONNECTIONS]
    }
}

/// The paths beside a bare server.
async fn paths(bare: &Bare, home: &Home, beside: &Beside) {
    let signet = home.serve();
    let (echo, node) = ([bare.place()], [signet.place()]);
    let same = |script: Same| vec![script; CONNECTIONS];
    let new = beside.asks_once(&beside.new_tokens(TOKENS));
    let loads = vec![
        Load::new("bare poem", &echo, same(Same::get(BARE))),
        Load::new("poem-openapi echo", &echo, same(Same::echo())),
        Load::new("access token", &node, beside.asks(&beside.token)),
        Load::new("new access token", &node, new),
        Load::new("API key", &node, beside.asks(&beside.key)),
        Load::new("made-up caller", &node, beside.strangers()),
    ];
    rounds(loads, ROUNDS, ROUND).await;
}

/// The paths on which the number of keys could tell.
async fn keys(bare: &Bare, home: &Home, beside: &Beside) {
    let new = beside.asks_once(&beside.new_keys().await);
    // One that has seen none of them.
    let signet = home.serve();
    let (echo, node) = ([bare.place()], [signet.place()]);
    let loads = vec![
        Load::new("bare poem", &echo, vec![Same::get(BARE); CONNECTIONS]),
        Load::new("poem-openapi echo", &echo, vec![Same::echo(); CONNECTIONS]),
        Load::new("API key", &node, beside.asks(&beside.key)),
        Load::new("API key, the first time", &node, new),
        Load::new("made-up caller", &node, beside.strangers()),
    ];
    rounds(loads, 2, ROUND_OF_KEYS).await;
}

async fn rounds(mut loads: Vec<Load>, count: usize, length: Duration) {
    let mut paths: Vec<report::Path> = loads.iter().map(|load| (load.name, Vec::new())).collect();
    for number in 1..=count {
        println!("round {number} of {count}");
        for (load, (_, rounds)) in loads.iter_mut().zip(&mut paths) {
            rounds.push(load.round(length).await);
        }
    }
    report::table(&paths, &["bare", "echo"]);
}

async fn make(app: &App, name: &str, scopes: &[String]) -> String {
    let wish = KeyWish {
        name: Some(name),
        scopes: Some(scopes),
        ..KeyWish::default()
    };
    let made = app.auth().create_api_key(&Authority::Operator, None, wish);
    made.await.unwrap().text.to_string()
}

/// Adds so many keys that nobody uses, made after one that is there.
async fn fill(home: &Home, count: usize) {
    const SAME: &str = "display_prefix, scopes, audiences, read_only, addresses, metadata,
        version, expires_at, ends_at, created_at";
    let mut connection = SqliteConnection::connect(&url(home)).await.unwrap();
    for sql in [
        format!(
            "WITH RECURSIVE counted (n) AS
                (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {count})
            INSERT INTO api_keys (id, name, {SAME})
            SELECT 'key_' || lower(hex(randomblob(18))), hex(randomblob(16)), {SAME}
            FROM (SELECT * FROM api_keys LIMIT 1) AS one, counted"
        ),
        "INSERT INTO api_key_secrets (lookup, key_id, digest, pepper_id)
        SELECT hex(randomblob(8)), id, hex(randomblob(21)), 1 FROM api_keys
        WHERE id NOT IN (SELECT key_id FROM api_key_secrets)"
            .to_owned(),
    ] {
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
    }
}

fn url(home: &Home) -> String {
    format!("sqlite://{}", home.path().join("data/signet.db").display())
}
