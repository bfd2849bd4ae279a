//! The change log: numbers without gaps in the order of commits, whoever writes.

use std::{collections::BTreeSet, time::Duration};

use signet::{
    model::{session::EndReason, time::Clock as _},
    store::{
        changes::Changes,
        families::{FamilyStore as _, SqlFamilies, Target},
    },
};

use crate::place::{DAY, Place};

on_each_database! {
    a_reader_goes_on_from_the_row_that_it_knows,
    old_rows_are_forgotten_but_never_the_last,
    two_processes_number_their_rows_without_gaps,
}

async fn a_reader_goes_on_from_the_row_that_it_knows(place: Place) {
    let changes = Changes::new(place.database.clone());
    let empty = changes.since(0).await.unwrap();
    assert_eq!((empty.rows.len(), empty.latest), (0, 0));
    assert_eq!(empty.now, place.clock.now());

    let user = place.user("ada").await;
    for _ in 0..3 {
        place.users().disable(user).await.unwrap();
        place.users().enable(user).await.unwrap();
    }
    let log = changes.since(4).await.unwrap();
    let numbers: Vec<_> = log.rows.iter().map(|row| row.number).collect();
    assert_eq!((numbers, log.latest), (vec![4, 5, 6], 6));
    assert_eq!(changes.since(0).await.unwrap().latest, 6);
    let again = changes.since(6).await.unwrap();
    assert_eq!(again.rows, log.rows[2..]);
    let beyond = changes.since(7).await.unwrap();
    assert_eq!((beyond.rows.len(), beyond.latest), (0, 6));

    let all = changes.since(0).await.unwrap().rows;
    let marks: BTreeSet<_> = all.iter().map(|row| row.mark.as_str()).collect();
    assert_eq!(marks.len(), 6);
}

async fn old_rows_are_forgotten_but_never_the_last(place: Place) {
    let changes = Changes::new(place.database.clone());
    let user = place.user("ada").await;
    place.users().disable(user).await.unwrap();
    place.clock.advance(DAY);
    let day_later = place.clock.now();
    place.users().enable(user).await.unwrap();
    place.users().disable(user).await.unwrap();

    let young = changes.younger_than(day_later).await.unwrap();
    assert_eq!(young.rows.len(), 2);
    assert_eq!(place.purge("changes", 10).await, 1);
    place.clock.advance(DAY);
    assert_eq!(place.purge("changes", 10).await, 1);
    assert_eq!(place.purge("changes", 10).await, 0);
    let rest = changes.since(0).await.unwrap();
    assert_eq!(
        (rest.rows[0].number, rest.rows.len(), rest.latest),
        (3, 1, 3)
    );
}

async fn two_processes_number_their_rows_without_gaps(place: Place) {
    let other = place.reopen().await;
    let user = place.user("ada").await;
    let mut writes = tokio::task::JoinSet::new();
    for database in [&place.database, &other] {
        for _ in 0..40 {
            let session = place.session(user).await.session.id;
            let families = SqlFamilies::new(database.clone());
            writes.spawn(async move {
                let target = Target::Session(session);
                families.revoke(target, EndReason::Logout).await.unwrap()
            });
        }
    }
    let changes = Changes::new(other);
    let mut seen = 0;
    let poll_and_join = async {
        while writes.join_next().await.is_some() {
            let log = changes.since(seen + 1).await.unwrap();
            for row in log.rows {
                assert_eq!(row.number, seen + 1, "a row came late");
                seen += 1;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), poll_and_join)
        .await
        .unwrap();
    assert_eq!(changes.since(0).await.unwrap().latest, 80);
}

#[tokio::test]
async fn a_number_that_somebody_has_seen_is_not_given_out_again() {
    let place = Place::sqlite().await;
    let (changes, families) = (Changes::new(place.database.clone()), place.families());
    let user = place.user("ada").await;
    let before = changes.since(0).await.unwrap().latest;
    changes.raise(before + 40).await.unwrap();
    changes.raise(before + 20).await.unwrap();
    let session = place.session(user).await.session.id;
    let target = Target::Session(session);
    families.revoke(target, EndReason::Logout).await.unwrap();
    let log = changes.since(before + 1).await.unwrap();
    let numbers: Vec<i64> = log.rows.iter().map(|row| row.number).collect();
    assert_eq!((numbers, log.latest), (vec![before + 41], before + 41));
}
