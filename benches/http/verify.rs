//! What a gateway's question costs: by access token, by API key, and where a key is made up; and the
//! same of keys as they become many.

use std::time::Duration;

use serde_json::Value;

use crate::bare::Bare;
use crate::keys::{Keys, SIZES};
use crate::load::{Connection, Load, in_turn};
use crate::made_up::{self, MadeUp};
use crate::report;
use crate::scripts::{BARE, Each, Same};
use crate::signet::{self, Home, Signet};

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
/// As the keys become many: of some, each is presented once.
const ROUNDS_OF_KEYS: usize = 3;
const ROUND_OF_KEYS: Duration = Duration::from_millis(500);
const RULES: &str = r#"[{ accept = ["bearer_jwt", "bearer_api_key"] }]"#;

/// Measures it, and prints the tables; with a number, only the one of that many keys.
pub(crate) async fn measure(only: Option<usize>) {
    let bare = Bare::start();
    let settings = [
        ("SIGNET_SERVER__TRUSTED_PROXIES", "127.0.0.1"),
        ("SIGNET_VERIFY__RULES", RULES),
        // Longer than this takes.
        ("SIGNET_TOKENS__ACCESS_LIFETIME", "1h"),
    ];
    let settings = settings.map(|(name, value)| (name, value.to_owned()));
    let home = Home::new(settings.to_vec(), 1);
    let (token, key) = credentials(&home.serve()).await;
    if only.is_none() {
        paths(&bare, &home, &token, &key).await;
        println!();
        let signet = home.serve();
        made_up::flood("verify, made-up keys", signet.place(), made_up_keys(&key)).await;
    }
    let mut keys = Keys::of(&home).await;
    let new = keys
        .make(bare.at_most(ROUNDS_OF_KEYS, ROUND_OF_KEYS).await)
        .await;
    for size in SIZES {
        if only.is_none_or(|only| only == size) {
            keys.fill(size).await;
            println!("\nwith {size} keys more in the table:");
            among_many(&bare, &home, &key, &new).await;
        }
    }
}

/// The paths beside a bare server.
async fn paths(bare: &Bare, home: &Home, token: &str, key: &str) {
    let signet = home.serve();
    let (echo, node) = ([bare.place()], [signet.place()]);
    let mut loads = [
        Load::new("bare poem", &echo, vec![Same::get(BARE); CONNECTIONS]),
        Load::new("poem-openapi echo", &echo, vec![Same::echo(); CONNECTIONS]),
        Load::new("verify, access token", &node, asks(token)),
        Load::new("verify, API key", &node, asks(key)),
        Load::new("verify, made-up key", &node, made_up_keys(key)),
    ];
    let paths = in_turn(&mut loads, ROUNDS, ROUND).await;
    report::table(&paths, &["bare", "echo"]);
}

/// The paths on which the number of keys could tell.
async fn among_many(bare: &Bare, home: &Home, key: &str, new: &[String]) {
    // One that has seen none of them.
    let signet = home.serve();
    let (echo, node) = ([bare.place()], [signet.place()]);
    let once = Each::of(new.iter().map(|key| Same::verify(key, 200)));
    let mut loads = [
        Load::new("bare poem", &echo, vec![Same::get(BARE); CONNECTIONS]),
        Load::new("poem-openapi echo", &echo, vec![Same::echo(); CONNECTIONS]),
        Load::new("API key", &node, asks(key)),
        Load::new("API key, the first time", &node, vec![once; CONNECTIONS]),
        Load::new("made-up key", &node, made_up_keys(key)),
    ];
    let paths = in_turn(&mut loads, ROUNDS_OF_KEYS, ROUND_OF_KEYS).await;
    report::table(&paths, &["bare", "echo"]);
}

fn asks(credential: &str) -> Vec<Same> {
    vec![Same::verify(credential, 200); CONNECTIONS]
}

fn made_up_keys(key: &str) -> Vec<MadeUp> {
    vec![MadeUp::instead_of(key, &Same::verify(key, 401)); CONNECTIONS]
}

/// An access token and a key of the one user.
pub(crate) async fn credentials(signet: &Signet) -> (String, String) {
    let (address, _) = signet.place();
    let mut connection = Connection::open(address).await;
    let mut told = async |request: Same, expected: u16, member: &str| {
        let (status, body) = connection.exchange(request.bytes()).await;
        assert_eq!(status, expected, "{}", String::from_utf8_lossy(body));
        let answer: Value = serde_json::from_slice(body).unwrap();
        answer[member].as_str().unwrap().to_owned()
    };
    let token = told(signet::login(0), 200, "access_token").await;
    let key = told(signet::create_key(&token), 201, "api_key").await;
    (token, key)
}
