//! What is forgotten and counted, by one node at a time.

use std::time::Duration;

use futures_util::future::join_all;
use signet::{
    model::{session::EndReason, time::Clock as _},
    store::{
        clients::Clients,
        families::{FamilyStore as _, Target},
        housekeeping::{Housekeeping, PURGED, Purged},
    },
};

use crate::place::{DAY, Place};

const LEASE: Duration = Duration::from_mins(11);
const NEARLY: Duration = Duration::from_secs(11 * 60 - 1);

on_each_database! {
    one_node_at_a_time_has_its_turn,
    a_node_that_has_stopped_loses_its_turn,
    nodes_that_race_delete_each_row_once,
    what_cannot_be_counted_does_not_keep_the_rest_from_it,
    what_grows_is_counted_by_whose_turn_it_is,
    an_assertion_is_used_once_and_forgotten_when_it_has_ended,
}

fn node(place: &Place) -> Housekeeping {
    Housekeeping::new(place.database.clone(), &*place.rng, LEASE)
}

fn sessions() -> Purged {
    let mut purged = PURGED.into_iter();
    purged.find(|purged| purged.table == "sessions").unwrap()
}

async fn one_node_at_a_time_has_its_turn(place: Place) {
    let (here, there) = (node(&place), node(&place));
    for purged in PURGED {
        assert_eq!(here.purge(purged, 10).await, Ok(Some(0)));
        assert_eq!(there.purge(purged, 10).await, Ok(None));
    }
    // Each thing that it does keeps it.
    for _ in 0..5 {
        place.clock.advance(NEARLY);
        assert_eq!(here.purge(sessions(), 10).await, Ok(Some(0)));
        assert_eq!(there.purge(sessions(), 10).await, Ok(None));
    }
    there.leave().await.unwrap();
    assert_eq!(there.purge(sessions(), 10).await, Ok(None));
    here.leave().await.unwrap();
    assert_eq!(there.purge(sessions(), 10).await, Ok(Some(0)));
}

async fn a_node_that_has_stopped_loses_its_turn(place: Place) {
    let (here, there) = (node(&place), node(&place));
    assert_eq!(here.purge(sessions(), 10).await, Ok(Some(0)));
    place.clock.advance(NEARLY);
    assert_eq!(there.purge(sessions(), 10).await, Ok(None));
    place.clock.advance(Duration::from_secs(1));
    assert_eq!(there.purge(sessions(), 10).await, Ok(Some(0)));
    // It comes back late, and sees that it is not its turn any more.
    assert_eq!(here.purge(sessions(), 10).await, Ok(None));
}

async fn nodes_that_race_delete_each_row_once(place: Place) {
    let user = place.user("ada").await;
    for _ in 0..40 {
        place.session(user).await;
    }
    place.clock.advance(91 * DAY);
    let nodes: Vec<Housekeeping> = (0..8).map(|_| node(&place)).collect();
    let first = join_all(nodes.iter().map(|node| node.purge(sessions(), 3))).await;
    let turns: Vec<_> = first.iter().filter(|one| **one == Ok(Some(3))).collect();
    assert_eq!(turns.len(), 1, "{first:?}");
    let others = first.iter().filter(|one| **one == Ok(None)).count();
    assert_eq!(others, 7, "{first:?}");
}

async fn what_grows_is_counted_by_whose_turn_it_is(place: Place) {
    let (here, there) = (node(&place), node(&place));
    let user = place.user("ada").await;
    for _ in 0..3 {
        place.session(user).await;
    }
    let ended = Target::Session(place.session(user).await.session.id);
    let families = place.families();
    families.revoke(ended, EndReason::Logout).await.unwrap();
    assert_eq!(here.count().await, Ok(true));
    assert_eq!(there.count().await, Ok(false));
    let expected = [
        ("api_keys".to_owned(), 0),
        ("changes".to_owned(), 1),
        ("living_sessions".to_owned(), 3),
        ("users".to_owned(), 1),
    ];
    assert_eq!(there.sizes().await.unwrap(), expected);
    // Those that nobody refreshes are over.
    place.clock.advance(30 * DAY);
    assert_eq!(here.count().await, Ok(true));
    assert_eq!(here.sizes().await.unwrap()[2].1, 0);
}

async fn what_cannot_be_counted_does_not_keep_the_rest_from_it(place: Place) {
    place.user("ada").await;
    let rename = |from, to| format!("ALTER TABLE {from} RENAME TO {to}");
    let mut intruder = place.intruder().await;
    intruder.execute(&rename("sessions", "elsewhere")).await;
    let here = node(&place);
    assert!(here.count().await.is_err());
    let others = [("api_keys", 0), ("changes", 0), ("users", 1)];
    let others = others.map(|(name, size)| (name.to_owned(), size));
    assert_eq!(here.sizes().await.unwrap(), others);
}

async fn an_assertion_is_used_once_and_forgotten_when_it_has_ended(place: Place) {
    let clients = Clients::new(place.database.clone());
    let ends_at = place.clock.now().plus(Duration::from_mins(1));
    let used = async |mark: &str| {
        let used = clients.use_assertion(place.client, mark.to_owned(), ends_at);
        used.await.unwrap()
    };
    assert!(used("one").await && used("other").await && !used("one").await);
    // A minute beyond, for a node whose clock is a little behind.
    place.clock.advance(Duration::from_mins(2));
    assert_eq!(place.purge("client_assertions", 10).await, 0);
    assert!(!used("one").await);
    place.clock.advance(Duration::from_millis(1));
    assert_eq!(place.purge("client_assertions", 1).await, 1);
    assert_eq!(place.purge("client_assertions", 10).await, 1);
    assert!(used("one").await);
}
