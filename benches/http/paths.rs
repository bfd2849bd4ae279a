//! The main paths of one server on `SQLite`.

use std::time::Duration;

use crate::bare::Bare;
use crate::load::{Connection, Load};
use crate::machine::Rates;
use crate::report;
use crate::scripts::{BARE, JWKS, ROTATIONS, Refresh, Same};
use crate::signet::{self, Home, Signet};

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(3);

/// Enough for this many refreshes a second in all rounds.
const REFRESHES: usize = 24_000 * 3 * ROUNDS;

/// Measures them, and prints the table.
pub(crate) async fn measure() {
    let bare = Bare::start();
    // Those who log in again and again end their oldest sessions: not those that are refreshed.
    let home = Home::new(Vec::new(), 2 * CONNECTIONS);
    let signet = home.serve();
    let sessions = open_sessions(&signet).await;
    let logins = (CONNECTIONS..2 * CONNECTIONS).map(signet::login).collect();
    let mut loads = [
        Load::new(
            "bare poem",
            &[bare.place()],
            vec![Same::get(BARE); CONNECTIONS],
        ),
        Load::new(
            "poem-openapi echo",
            &[bare.place()],
            vec![Same::echo(); CONNECTIONS],
        ),
        Load::new(
            "jwks",
            &[signet.place()],
            vec![Same::get(JWKS); CONNECTIONS],
        ),
        Load::new("login", &[signet.place()], logins),
        Load::new("refresh", &[signet.place()], sessions),
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
