//! POST /v1/auth/refresh: the rule of docs/tokens.md, seen from outside.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use signet::crypto::master::MasterKeys;
use signet::crypto::random::{self, SystemRng};
use signet::crypto::refresh::RefreshKeys;
use signet::model::refresh_token::{Generation, Handle};

use crate::harness::{PASSWORD, Person, TestServer, part};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn rt_01_every_refresh_returns_a_new_token() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let mut seen = BTreeSet::from([ada.refresh_token.clone()]);
    for _ in 0..20 {
        ada.refresh().await.ok();
        assert!(seen.insert(ada.refresh_token.clone()));
    }
}

#[tokio::test]
async fn rt_02_a_spent_token_ends_its_family_and_no_other() {
    let server = TestServer::start().await;
    let mut victim = server.person("ada").await;
    let mut elsewhere = Person::log_in(&server, "ada", &victim.password).await;
    let stolen = victim.refresh_token.clone();
    for _ in 0..3 {
        victim.refresh().await.ok();
        server.clock.advance(MINUTE);
    }

    let answer = server.refresh(&stolen).await;
    assert_eq!(answer.refused(401, "session_ended")["reason"], "reuse");
    let answer = victim.refresh().await;
    assert_eq!(answer.refused(401, "session_ended")["reason"], "reuse");
    elsewhere.refresh().await.ok();
}

#[tokio::test]
async fn rt_02_a_second_late_retry_within_a_day_is_reuse() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    for expected in [200, 401] {
        let previous = ada.refresh_token.clone();
        ada.refresh().await.ok();
        server.clock.advance(HOUR);
        assert_eq!(server.refresh(&previous).await.status, expected);
        server.clock.advance(HOUR);
    }
    ada.refresh().await.refused(401, "session_ended");
}

#[tokio::test]
async fn rt_02_in_strict_mode_any_repetition_is_reuse() {
    let server = strict().await;
    let mut ada = server.person("ada").await;
    let previous = ada.refresh_token.clone();
    ada.refresh().await.ok();
    assert_eq!(
        server
            .refresh(&previous)
            .await
            .refused(401, "session_ended")["reason"],
        "reuse"
    );
    ada.refresh().await.refused(401, "session_ended");
}

#[tokio::test]
async fn rt_03_access_tokens_of_an_ended_family_are_refused() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let stolen = ada.refresh_token.clone();
    for _ in 0..2 {
        ada.refresh().await.ok();
        server.clock.advance(MINUTE);
    }
    ada.get("/v1/me").await.ok();
    server.refresh(&stolen).await.refused(401, "session_ended");
    ada.get("/v1/me").await.refused(401, "invalid_access_token");
}

#[tokio::test]
async fn rt_04_fifty_at_once_get_one_successor() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let successors = refresh_at_once(&server, &ada.refresh_token, 50).await;
    assert!(successors.iter().all(|(status, _)| *status == 200));
    assert_eq!(distinct(&successors).len(), 1);

    let successor = distinct(&successors).pop_first().unwrap();
    server.refresh(&successor).await.ok();
    assert_eq!(
        ada.get("/v1/me/sessions").await.ok()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn rt_04_in_strict_mode_one_of_fifty_wins() {
    let server = strict().await;
    let ada = server.person("ada").await;
    let answers = refresh_at_once(&server, &ada.refresh_token, 50).await;
    assert_eq!(
        answers.iter().filter(|(status, _)| *status == 200).count(),
        1
    );
    assert_eq!(
        answers.iter().filter(|(status, _)| *status == 401).count(),
        49
    );
}

#[tokio::test]
async fn rt_04_twenty_restored_tabs_stay_logged_in() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    // Each tab holds the token that was current when it was suspended, and goes on with its own.
    let mut tabs = vec![ada; 20];
    for _ in 0..3 {
        let answers = join_all(tabs.iter_mut().map(Person::refresh)).await;
        assert!(answers.iter().all(|answer| answer.status == 200));
    }
}

#[tokio::test]
async fn rt_04_five_tabs_that_wake_after_hours_stay_logged_in() {
    let server = TestServer::start().await;
    let mut tabs = vec![server.person("ada").await; 5];
    for _ in 0..3 {
        server.clock.advance(5 * HOUR);
        let answers = join_all(tabs.iter_mut().map(Person::refresh)).await;
        assert!(answers.iter().all(|answer| answer.status == 200));
    }
}

#[tokio::test]
async fn rt_06_a_lost_answer_is_given_again_as_it_was() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let previous = ada.refresh_token.clone();
    ada.refresh().await.ok();
    for _ in 0..3 {
        server.clock.advance(Duration::from_secs(10));
        assert_eq!(
            server.refresh(&previous).await.ok()["refresh_token"],
            ada.refresh_token
        );
    }
}

#[tokio::test]
async fn rt_06_one_late_retry_is_granted_a_day() {
    let server = TestServer::start().await;
    let mut phone = server.person("ada").await;
    for _ in 0..3 {
        let lost = phone.refresh_token.clone();
        phone.refresh().await.ok();
        server.clock.advance(2 * DAY);
        assert_eq!(
            server.refresh(&lost).await.ok()["refresh_token"],
            phone.refresh_token
        );
    }
}

#[tokio::test]
async fn rt_07_another_client_is_refused_and_nothing_moves() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let body = json!({ "refresh_token": ada.refresh_token, "client_id": "cli_unknown" });
    let answer = server.post("/v1/auth/refresh", body).await;
    answer.refused(401, "invalid_refresh_token");
    ada.refresh().await.ok();
}

#[tokio::test]
async fn rt_08_rotation_never_moves_the_absolute_end() {
    let server = TestServer::with(|settings| settings.sessions.absolute = 30 * DAY + MINUTE).await;
    let mut ada = server.person("ada").await;
    for _ in 0..3 {
        server.clock.advance(10 * DAY);
        ada.refresh().await.ok();
    }
    server.clock.advance(2 * MINUTE);
    let answer = ada.refresh().await;
    assert_eq!(answer.refused(401, "session_ended")["reason"], "absolute");
}

#[tokio::test]
async fn rt_09_an_unused_session_ends() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    server.clock.advance(13 * DAY);
    ada.refresh().await.ok();
    server.clock.advance(14 * DAY + MINUTE);
    assert_eq!(
        ada.refresh().await.refused(401, "session_ended")["reason"],
        "idle"
    );
}

#[tokio::test]
async fn rt_10_a_narrower_scope_narrows_the_access_token_alone() {
    let server = TestServer::start().await;
    server
        .create_user("ada", &["pages.read", "pages.write"])
        .await;
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    let asks = json!({ "refresh_token": ada.refresh_token, "scope": "pages.read never.granted" });
    let answer = server.post("/v1/auth/refresh", asks).await;
    assert_eq!(answer.invalid_fields()[0].0, "/scope");

    let asks = json!({ "refresh_token": ada.refresh_token, "scope": "pages.read" });
    let narrow = server.post("/v1/auth/refresh", asks).await.ok();
    assert_eq!(
        narrow["scope"], "pages.read",
        "nothing had moved, and less is given"
    );
    let claims = part(narrow["access_token"].as_str().unwrap(), 1);
    assert_eq!(claims["scope"], "pages.read");
    let wide = server
        .refresh(narrow["refresh_token"].as_str().unwrap())
        .await
        .ok();
    assert_eq!(
        wide["scope"], "pages.read pages.write",
        "the refresh token keeps them all"
    );
}

#[tokio::test]
async fn rt_14_damaged_tokens_are_refused_alike() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    let good = ada.refresh_token.clone();
    let swapped = good.replace("signet_rt_", "other_rt_");
    let mut letters: Vec<char> = good.chars().collect();
    letters[30] = if letters[30] == 'a' { 'b' } else { 'a' };
    let damaged = [
        good[..good.len() - 1].to_owned(),
        format!("{good}0"),
        good.to_uppercase(),
        letters.iter().collect(),
        swapped,
        "signet_rt_".to_owned(),
        "x".to_owned(),
        "signet_rt_é".to_owned(),
    ];
    for token in damaged {
        server
            .refresh(&token)
            .await
            .refused(401, "invalid_refresh_token");
    }
    ada.refresh().await.ok();
}

#[tokio::test]
async fn rt_20_many_families_at_once_stay_apart() {
    let server = TestServer::start().await;
    let mut people = Vec::new();
    for number in 0..8 {
        people.push(server.person(&format!("user{number}")).await);
    }
    for _ in 0..3 {
        let tokens: Vec<String> = people.iter().map(|one| one.refresh_token.clone()).collect();
        let races = tokens
            .iter()
            .map(|token| refresh_at_once(&server, token, 10));
        let mut successors = BTreeSet::new();
        for answers in join_all(races).await {
            assert!(answers.iter().all(|(status, _)| *status == 200));
            let mut one = distinct(&answers);
            assert_eq!(one.len(), 1);
            successors.append(&mut one);
        }
        assert_eq!(
            successors.len(),
            people.len(),
            "each family has its own successor"
        );
        join_all(people.iter_mut().map(Person::refresh)).await;
        assert!(
            people
                .iter()
                .all(|one| successors.contains(&one.refresh_token))
        );
        server.clock.advance(HOUR);
    }
}

#[tokio::test]
async fn rt_13_what_ends_sessions_says_why() {
    let server = TestServer::start().await;
    for (name, reason) in [
        ("ada", "password_changed"),
        ("eve", "user_disabled"),
        ("zoe", "user_disabled"),
        ("kim", "admin"),
    ] {
        let mut person = server.person(name).await;
        match name {
            "ada" => server.set_password(name, "copper lantern ferry 77").await,
            "eve" => server.disable_user(name).await,
            "zoe" => server.delete_user(name).await,
            _ => server.end_sessions(name).await,
        }
        assert_eq!(
            person.refresh().await.refused(401, "session_ended")["reason"],
            reason
        );
        person
            .get("/v1/me")
            .await
            .refused(401, "invalid_access_token");
    }
}

#[tokio::test]
async fn lg_10_the_limits_are_enforced_as_documented() {
    let example = include_str!("../../../signet.example.toml");
    for line in ["idle = \"14d\"", "absolute = \"90d\""] {
        assert!(example.contains(line), "{line}");
    }
    let server = TestServer::start().await;
    let mut active = server.person("ada").await;
    let mut idle = server.person("eve").await;
    server.clock.advance(13 * DAY);
    active.refresh().await.ok();
    server.clock.advance(DAY + Duration::from_millis(1));
    assert_eq!(
        idle.refresh().await.refused(401, "session_ended")["reason"],
        "idle"
    );
    for _ in 0..7 {
        server.clock.advance(10 * DAY);
        active.refresh().await.ok();
    }
    server.clock.advance(6 * DAY);
    assert_eq!(
        active.refresh().await.refused(401, "session_ended")["reason"],
        "absolute"
    );
}

#[test]
fn rt_11_a_hundred_thousand_tokens_differ() {
    let folder = tempfile::tempdir().unwrap();
    let master = MasterKeys::create(&folder.path().join("keys"), &SystemRng).unwrap();
    let keys = RefreshKeys::new(&master, "signet".parse().unwrap(), &[]);
    let mut seen = BTreeSet::new();
    for _ in 0..100_000 {
        let handle = Handle(random::bytes(&SystemRng));
        let token = keys
            .mint(&handle, Generation::FIRST, 1)
            .unwrap()
            .expose()
            .to_owned();
        assert_eq!(token.len(), 73);
        assert!(
            token
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        );
        assert!(seen.insert(token));
    }
}

#[tokio::test]
async fn a_session_has_a_budget_of_rotations() {
    let server = TestServer::start().await;
    let mut ada = server.person("ada").await;
    for _ in 0..64 {
        ada.refresh().await.ok();
    }
    let answer = ada.refresh().await;
    answer.refused(429, "throttled");
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=5).contains(&seconds));
    server.clock.advance(Duration::from_secs(5));
    ada.refresh().await.ok();
    ada.refresh().await.refused(429, "throttled");
}

#[tokio::test]
async fn a_refresh_token_is_asked_for_once_and_by_its_name() {
    let server = TestServer::start().await;
    let answer = server
        .post("/v1/auth/refresh", json!({ "refresh_token": 7 }))
        .await;
    assert_eq!(answer.invalid_fields()[0].0, "/refresh_token");
    let answer = server
        .post("/v1/auth/refresh", json!({ "refresh_tokne": "x" }))
        .await;
    assert_eq!(
        answer.invalid_fields(),
        [(String::new(), "unknown_field".to_owned())]
    );
}

async fn strict() -> TestServer {
    TestServer::with(|settings| settings.sessions.reuse_interval = Duration::ZERO).await
}

/// Statuses and refresh tokens of `count` refreshes that are all sent before any is answered.
async fn refresh_at_once(server: &TestServer, token: &str, count: usize) -> Vec<(u16, Value)> {
    let answers = join_all((0..count).map(|_| server.refresh(token))).await;
    answers
        .iter()
        .map(|answer| (answer.status, answer.json()["refresh_token"].clone()))
        .collect()
}

fn distinct(answers: &[(u16, Value)]) -> BTreeSet<String> {
    answers
        .iter()
        .filter_map(|(_, token)| token.as_str().map(str::to_owned))
        .collect()
}
