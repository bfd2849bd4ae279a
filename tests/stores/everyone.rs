//! Ending the sessions of everybody, as after a restore.

use std::time::Duration;

use signet::{
    model::{
        change::Change,
        id::SessionId,
        session::EndReason,
        time::{Clock as _, Timestamp},
    },
    store::{
        changes::Changes,
        families::{Advanced, FamilyStore as _, Opened, Opening, SessionKey},
        redis::RedisFamilies,
    },
};

use crate::place::{BEGUN, Place};

on_each_database! {
    whatever_had_begun_by_then_ends_and_the_rest_goes_on,
    more_users_than_one_step_goes_through_are_all_met,
    a_login_in_flight_does_not_get_around_it,
}

const MS: Duration = Duration::from_millis(1);

async fn end(place: &Place, begun_by: Timestamp) -> u64 {
    let users = place.users();
    let ended = users.end_everyones_sessions(begun_by, EndReason::Admin);
    ended.await.unwrap()
}

async fn reason(place: &Place, session: SessionId) -> Option<EndReason> {
    let found = place.families().find(&SessionKey::Id(session)).await;
    found.unwrap().unwrap().revoked
}

async fn whatever_had_begun_by_then_ends_and_the_rest_goes_on(place: Place) {
    let (ada, ben) = (place.user("ada").await, place.user("ben").await);
    let of_ada = place.session(ada).await.session.id;
    place.clock.advance(MS);
    let (of_ben, begun_by) = (place.session(ben).await.session.id, place.clock.now());
    place.clock.advance(MS);
    let later = place.session(ada).await.session.id;
    assert_eq!(end(&place, begun_by).await, 2);
    for session in [of_ada, of_ben] {
        assert_eq!(reason(&place, session).await, Some(EndReason::Admin));
    }
    assert_eq!(reason(&place, later).await, None);
    let row = Change::EveryoneNotBefore {
        not_before: begun_by,
        reason: EndReason::Admin,
    };
    assert_eq!(place.log().await, std::slice::from_ref(&row));
    // Again, for somebody who does not know whether it was done: nothing more ends.
    assert_eq!(end(&place, begun_by).await, 0);
    assert_eq!(place.log().await, [row.clone(), row]);
    assert_eq!(reason(&place, later).await, None);
}

async fn more_users_than_one_step_goes_through_are_all_met(place: Place) {
    for number in 0..120 {
        let user = place.user(&format!("user{number}")).await;
        place.session(user).await;
    }
    assert_eq!(end(&place, place.clock.now()).await, 120);
    assert_eq!(place.log().await.len(), 1);
}

async fn a_login_in_flight_does_not_get_around_it(place: Place) {
    let user = place.user("ada").await;
    let opening = place.opening(user);
    assert_eq!(end(&place, place.clock.now()).await, 0);
    let opened = place.families().open(&opening).await;
    assert_eq!(opened, Ok(Opened::Outdated));
    place.clock.advance(MS);
    let opened = place.families().open(&place.opening(user)).await;
    assert_eq!(opened, Ok(BEGUN));
}

async fn refresh(place: &Place, store: &RedisFamilies, of: &Opening, presented: u32) -> Advanced {
    let advance = place.advance(of, presented);
    store.advance(&advance).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_hears_of_it() {
    let place = Place::redis().await;
    let store = place.redis_families().await;
    let user = place.user("ada").await;
    let early = place.session(user).await;
    let begun_by = place.clock.now();
    place.clock.advance(MS);
    let late = place.session(user).await;
    for session in [&early, &late] {
        assert!(
            refresh(&place, &store, session, 1)
                .await
                .step()
                .unwrap()
                .moved
        );
    }
    store.write_journal().await;
    assert_eq!(end(&place, begun_by).await, 1);
    let log = Changes::new(place.database.clone()).since(0).await.unwrap();
    store.follow(&log).await.unwrap();
    let ended = Advanced::Ended(EndReason::Admin);
    assert_eq!(refresh(&place, &store, &early, 2).await, ended);
    assert!(
        refresh(&place, &store, &late, 2)
            .await
            .step()
            .unwrap()
            .moved
    );
    assert!(store.is_in_use());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_only_redis_has_does_not_get_around_it() {
    let place = Place::redis().await;
    let store = place.redis_families().await;
    let session = place.session(place.user("ada").await).await;
    assert!(
        refresh(&place, &store, &session, 1)
            .await
            .step()
            .unwrap()
            .moved
    );
    store.write_journal().await;
    // The database forgets it, as after a restore to a moment before it began.
    let mut intruder = place.intruder().await;
    intruder.execute("DELETE FROM sessions").await;
    assert_eq!(end(&place, place.clock.now()).await, 0);
    assert!(
        refresh(&place, &store, &session, 2)
            .await
            .step()
            .unwrap()
            .moved
    );
    store.write_journal().await;
    let barred = Advanced::Ended(EndReason::Unknown);
    assert_eq!(refresh(&place, &store, &session, 3).await, barred);
}
