//! Many refreshes at once with one token, over two processes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod processes;
mod servers;

use std::collections::BTreeSet;

use futures_util::future::join_all;
use processes::{Node, Site};
use reqwest::Client;
use serde_json::{Value, json};
use servers::{Postgres, Redis};

const AT_ONCE: usize = 50;

/// Fifty refreshes with one token, in turn at each node: what each was answered.
async fn refresh_at_once(http: &Client, nodes: &[Node; 2], token: &str) -> Vec<(u16, Value)> {
    let requests = (0..AT_ONCE).map(async |number| refresh(http, &nodes[number % 2], token).await);
    join_all(requests).await
}

async fn refresh(http: &Client, node: &Node, token: &str) -> (u16, Value) {
    let body = json!({ "refresh_token": token });
    let answer = http.post(node.url("refresh")).json(&body).send().await;
    let answer = answer.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// The different refresh tokens that were answered.
fn successors(answers: &[(u16, Value)]) -> BTreeSet<&str> {
    let tokens = answers.iter().map(|(_, body)| &body["refresh_token"]);
    tokens.filter_map(Value::as_str).collect()
}

async fn one_successor(settings: &[(&'static str, &str)]) {
    let site = Site::new(settings);
    let (nodes, http) = ([site.start(), site.start()], Client::new());
    let mut token = site.user("ada").log_in(&http, &nodes[0]).await;
    for _ in 0..4 {
        let answers = refresh_at_once(&http, &nodes, &token).await;
        assert!(
            answers.iter().all(|(status, _)| *status == 200),
            "{answers:?}"
        );
        let successors = successors(&answers);
        assert_eq!(successors.len(), 1, "{successors:?}");
        (*successors.first().unwrap()).clone_into(&mut token);
    }
    // One family lives, and it is that of all the answers.
    let (_, answer) = refresh(&http, &nodes[1], &token).await;
    let access = answer["access_token"].as_str().unwrap();
    let url = format!("http://{}/v1/me/sessions", nodes[0].address);
    let listed = http.get(url).bearer_auth(access).send().await.unwrap();
    let listed: Value = listed.json().await.unwrap();
    assert_eq!(listed["total"], 1, "{listed}");
}

async fn one_winner(settings: &[(&'static str, &str)]) {
    let strict = [settings, &[("SIGNET_SESSIONS__REUSE_INTERVAL", "0")]].concat();
    let site = Site::new(&strict);
    let (nodes, http) = ([site.start(), site.start()], Client::new());
    let token = site.user("ada").log_in(&http, &nodes[0]).await;
    let answers = refresh_at_once(&http, &nodes, &token).await;
    let winners = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(winners, 1);
    let refused = answers.iter().filter(|(status, _)| *status == 401).count();
    assert_eq!(winners + refused, AT_ONCE, "{answers:?}");
    // What the losers presented was spent: the session is over for the winner too.
    for token in successors(&answers) {
        let (status, answer) = refresh(&http, &nodes[1], token).await;
        assert_eq!((status, &answer["reason"]), (401, &json!("reuse")));
    }
}

#[tokio::test]
async fn rt_05_two_processes_on_one_postgresql_give_one_successor() {
    let database = Postgres::shared().database().await;
    one_successor(&[("SIGNET_STORE__DATABASE", &database.url)]).await;
}

#[tokio::test]
async fn rt_05_two_processes_on_one_redis_give_one_successor() {
    let (database, server) = (Postgres::shared().database().await, Redis::start());
    let (database, redis) = (database.url, server.url());
    one_successor(&[
        ("SIGNET_STORE__DATABASE", &database),
        ("SIGNET_STORE__REDIS", &redis),
    ])
    .await;
}

#[tokio::test]
async fn rt_05_in_strict_mode_two_processes_have_one_winner() {
    let database = Postgres::shared().database().await;
    one_winner(&[("SIGNET_STORE__DATABASE", &database.url)]).await;
    let (database, server) = (Postgres::shared().database().await, Redis::start());
    let (database, redis) = (database.url, server.url());
    one_winner(&[
        ("SIGNET_STORE__DATABASE", &database),
        ("SIGNET_STORE__REDIS", &redis),
    ])
    .await;
}
