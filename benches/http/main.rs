//! What the main paths cost, beside a bare server and this machine's own rates: `make bench`.
//!
//! Every server is a process of its own; the load generator shares the machine with it. A machine's
//! speed moves from minute to minute, so all paths are measured in turn, round after round, and the
//! median round counts. Read the ratios, not the figures.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod bare;
mod load;
mod machine;
mod process;
mod report;
mod scripts;
mod signet;

use std::env;
use std::time::Duration;

use bare::Bare;
use load::{Connection, Load};
use machine::Rates;
use scripts::{BARE, JWKS, ROTATIONS, Refresh, Same};
use signet::Signet;

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(3);

/// Enough for this many refreshes a second in all rounds.
const REFRESHES: usize = 24_000 * 3 * ROUNDS;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if env::args().nth(1).as_deref() == Some(bare::ARGUMENT) {
        runtime.block_on(bare::serve());
    } else {
        runtime.block_on(measure());
    }
}

async fn measure() {
    let bare = Bare::start();
    // Those who log in again and again end their oldest sessions: not those that are refreshed.
    let signet = Signet::start(2 * CONNECTIONS);
    let sessions = open_sessions(&signet).await;
    let logins = (CONNECTIONS..2 * CONNECTIONS).map(signet::login).collect();
    let mut loads = [
        Load::new(
            "bare poem",
            bare.place(),
            vec![Same::get(BARE); CONNECTIONS],
        ),
        Load::new(
            "poem-openapi echo",
            bare.place(),
            vec![Same::echo(); CONNECTIONS],
        ),
        Load::new("jwks", signet.place(), vec![Same::get(JWKS); CONNECTIONS]),
        Load::new("login", signet.place(), logins),
        Load::new("refresh", signet.place(), sessions),
    ];
    let mut paths = loads.each_ref().map(|load| (load.name, Vec::new()));
    let mut rates = Vec::new();
    for number in 1..=ROUNDS {
        println!("round {number} of {ROUNDS}");
        rates.push(Rates::measure());
        for (load, (_, rounds)) in loads.iter_mut().zip(&mut paths) {
            rounds.push(load.round(ROUND).await);
        }
    }
    report::print(&paths, &rates);
}

/// Logs in until there are sessions enough to refresh, dealt out to the connections.
async fn open_sessions(signet: &Signet) -> Vec<Refresh> {
    let each = REFRESHES.div_ceil(ROTATIONS * CONNECTIONS);
    println!("opening {} sessions", each * CONNECTIONS);
    let opening = (0..CONNECTIONS).map(|user| {
        let login = signet::login(user);
        let (address, _) = signet.place();
        tokio::spawn(async move {
            let mut connection = Connection::open(address).await;
            let mut sessions = Refresh::new();
            for _ in 0..each {
                let (status, body) = connection.exchange(login.bytes()).await;
                assert_eq!(status, 200, "{}", String::from_utf8_lossy(body));
                sessions.add(body);
            }
            sessions
        })
    });
    let opening: Vec<_> = opening.collect();
    let mut sessions = Vec::new();
    for one in opening {
        sessions.push(one.await.unwrap());
    }
    sessions
}
