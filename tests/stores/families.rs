//! What every store of sessions must do, run on each that there is.

use std::time::Duration;

use signet::{
    model::{
        change::Change,
        id::{ClientKind, SessionId, SessionKind},
        refresh_token::Generation,
        rule::rotated,
        session::{EndReason, Origin, SessionDigest},
        session_cookie::CookieDigest,
    },
    store::{
        families::{Advanced, LateStamp, Opened, Revocation, SessionKey, SqlFamilies, Target},
        paging::Paging,
        redis::RedisFamilies,
        users::{NewPassword, PasswordHash},
    },
};

use crate::{
    limit::{
        a_limit_does_not_let_in_who_is_outdated, a_lower_limit_ends_all_that_are_beyond_it,
        logins_that_race_leave_no_more_than_the_limit, one_session_too_many_ends_the_oldest,
        one_session_too_many_is_refused, the_session_that_is_replaced_does_not_count,
    },
    place::{BEGUN, DAY, Place, policy},
    tested::{Tested, bare, ended},
};

/// Runs each of the functions below as a test of each store.
macro_rules! conformance {
    ($($promise:ident,)*) => {
        conformance!(sqlite SqlFamilies: $($promise,)*);
        conformance!(postgres SqlFamilies: $($promise,)*);
        conformance!(redis RedisFamilies: $($promise,)*);
    };
    ($place:ident $store:ident: $($promise:ident,)*) => {
        mod $place {
            use super::{Place, Tested, $store};

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    let place = Place::$place().await;
                    let store = <$store as Tested>::of(&place).await;
                    super::$promise(&place, &store).await;
                }
            )*
        }
    };
}

conformance! {
    a_session_is_found_as_it_was_opened,
    it_opens_only_with_the_credentials_that_were_checked,
    it_opens_only_after_the_users_not_before,
    a_step_moves_the_family_and_answers_with_the_record_before,
    a_step_that_the_rule_refuses_touches_nothing,
    a_step_on_an_unknown_session_finds_nothing,
    a_forgotten_generation_heals,
    fifty_parallel_steps_move_once,
    a_late_retry_is_stamped_once,
    a_late_retry_is_not_stamped_on_what_moved,
    a_session_ends_once_and_is_logged_once,
    an_ended_session_never_moves_again,
    all_but_one_session_end_with_one_row,
    a_list_has_the_living_sessions_in_pages,
    what_has_long_expired_is_forgotten_in_bounded_steps,
    one_session_too_many_ends_the_oldest,
    one_session_too_many_is_refused,
    the_session_that_is_replaced_does_not_count,
    a_lower_limit_ends_all_that_are_beyond_it,
    logins_that_race_leave_no_more_than_the_limit,
    a_limit_does_not_let_in_who_is_outdated,
}

async fn a_session_is_found_as_it_was_opened(place: &Place, store: &impl Tested) {
    let user = place.user("ada").await;
    let mut opening = place.opening(user);
    assert_eq!(store.open(&opening).await, Ok(BEGUN));
    let by_digest = store.find(&SessionKey::Digest(opening.digest)).await;
    assert_eq!(by_digest, Ok(Some(opening.session.clone())));
    let by_id = store.find(&SessionKey::Id(opening.session.id)).await;
    assert_eq!(by_id, Ok(Some(opening.session)));

    opening = place.opening(user);
    opening.session.scopes = None;
    opening.session.audiences.clear();
    opening.session.origin = Origin::default();
    opening.cookie = Some(CookieDigest([7; 32]));
    assert_eq!(store.open(&opening).await, Ok(BEGUN));
    let bare = store.find(&SessionKey::Id(opening.session.id)).await;
    assert_eq!(bare, Ok(Some(opening.session.clone())));
    let by_cookie = store.find(&SessionKey::Cookie(CookieDigest([7; 32]))).await;
    assert_eq!(by_cookie, Ok(Some(opening.session)));
    let another = store.find(&SessionKey::Cookie(CookieDigest([8; 32]))).await;
    assert_eq!(another, Ok(None));
    let nobody = SessionKey::Id(place.id::<SessionKind>());
    assert_eq!(store.find(&nobody).await, Ok(None));
}

async fn it_opens_only_with_the_credentials_that_were_checked(place: &Place, store: &impl Tested) {
    let user = place.user("ada").await;
    let in_flight = place.opening(user);
    let new = NewPassword {
        hash: PasswordHash::new("other".to_owned()),
        expected_version: Some(1),
        except: None,
        reason: EndReason::PasswordChanged,
    };
    place.users().set_password(user, new).await.unwrap();
    assert_eq!(store.open(&in_flight).await, Ok(Opened::Outdated));

    place.clock.advance(Duration::from_millis(1));
    let mut fresh = place.opening(user);
    assert_eq!(store.open(&fresh).await, Ok(Opened::Outdated));
    fresh.credential_version = 2;
    place.users().disable(user).await.unwrap();
    place.clock.advance(Duration::from_millis(1));
    let mut late = place.opening(user);
    late.credential_version = 2;
    assert_eq!(store.open(&late).await, Ok(Opened::Outdated));
    place.users().enable(user).await.unwrap();
    assert_eq!(store.open(&late).await, Ok(BEGUN));
}

async fn it_opens_only_after_the_users_not_before(place: &Place, store: &impl Tested) {
    let user = place.user("ada").await;
    place.session(user).await;
    let everywhere = Target::User { user, except: None };
    assert_eq!(
        store.revoke(everywhere, EndReason::Logout).await,
        Ok(Revocation::Recorded(1))
    );
    assert_eq!(store.open(&place.opening(user)).await, Ok(Opened::Outdated));
    place.clock.advance(Duration::from_millis(1));
    assert_eq!(store.open(&place.opening(user)).await, Ok(BEGUN));
}

async fn a_step_moves_the_family_and_answers_with_the_record_before(
    place: &Place,
    store: &impl Tested,
) {
    let user = place.user("ada").await;
    let opened = place.session(user).await;
    let mut before = opened.session.clone();
    for presented in 1..5 {
        place.clock.advance(Duration::from_mins(5));
        let mut advance = place.advance(&opened, presented);
        advance.policy.active_key = u8::try_from(presented).unwrap();
        let step = store.advance(&advance).await.unwrap().step().unwrap();
        assert!(step.moved);
        assert_eq!(bare(&step.before), bare(&before));
        before.family = rotated(&before, advance.presented, &advance.policy, step.now).unwrap();
        store.settle().await;
        let found = store.find(&SessionKey::Digest(opened.digest)).await;
        assert_eq!(found, Ok(Some(before.clone())));
    }
}

async fn a_step_that_the_rule_refuses_touches_nothing(place: &Place, store: &impl Tested) {
    let user = place.user("ada").await;
    let opened = place.session(user).await;
    let mut foreign = place.advance(&opened, 1);
    foreign.client = place.id::<ClientKind>();
    let mut distrusted = place.advance(&opened, 2);
    distrusted.policy.heal_allowed = false;
    let implausible = place.advance(&opened, 66);
    let mut last = place.advance(&opened, 1);
    last.presented = Generation::LAST;
    for refused in [foreign, distrusted, implausible, last] {
        let step = store.advance(&refused).await.unwrap().step().unwrap();
        assert!(!step.moved);
        assert_eq!(bare(&step.before), bare(&opened.session));
    }
    let found = store.find(&SessionKey::Digest(opened.digest)).await;
    assert_eq!(found, Ok(Some(opened.session)));
}

async fn a_step_on_an_unknown_session_finds_nothing(place: &Place, store: &impl Tested) {
    let user = place.user("ada").await;
    let mut unknown = place.advance(&place.opening(user), 1);
    unknown.digest = SessionDigest([0; 32]);
    assert_eq!(store.advance(&unknown).await, Ok(Advanced::Missing));
}

async fn a_forgotten_generation_heals(place: &Place, store: &impl Tested) {
    let user = place.user("ada").await;
    let opened = place.session(user).await;
    for presented in 1..=40 {
        let step = store.advance(&place.advance(&opened, presented)).await;
        assert!(step.unwrap().step().unwrap().moved);
    }
    let mut intruder = place.intruder().await;
    let first = &opened.session.family;
    store.lose(place, &mut intruder, &opened, first).await;
    // Idle by the record that the store was thrown back to, and yet in use.
    place.clock.advance(20 * DAY);
    let step = store.advance(&place.advance(&opened, 41)).await;
    let step = step.unwrap().step().unwrap();
    assert!(step.moved);
    assert_eq!(bare(&step.before), bare(&opened.session));
    store.settle().await;
    let found = store.find(&SessionKey::Digest(opened.digest)).await;
    assert_eq!(found.unwrap().unwrap().family.generation.number(), 42);
}

async fn fifty_parallel_steps_move_once(place: &Place, store: &impl Tested) {
    let user = place.user("ada").await;
    let opened = place.session(user).await;
    let mut steps = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (store, advance) = (store.clone(), place.advance(&opened, 1));
        steps.spawn(async move { store.advance(&advance).await.unwrap().step().unwrap() });
    }
    let steps = steps.join_all().await;
    assert_eq!(steps.iter().filter(|step| step.moved).count(), 1);
    for step in steps {
        let seen = step.before.family.generation.number();
        assert_eq!(seen, if step.moved { 1 } else { 2 });
    }
}

async fn a_late_retry_is_stamped_once(place: &Place, store: &impl Tested) {
    let user = place.user("ada").await;
    let opened = place.session(user).await;
    store.advance(&place.advance(&opened, 1)).await.unwrap();
    store.settle().await;
    place.clock.advance(DAY);
    let stamp = LateStamp {
        digest: opened.digest,
        presented: Generation::FIRST,
        late_at: opened.session.family.late_at,
        policy: policy(),
    };
    assert_eq!(store.stamp_late(&stamp).await, Ok(true));
    let now = place.database.now();
    let found = async || {
        let found = store.find(&SessionKey::Digest(opened.digest)).await;
        found.unwrap().unwrap().family
    };
    // SQL knows at once, and the journal changes nothing.
    let family = found().await;
    assert_eq!((family.late_at, family.burst_at), (now, now));
    assert_eq!(family.burst_from, Generation::FIRST);
    assert_eq!(family.generation.number(), 2);
    assert_eq!(store.stamp_late(&stamp).await, Ok(false));
    store.settle().await;
    assert_eq!(found().await, family);
}

async fn a_late_retry_is_not_stamped_on_what_moved(place: &Place, store: &impl Tested) {
    let user = place.user("ada").await;
    let opened = place.session(user).await;
    for presented in 1..=2 {
        store
            .advance(&place.advance(&opened, presented))
            .await
            .unwrap();
    }
    let mut stamp = LateStamp {
        digest: opened.digest,
        presented: Generation::FIRST,
        late_at: opened.session.family.late_at,
        policy: policy(),
    };
    assert_eq!(store.stamp_late(&stamp).await, Ok(false));
    stamp.presented = Generation::new(2).unwrap();
    let one = Target::Session(opened.session.id);
    store.revoke(one, EndReason::Logout).await.unwrap();
    assert_eq!(store.stamp_late(&stamp).await, Ok(false));
}

async fn a_session_ends_once_and_is_logged_once(place: &Place, store: &impl Tested) {
    let user = place.user("ada").await;
    let opened = place.session(user).await;
    let target = Target::Session(opened.session.id);
    assert_eq!(
        store.revoke(target, EndReason::Reuse).await,
        Ok(Revocation::Recorded(1))
    );
    assert_eq!(
        store.revoke(target, EndReason::Logout).await,
        Ok(Revocation::Recorded(0))
    );
    let everywhere = Target::User { user, except: None };
    assert_eq!(
        store.revoke(everywhere, EndReason::Admin).await,
        Ok(Revocation::Recorded(0))
    );
    let found = store.find(&SessionKey::Digest(opened.digest)).await;
    assert_eq!(found.unwrap().unwrap().revoked, Some(EndReason::Reuse));
    let revoked = Change::SessionRevoked {
        session: opened.session.id,
        user: Some(user),
        reason: EndReason::Reuse,
    };
    assert_eq!(place.log().await, [revoked]);
}

async fn an_ended_session_never_moves_again(place: &Place, store: &impl Tested) {
    let user = place.user("ada").await;
    let opened = place.session(user).await;
    let target = Target::Session(opened.session.id);
    store.revoke(target, EndReason::Logout).await.unwrap();
    for presented in [1, 2, 60] {
        let step = store.advance(&place.advance(&opened, presented)).await;
        assert_eq!(ended(&step.unwrap()), Some(EndReason::Logout));
    }
}

async fn all_but_one_session_end_with_one_row(place: &Place, store: &impl Tested) {
    let (ada, ben) = (place.user("ada").await, place.user("ben").await);
    let mut of_ada = Vec::new();
    for _ in 0..4 {
        of_ada.push(place.session(ada).await.session.id);
    }
    let of_ben = place.session(ben).await.session.id;
    let target = Target::User {
        user: ada,
        except: Some(of_ada[2]),
    };
    assert_eq!(
        store.revoke(target, EndReason::Logout).await,
        Ok(Revocation::Recorded(3))
    );
    for (id, lives) in [(of_ada[0], false), (of_ada[2], true), (of_ben, true)] {
        let found = store.find(&SessionKey::Id(id)).await.unwrap().unwrap();
        assert_eq!(found.revoked.is_none(), lives);
    }
    let row = Change::UserNotBefore {
        user: ada,
        not_before: place.database.now(),
        except: Some(of_ada[2]),
        reason: EndReason::Logout,
    };
    assert_eq!(place.log().await, [row]);
}

async fn a_list_has_the_living_sessions_in_pages(place: &Place, store: &impl Tested) {
    let user = place.user("ada").await;
    let mut ids: Vec<SessionId> = Vec::new();
    for _ in 0..7 {
        place.clock.advance(Duration::from_millis(1));
        ids.insert(0, place.session(user).await.session.id);
    }
    let over = Target::Session(ids.remove(3));
    store.revoke(over, EndReason::Logout).await.unwrap();
    place.session(place.user("ben").await).await;

    let mut paging = Paging::first(4);
    let first = store.of_user(user, paging).await.unwrap();
    assert_eq!((first.total, first.more), (6, true));
    paging.after = first.items.last().map(|session| session.id);
    let second = store.of_user(user, paging).await.unwrap();
    assert_eq!((second.total, second.more), (6, false));
    let listed: Vec<_> = first
        .items
        .iter()
        .chain(&second.items)
        .map(|s| s.id)
        .collect();
    assert_eq!(listed, ids);

    place.clock.advance(policy().idle_lifetime);
    let idle = store.of_user(user, Paging::first(4)).await.unwrap();
    assert_eq!((idle.items.len(), idle.total, idle.more), (0, 0, false));
}

async fn what_has_long_expired_is_forgotten_in_bounded_steps(place: &Place, store: &impl Tested) {
    let user = place.user("ada").await;
    for _ in 0..5 {
        place.session(user).await;
    }
    place.clock.advance(DAY);
    let young = place.session(user).await;
    place.clock.advance(DAY * 89 + Duration::from_millis(1));
    for count in [3, 2, 0] {
        assert_eq!(place.purge("sessions", 3).await, count);
    }
    let kept = store.find(&SessionKey::Digest(young.digest)).await;
    assert_eq!(kept, Ok(Some(young.session)));
}
