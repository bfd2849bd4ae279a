//! What a node has heard of the change log, told to Redis while the database is away.

use redis::{Commands as _, Connection};
use signet::{
    model::session::EndReason,
    store::{
        changes::Changes,
        error::StoreError,
        families::{Advanced, FamilyStore as _, Opening, Revocation, Target},
        redis::RedisFamilies,
    },
};

use crate::{place::Place, tested::ended};

/// Two nodes with one Redis, and a session that has moved there.
struct Two {
    place: Place,
    here: RedisFamilies,
    there: RedisFamilies,
    session: Opening,
    other: Opening,
}

impl Two {
    async fn begin() -> Self {
        let place = Place::redis().await;
        let (here, there) = (place.redis_families().await, place.redis_families().await);
        let user = place.user("ada").await;
        let (session, other) = (place.session(user).await, place.session(user).await);
        let two = Self {
            place,
            here,
            there,
            session,
            other,
        };
        two.hear(&two.here).await.unwrap();
        for session in [&two.session, &two.other] {
            assert!(two.moves(&two.there, session, 1).await);
            two.there.write_journal().await;
            // A node must have seen what such sessions are for, to know it without the database.
            assert!(!two.moves(&two.here, session, 1).await);
        }
        two
    }

    async fn moves(&self, store: &RedisFamilies, session: &Opening, presented: u32) -> bool {
        let advance = self.place.advance(session, presented);
        let advanced = store.advance(&advance).await.unwrap();
        advanced.step().is_some_and(|step| step.moved)
    }

    /// Has a node read the change log, as it does twice a second.
    async fn hear(&self, store: &RedisFamilies) -> Result<(), StoreError> {
        let log = Changes::new(self.place.database.clone()).since(0).await?;
        store.follow(&log).await
    }

    /// Ends the session here, where Redis cannot be reached.
    async fn end_without_redis(&self) {
        self.place.redis_server().freeze();
        assert!(self.moves(&self.here, &self.session, 2).await);
        assert!(!self.here.is_in_use());
        let target = Target::Family(self.session.digest);
        let revoked = self.here.revoke(target, EndReason::Logout).await;
        assert_eq!(revoked, Ok(Revocation::Recorded(1)));
        self.hear(&self.here).await.unwrap();
        self.place.redis_server().thaw();
    }

    async fn is_over_there(&self) -> bool {
        let advance = self.place.advance(&self.session, 3);
        let advanced = self.there.advance(&advance).await.unwrap();
        ended(&advanced) == Some(EndReason::Logout)
    }

    fn redis(&self) -> Connection {
        self.place.redis_server().connect()
    }

    fn key(&self) -> Vec<u8> {
        [b"s:", &self.session.digest.0[..]].concat()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_ended_while_redis_was_away_it_hears_of_without_the_database() {
    let two = Two::begin().await;
    two.end_without_redis().await;
    two.place.close_database().await;
    assert!(two.here.reach().await);
    assert!(two.is_over_there().await);
    // Redis is where the log is: both go on with what lives.
    assert!(two.moves(&two.there, &two.other, 2).await);
    let mut advance = two.place.advance(&two.other, 3);
    advance.seen = 1;
    let advanced = two.here.advance(&advance).await.unwrap();
    assert!(advanced.step().unwrap().moved);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_lost_the_newest_rows_is_told_them_by_whoever_needs_it() {
    let two = Two::begin().await;
    let (mut redis, key) = (two.redis(), two.key());
    let before: (Vec<u8>, Vec<u8>) = (redis.get("rev").unwrap(), redis.get(&key).unwrap());
    let target = Target::Family(two.session.digest);
    two.here.revoke(target, EndReason::Logout).await.unwrap();
    two.hear(&two.here).await.unwrap();
    let _: () = redis.set("rev", &before.0).unwrap();
    let _: () = redis.set(&key, &before.1).unwrap();
    two.place.close_database().await;
    // A node that knows of the row takes no step before Redis does too.
    let mut advance = two.place.advance(&two.other, 2);
    advance.seen = 1;
    let advanced = two.here.advance(&advance).await.unwrap();
    assert!(advanced.step().unwrap().moved);
    assert!(two.is_over_there().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_rows_cannot_be_applied_sessions_are_ended_all_the_same() {
    let two = Two::begin().await;
    two.end_without_redis().await;
    let _: () = two.redis().set("rev", "77:unknown").unwrap();
    two.place.close_database().await;
    assert!(two.here.reach().await);
    assert!(two.is_over_there().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_waits_for_the_database_is_told_again_to_a_redis_that_lost_it() {
    let two = Two::begin().await;
    two.place.close_database().await;
    let target = Target::Family(two.session.digest);
    let revoked = two.here.revoke(target, EndReason::Logout).await;
    assert_eq!(revoked, Ok(Revocation::Held));
    let _: () = two.redis().del(two.key()).unwrap();
    assert!(two.here.reach().await);
    assert!(two.is_over_there().await);
    two.place.open_database().await;
    two.here.write_journal().await;
    assert_eq!(two.place.log().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_whose_ends_cannot_be_read_counts_as_not_read() {
    let two = Two::begin().await;
    let target = Target::Family(two.session.digest);
    two.place
        .families()
        .revoke(target, EndReason::Logout)
        .await
        .unwrap();
    let log = Changes::new(two.place.database.clone())
        .since(0)
        .await
        .unwrap();
    two.place.close_database().await;
    let heard = two.here.follow(&log).await;
    assert!(
        matches!(heard, Err(StoreError::Unavailable(_))),
        "{heard:?}"
    );
    two.place.open_database().await;
    assert_eq!(two.here.follow(&log).await, Ok(()));
    let advanced = two.there.advance(&two.place.advance(&two.session, 2)).await;
    assert_eq!(advanced, Ok(Advanced::Ended(EndReason::Logout)));
}
