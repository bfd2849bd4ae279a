//! Steps that a faster store took, taken over by the database.

use std::time::Duration;

use signet::{
    model::{
        change::{Change, ChangeRow},
        journal::Entry,
        refresh_token::Generation,
        rule::{late_stamped, rotated},
        session::{EndReason, Session, SessionDigest},
        time::Clock as _,
    },
    store::{
        changes::Changes,
        families::{FamilyStore as _, Merged, Opening, SessionKey, Target},
    },
};

use crate::place::{Place, policy};

on_each_database! {
    what_goes_on_is_taken_over_many_at_once,
    steps_of_one_session_are_taken_over_in_their_order,
    a_late_retry_is_taken_over,
    what_the_database_has_beyond_is_told,
    a_token_spent_in_both_ends_the_session,
    a_row_at_fault_costs_no_other_session_its_steps,
    an_unknown_session_can_be_adopted,
    the_ends_of_sessions_can_be_listed,
}

/// Takes a step of `record` as Redis would, now.
fn step(place: &Place, opening: &Opening, record: &mut Session, presented: u32) -> Entry {
    let (presented, now) = (Generation::new(presented).unwrap(), place.clock.now());
    record.family = rotated(record, presented, &policy(), now).unwrap();
    Entry {
        digest: opening.digest,
        session: record.id,
        client: record.client,
        presented,
        policy: policy(),
        family: record.family,
        at: now,
    }
}

async fn found(place: &Place, digest: SessionDigest) -> Session {
    let found = place.families().find(&SessionKey::Digest(digest)).await;
    found.unwrap().unwrap()
}

async fn what_goes_on_is_taken_over_many_at_once(place: Place) {
    let user = place.user("ada").await;
    let (mut steps, mut records) = (Vec::new(), Vec::new());
    for _ in 0..11 {
        let opening = place.session(user).await;
        let mut record = opening.session.clone();
        steps.push(vec![step(&place, &opening, &mut record, 1)]);
        records.push((opening.digest, record));
    }
    let merged = place.families().merge(steps.clone()).await.unwrap();
    assert_eq!(merged.len(), 11);
    for (digest, record) in &records {
        assert!(merged.contains(&(*digest, Merged::Settled)));
        assert_eq!(found(&place, *digest).await, *record);
    }
    // Once more changes nothing: the same entries may arrive twice.
    place.families().merge(steps).await.unwrap();
    assert_eq!(found(&place, records[3].0).await, records[3].1);
}

async fn steps_of_one_session_are_taken_over_in_their_order(place: Place) {
    let user = place.user("ada").await;
    let opening = place.session(user).await;
    let mut record = opening.session.clone();
    let mut steps = vec![step(&place, &opening, &mut record, 1)];
    place.clock.advance(Duration::from_secs(40));
    steps.push(step(&place, &opening, &mut record, 2));
    // Redis lost the third, and the fourth healed it.
    steps.push(step(&place, &opening, &mut record, 4));
    place.families().merge(vec![steps]).await.unwrap();
    assert_eq!(found(&place, opening.digest).await, record);
}

async fn a_late_retry_is_taken_over(place: Place) {
    let user = place.user("ada").await;
    let opening = place.session(user).await;
    let mut record = opening.session.clone();
    let rotation = step(&place, &opening, &mut record, 1);
    place.families().merge(vec![vec![rotation]]).await.unwrap();
    place.clock.advance(Duration::from_mins(5));
    let (presented, now) = (Generation::new(1).unwrap(), place.clock.now());
    record.family = late_stamped(&record.family, presented, now);
    let stamp = Entry {
        presented,
        family: record.family,
        at: now,
        ..rotation
    };
    place.families().merge(vec![vec![stamp]]).await.unwrap();
    assert_eq!(found(&place, opening.digest).await, record);
}

async fn what_the_database_has_beyond_is_told(place: Place) {
    let user = place.user("ada").await;
    let opening = place.session(user).await;
    let mut record = opening.session.clone();
    let rotation = step(&place, &opening, &mut record, 1);
    // Its answer was lost, and the database took the same step, and one more.
    for presented in [1, 2] {
        place.clock.advance(Duration::from_secs(1));
        let advance = place.advance(&opening, presented);
        place.families().advance(&advance).await.unwrap();
    }
    let before = found(&place, opening.digest).await;
    let merged = place.families().merge(vec![vec![rotation]]).await.unwrap();
    assert_eq!(merged, [(opening.digest, Merged::Ahead)]);
    assert_eq!(found(&place, opening.digest).await, before);
}

async fn a_token_spent_in_both_ends_the_session(place: Place) {
    let user = place.user("ada").await;
    for redis_was_first in [true, false] {
        let opening = place.session(user).await;
        let mut record = opening.session.clone();
        let mut redis = Vec::new();
        if redis_was_first {
            redis.push(step(&place, &opening, &mut record, 1));
            redis.push(step(&place, &opening, &mut record, 2));
            place.clock.advance(Duration::from_mins(1));
        }
        for presented in [1, 2] {
            let advance = place.advance(&opening, presented);
            place.families().advance(&advance).await.unwrap();
        }
        if !redis_was_first {
            place.clock.advance(Duration::from_mins(1));
            redis.push(step(&place, &opening, &mut record, 1));
        }
        place.families().merge(vec![redis]).await.unwrap();
        let found = found(&place, opening.digest).await;
        assert_eq!(found.revoked, Some(EndReason::Reuse), "{redis_was_first}");
        let told = Change::SessionRevoked {
            session: found.id,
            user: Some(found.user),
            reason: EndReason::Reuse,
        };
        assert!(place.log().await.contains(&told));
    }
}

async fn an_unknown_session_can_be_adopted(place: Place) {
    let user = place.user("ada").await;
    let opening = place.opening(user);
    let mut record = opening.session.clone();
    let rotation = step(&place, &opening, &mut record, 1);
    let merged = place.families().merge(vec![vec![rotation]]).await.unwrap();
    assert_eq!(merged, [(opening.digest, Merged::Missing)]);
    let opening = Opening {
        session: record.clone(),
        ..opening
    };
    assert!(place.families().adopt(&opening).await.unwrap());
    assert!(!place.families().adopt(&opening).await.unwrap());
    assert_eq!(found(&place, opening.digest).await, record);

    // What was ended with all others since is not.
    let ended = place.opening(user);
    place.clock.advance(Duration::from_secs(1));
    let everything = Target::User { user, except: None };
    let families = place.families();
    families.revoke(everything, EndReason::Admin).await.unwrap();
    assert!(!families.adopt(&ended).await.unwrap());
}

async fn the_ends_of_sessions_can_be_listed(place: Place) {
    let families = place.families();
    let (ada, bob) = (place.user("ada").await, place.user("bob").await);
    let mut ended = Vec::new();
    for user in [ada, ada, bob] {
        ended.push(place.session(user).await);
        place.session(bob).await;
    }
    let one = Target::Family(ended[2].digest);
    let everything = Target::User {
        user: ada,
        except: None,
    };
    families.revoke(one, EndReason::Logout).await.unwrap();
    families.revoke(everything, EndReason::Admin).await.unwrap();
    let rows: Vec<ChangeRow> = Changes::new(place.database.clone())
        .since(0)
        .await
        .unwrap()
        .rows;
    let mut told = families.tombs_of(&rows).await.unwrap();
    let mut all = families.tombs_after(None, 2).await.unwrap();
    assert_eq!(all.len(), 2);
    all.extend(families.tombs_after(Some(all[1].digest), 2).await.unwrap());
    assert_eq!(all.len(), 3);
    for tombs in [&mut told, &mut all] {
        tombs.sort_by_key(|tomb| tomb.digest);
    }
    assert_eq!(told, all);
    for (opening, reason) in
        ended
            .iter()
            .zip([EndReason::Admin, EndReason::Admin, EndReason::Logout])
    {
        let tomb = all
            .iter()
            .find(|tomb| tomb.digest == opening.digest)
            .unwrap();
        let expected = (reason, opening.session.absolute_expires_at);
        assert_eq!((tomb.reason, tomb.absolute_expires_at), expected);
    }
}

async fn a_row_at_fault_costs_no_other_session_its_steps(place: Place) {
    let user = place.user("ada").await;
    let mut intruder = place.intruder().await;
    let (mut steps, mut expected) = (Vec::new(), Vec::new());
    for number in 0..9 {
        let opening = place.session(user).await;
        let mut record = opening.session.clone();
        steps.push(vec![step(&place, &opening, &mut record, 1)]);
        // Somebody was there before, so that each row is read.
        let ahead = "UPDATE sessions SET generation = 7 WHERE id =";
        let at_fault = "UPDATE sessions SET generation = 7, address = 'nowhere' WHERE id =";
        let (change, merged) = match number {
            4 => (at_fault, Merged::Refused),
            _ => (ahead, Merged::Ahead),
        };
        intruder.execute(&format!("{change} '{}'", record.id)).await;
        expected.push((opening.digest, merged));
    }
    let mut merged = place.families().merge(steps).await.unwrap();
    merged.sort_by_key(|(digest, _)| digest.0);
    expected.sort_by_key(|(digest, _)| digest.0);
    assert_eq!(merged, expected);
}
