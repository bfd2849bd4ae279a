//! A change log that is longer than one reading answers, as after a mass logout.

use std::sync::Arc;

use redis::Commands as _;
use signet::{
    auth::change_log::{ChangeLog, Freshness, News},
    model::{
        id::{SessionId, UserId},
        session::EndReason,
        time::Clock as _,
    },
    store::{
        changes::{Changes, PAGE},
        families::FamilyStore as _,
    },
};

use crate::place::Place;

on_each_database! {
    a_long_log_is_read_page_by_page,
    a_node_learns_a_long_log_whole,
    what_was_learnt_before_a_failure_stays_learnt,
}

const ROWS: i64 = 2 * PAGE as i64 + 100;

/// A log of that many rows: the first and the last end a session each, those between change users.
async fn long(place: &Place) -> [SessionId; 2] {
    let ends: [SessionId; 2] = [place.id(), place.id()];
    let (user, now) = (place.id::<signet::model::id::UserKind>(), place.clock.now());
    let now = now.millis();
    let end = |number, session| {
        format!("({number}, 'm{number}', 'session_revoked', '{session}', 'logout', {now})")
    };
    let (first, last) = (end(1, ends[0]), end(ROWS, ends[1]));
    let mut intruder = place.intruder().await;
    for sql in [
        format!(
            "INSERT INTO changes (number, mark, kind, subject, reason, created_at)
            VALUES {first}, {last}"
        ),
        format!(
            "INSERT INTO changes (number, mark, kind, subject, created_at)
            WITH RECURSIVE numbers (number) AS (
                SELECT 2 UNION ALL SELECT number + 1 FROM numbers WHERE number < {ROWS} - 1
            )
            SELECT number, 'm' || number, 'user_changed', '{user}', {now} FROM numbers"
        ),
        format!("UPDATE counters SET value = {ROWS} WHERE name = 'changes'"),
    ] {
        intruder.execute(&sql).await;
    }
    ends
}

fn node(place: &Place) -> ChangeLog {
    let (rows, families) = (Changes::new(place.database.clone()), place.families());
    ChangeLog::new(rows, Arc::new(families), place.clock.clone())
}

async fn standing(node: &ChangeLog, session: SessionId, user: UserId) -> Option<EndReason> {
    node.ended(session, user).await.unwrap()
}

async fn a_long_log_is_read_page_by_page(place: Place) {
    long(&place).await;
    let changes = Changes::new(place.database.clone());
    let young = changes.younger_than(place.clock.now()).await.unwrap();
    assert_eq!(young, changes.since(0).await.unwrap());
    let (mut log, mut pages) = (young, Vec::new());
    loop {
        assert_eq!(log.latest, ROWS);
        let numbers: Vec<i64> = log.rows.iter().map(|row| row.number).collect();
        let (first, last) = (numbers[0], numbers[numbers.len() - 1]);
        assert_eq!(numbers, (first..=last).collect::<Vec<_>>());
        pages.push((first, last));
        if !log.more {
            break;
        }
        log = changes.since(last).await.unwrap();
    }
    let page = i64::from(PAGE);
    let expected = [(1, page), (page, 2 * page - 1), (2 * page - 1, ROWS)];
    assert_eq!(pages, expected);
}

async fn a_node_learns_a_long_log_whole(place: Place) {
    let (ends, user) = (long(&place).await, place.id());
    let (node, mut news) = (node(&place), News::default());
    node.catch_up(&mut news).await.unwrap();
    assert_eq!((node.seen(), node.freshness()), (ROWS, Freshness::Fresh));
    for session in ends {
        assert_eq!(
            standing(&node, session, user).await,
            Some(EndReason::Logout)
        );
    }
    assert_eq!(news.users.len(), usize::try_from(ROWS - 2).unwrap());
}

async fn what_was_learnt_before_a_failure_stays_learnt(place: Place) {
    let (ends, user) = (long(&place).await, place.id());
    let (node, mut news) = (node(&place), News::default());
    let mut intruder = place.intruder().await;
    // A kind that this node does not know, on the second page.
    let number = i64::from(PAGE) + 1;
    let of_kind = |kind| format!("UPDATE changes SET kind = '{kind}' WHERE number = {number}");
    intruder.execute(&of_kind("later")).await;
    assert!(node.catch_up(&mut news).await.is_err());
    // It is not whole, and the node does not answer by it.
    let seen = (node.seen(), node.freshness(), node.is_behind());
    assert_eq!(seen, (i64::from(PAGE), Freshness::Stale, true));
    assert_eq!(
        standing(&node, ends[0], user).await,
        Some(EndReason::Logout)
    );
    intruder.execute(&of_kind("user_changed")).await;
    // The rows of the first page are not read again.
    intruder
        .execute("UPDATE changes SET kind = 'later' WHERE number = 2")
        .await;
    node.catch_up(&mut news).await.unwrap();
    assert_eq!((node.seen(), node.freshness()), (ROWS, Freshness::Fresh));
    assert_eq!(
        standing(&node, ends[1], user).await,
        Some(EndReason::Logout)
    );
    assert_eq!(news.users.len(), usize::try_from(ROWS - 2).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_is_brought_to_the_end_of_a_long_log() {
    let place = Place::redis().await;
    // Redis is at the beginning of the log.
    let families = place.redis_families().await;
    long(&place).await;
    let changes = Changes::new(place.database.clone());
    let newest = changes.since(ROWS).await.unwrap();
    families.follow(&newest).await.unwrap();
    let rev: String = place.redis_server().connect().get("rev").unwrap();
    assert_eq!(rev, format!("{ROWS}:m{ROWS}"));
}
