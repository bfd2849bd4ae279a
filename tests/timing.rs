//! What an answer costs must not tell who exists.
//!
//! Counted in processor time of a server of its own: other than the time on the clock, that is the
//! same whatever else the machine is doing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod demo;

use std::fs;

use reqwest::Client;
use serde_json::json;

use demo::{Card, Demo};

/// Fewer than the failures that are free.
const TRIES: usize = 8;

#[tokio::test]
async fn lg_02_an_unknown_name_costs_what_a_wrong_password_costs() {
    let demo = Demo::start(&[("SIGNET_PASSWORD__ARGON2_MEMORY", "40960")]);
    let (known, unknown) = (demo.card.username.as_str(), "nobody");
    assert_eq!(login(&demo, known, &demo.card.password).await, 200);
    let (mut wrong_password, mut unknown_name) = (0, 0);
    for _ in 0..TRIES {
        for (name, ticks) in [(known, &mut wrong_password), (unknown, &mut unknown_name)] {
            let before = processor_ticks(demo.child.id());
            assert_eq!(login(&demo, name, "not the password of anybody").await, 401);
            *ticks += processor_ticks(demo.child.id()) - before;
        }
    }
    assert!(
        wrong_password > 2 * u32::try_from(TRIES).unwrap(),
        "the hash is too cheap to measure"
    );
    let ratio = f64::from(unknown_name) / f64::from(wrong_password);
    assert!(
        (0.8..1.25).contains(&ratio),
        "{unknown_name} to {wrong_password}"
    );
}

async fn login(demo: &Demo, username: &str, password: &str) -> u16 {
    let Card { url, client_id, .. } = &demo.card;
    let body = json!({ "username": username, "password": password, "client_id": client_id });
    let login = Client::new()
        .post(format!("{url}/v1/auth/login"))
        .json(&body);
    login.send().await.unwrap().status().as_u16()
}

/// The processor time of a process so far, in hundredths of a second.
fn processor_ticks(pid: u32) -> u32 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name, in parentheses, may hold spaces: fields are counted behind it.
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    fields[11..13]
        .iter()
        .map(|ticks| ticks.parse::<u32>().unwrap())
        .sum()
}
