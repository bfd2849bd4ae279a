//! What a gateway's question costs: by access token, by API key, and where a key is made up.

use std::time::Duration;

use serde_json::Value;

use crate::bare::Bare;
use crate::load::{Connection, Load};
use crate::report;
use crate::scripts::{BARE, Same};
use crate::signet::{self, Home, Signet};

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
const RULES: &str = r#"[{ accept = ["bearer_jwt", "bearer_api_key"] }]"#;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The digits of a key's checksum, its last.
const CHECKSUM: usize = 6;

/// Measures it, and prints the table.
pub(crate) async fn measure() {
    let bare = Bare::start();
    let settings = [
        ("SIGNET_SERVER__TRUSTED_PROXIES", "127.0.0.1"),
        ("SIGNET_VERIFY__RULES", RULES),
        // Longer than this takes.
        ("SIGNET_TOKENS__ACCESS_LIFETIME", "1h"),
    ];
    let settings = settings.map(|(name, value)| (name, value.to_owned()));
    let home = Home::new(settings.to_vec(), 1);
    let signet = home.serve();
    let (token, key) = credentials(&signet).await;
    let asks = |token: &str, status| vec![Same::verify(token, status); CONNECTIONS];
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
        Load::new("verify, access token", &[signet.place()], asks(&token, 200)),
        Load::new("verify, API key", &[signet.place()], asks(&key, 200)),
        Load::new(
            "verify, made-up key",
            &[signet.place()],
            asks(&made_up(&key), 401),
        ),
    ];
    let mut paths = loads.each_ref().map(|load| (load.name, Vec::new()));
    for number in 1..=ROUNDS {
        println!("round {number} of {ROUNDS}");
        for (load, (_, rounds)) in loads.iter_mut().zip(&mut paths) {
            rounds.push(load.round(ROUND).await);
        }
    }
    report::table(&paths, &["bare", "echo"]);
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

/// A key that nobody was given, with a checksum that is right.
pub(crate) fn made_up(key: &str) -> String {
    let mut text = key.as_bytes()[..key.len() - CHECKSUM].to_vec();
    let digit = text.last_mut().unwrap();
    *digit = if *digit == b'0' { b'1' } else { b'0' };
    let mut rest = crc32fast::hash(&text);
    let mut checksum = [0; CHECKSUM];
    for digit in checksum.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(rest % 62).unwrap()];
        rest /= 62;
    }
    text.extend(checksum);
    String::from_utf8(text).unwrap()
}
