//! How many sessions a user may have, held by every store of sessions.

use std::time::Duration;

use futures_util::future::join_all;
use signet::{
    model::{
        change::Change,
        id::SessionId,
        session::{EndReason, SessionLimit, WhenFull},
    },
    store::families::{FamilyStore, Opened, Opening, SessionKey},
};

use crate::place::{BEGUN, DAY, Place};

const END_OLDEST: SessionLimit = SessionLimit {
    most: 3,
    when_full: WhenFull::EndOldest,
};
const REFUSE: SessionLimit = SessionLimit {
    most: 3,
    when_full: WhenFull::Refuse,
};

/// A login of ada a millisecond later than the one before, under a limit.
async fn later(place: &Place, limit: SessionLimit) -> Opening {
    place.clock.advance(Duration::from_millis(1));
    let ada = place.users().by_login_name(&"ada".parse().unwrap()).await;
    let mut opening = place.opening(ada.unwrap().unwrap().user.id);
    opening.limit = Some(limit);
    opening
}

async fn three(place: &Place, store: &impl FamilyStore, limit: SessionLimit) -> Vec<Opening> {
    place.user("ada").await;
    let mut all = Vec::new();
    for _ in 0..3 {
        let opening = later(place, limit).await;
        assert_eq!(store.open(&opening).await, Ok(BEGUN));
        all.push(opening);
    }
    all
}

async fn reason(store: &impl FamilyStore, session: SessionId) -> Option<EndReason> {
    let found = store.find(&SessionKey::Id(session)).await.unwrap();
    found.unwrap().revoked
}

/// The sessions that the change log says were ended by the limit.
async fn logged(place: &Place) -> Vec<SessionId> {
    let rows = place.log().await.into_iter();
    rows.filter_map(|change| match change {
        Change::SessionRevoked {
            session,
            reason: EndReason::SessionLimit,
            ..
        } => Some(session),
        _ => None,
    })
    .collect()
}

pub(crate) async fn one_session_too_many_ends_the_oldest(place: &Place, store: &impl FamilyStore) {
    let [first, second, third] = three(place, store, END_OLDEST).await.try_into().unwrap();
    let other = place.user("eve").await;
    let others = place.session(other).await;
    let fourth = later(place, END_OLDEST).await;
    let ended = Opened::Begun(vec![first.session.id]);
    assert_eq!(store.open(&fourth).await, Ok(ended));
    assert_eq!(
        reason(store, first.session.id).await,
        Some(EndReason::SessionLimit)
    );
    assert_eq!(logged(place).await, [first.session.id]);
    for alive in [&second, &third, &fourth, &others] {
        assert_eq!(reason(store, alive.session.id).await, None);
    }
    // A session that ended otherwise leaves its place.
    let target = signet::store::families::Target::Session(third.session.id);
    store.revoke(target, EndReason::Logout).await.unwrap();
    let fifth = later(place, END_OLDEST).await;
    assert_eq!(store.open(&fifth).await, Ok(BEGUN));
}

pub(crate) async fn one_session_too_many_is_refused(place: &Place, store: &impl FamilyStore) {
    let all = three(place, store, REFUSE).await;
    let fourth = later(place, REFUSE).await;
    assert_eq!(store.open(&fourth).await, Ok(Opened::Full));
    let key = SessionKey::Digest(fourth.digest);
    assert_eq!(store.find(&key).await, Ok(None));
    assert!(logged(place).await.is_empty());
    // Those that nobody has used for long do not count.
    place.clock.advance(DAY * 14);
    let late = later(place, REFUSE).await;
    assert_eq!(store.open(&late).await, Ok(BEGUN));
    assert_eq!(reason(store, all[0].session.id).await, None);
}

pub(crate) async fn the_session_that_is_replaced_does_not_count(
    place: &Place,
    store: &impl FamilyStore,
) {
    let all = three(place, store, REFUSE).await;
    let mut again = later(place, REFUSE).await;
    again.replaces = Some(again.digest);
    assert_eq!(store.open(&again).await, Ok(Opened::Full));
    again.replaces = Some(all[1].digest);
    assert_eq!(store.open(&again).await, Ok(BEGUN));
    assert_eq!(reason(store, all[0].session.id).await, None);
}

pub(crate) async fn a_lower_limit_ends_all_that_are_beyond_it(
    place: &Place,
    store: &impl FamilyStore,
) {
    let all = three(place, store, END_OLDEST).await;
    let one = SessionLimit {
        most: 1,
        ..END_OLDEST
    };
    let last = later(place, one).await;
    let Ok(Opened::Begun(mut ended)) = store.open(&last).await else {
        panic!("not begun")
    };
    ended.sort();
    assert_eq!(
        ended,
        all.iter().map(|one| one.session.id).collect::<Vec<_>>()
    );
    assert_eq!(reason(store, last.session.id).await, None);
}

pub(crate) async fn logins_that_race_leave_no_more_than_the_limit(
    place: &Place,
    store: &impl FamilyStore,
) {
    for limit in [END_OLDEST, REFUSE] {
        let name = format!("racer{}", limit.when_full as u8);
        let user = place.user(&name).await;
        place.clock.advance(Duration::from_millis(1));
        let racing: Vec<Opening> = (0..20)
            .map(|_| Opening {
                limit: Some(limit),
                ..place.opening(user)
            })
            .collect();
        let opened = join_all(racing.iter().map(|one| store.open(one))).await;
        let begun = opened
            .iter()
            .filter(|one| matches!(one, Ok(Opened::Begun(_))));
        let begun = begun.count();
        let mut alive = 0;
        for (one, opened) in racing.iter().zip(&opened) {
            let found = store.find(&SessionKey::Digest(one.digest)).await.unwrap();
            assert_eq!(found.is_some(), !matches!(opened, Ok(Opened::Full)));
            alive += usize::from(found.is_some_and(|found| found.revoked.is_none()));
        }
        assert_eq!(alive, 3);
        assert_eq!(begun, if limit == END_OLDEST { 20 } else { 3 });
    }
}

pub(crate) async fn a_limit_does_not_let_in_who_is_outdated(
    place: &Place,
    store: &impl FamilyStore,
) {
    let all = three(place, store, END_OLDEST).await;
    let mut outdated = later(place, END_OLDEST).await;
    outdated.credential_version = 2;
    assert_eq!(store.open(&outdated).await, Ok(Opened::Outdated));
    let in_flight = later(place, END_OLDEST).await;
    place.users().disable(in_flight.session.user).await.unwrap();
    assert_eq!(store.open(&in_flight).await, Ok(Opened::Outdated));
    assert_eq!(
        reason(store, all[0].session.id).await,
        Some(EndReason::UserDisabled)
    );
}
