//! Users: names, grants, passwords, states, and what each change tells the nodes.

use std::{slice, time::Duration};

use signet::{
    model::{
        change::Change,
        id::{UserId, UserKind},
        scope::Grant,
        session::EndReason,
        user::LoginName,
    },
    store::{
        error::{
            Conflict::{
                self, CredentialsChanged, EmailTaken, LastAdministrator, NoSuchUser, UsernameTaken,
            },
            StoreError,
        },
        families::{FamilyStore as _, Opened, SessionKey},
        paging::Paging,
        users::{NewPassword, PasswordHash, UserFilter, UserPatch},
    },
};

use crate::place::Place;

on_each_database! {
    one_look_up_finds_a_user_by_either_name,
    a_taken_name_leaves_nothing_behind,
    a_list_is_filtered_and_paged,
    names_change_all_or_none_and_caches_hear_of_it,
    of_two_who_want_a_name_one_gets_it,
    grants_come_and_go_and_caches_hear_of_it,
    setting_a_password_ends_all_sessions_but_the_excepted_one,
    a_password_is_changed_only_from_the_one_that_was_checked,
    hashing_anew_changes_nothing_else,
    disabling_ends_sessions_and_enabling_does_not_revive_them,
    deleting_erases_the_person_and_keeps_the_id,
    the_last_enabled_holder_of_everything_stays,
}

const MS: Duration = Duration::from_millis(1);

fn conflict<T>(conflict: Conflict) -> Result<T, StoreError> {
    Err(StoreError::Conflict(conflict))
}

fn grant(text: &str) -> Grant {
    text.parse().unwrap()
}

fn password(text: &str, expected_version: Option<i64>) -> NewPassword {
    NewPassword {
        hash: PasswordHash::new(text.to_owned()),
        expected_version,
        except: None,
        reason: EndReason::PasswordChanged,
    }
}

fn changed(user: UserId) -> Change {
    Change::UserChanged { user }
}

fn ended(place: &Place, user: UserId, reason: EndReason) -> Change {
    Change::UserNotBefore {
        user,
        not_before: place.database.now(),
        except: None,
        reason,
    }
}

async fn one_look_up_finds_a_user_by_either_name(place: Place) {
    let mut new = place.new_user("Ada", &["pages.*", "*"]);
    new.email = Some("ADA@example.org".parse().unwrap());
    let created = place.users().create(new.clone()).await.unwrap();
    for name in ["ada", "ADA", "ada@example.org"] {
        let name: LoginName = name.parse().unwrap();
        let found = place.users().by_login_name(&name).await.unwrap().unwrap();
        assert_eq!(found.user, created);
        assert!(found.password_hash == new.password_hash);
    }
    assert_eq!(place.users().by_id(created.id).await, Ok(Some(created)));
    let nobody: LoginName = "ben".parse().unwrap();
    assert!(
        place
            .users()
            .by_login_name(&nobody)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(place.users().by_id(place.id::<UserKind>()).await, Ok(None));
}

async fn a_taken_name_leaves_nothing_behind(place: Place) {
    let mut ada = place.new_user("ada", &[]);
    ada.email = Some("ada@example.org".parse().unwrap());
    place.users().create(ada.clone()).await.unwrap();

    let same_name = place.new_user("ada", &[]);
    assert_eq!(
        place.users().create(same_name).await,
        conflict(UsernameTaken)
    );
    let mut same_email = place.new_user("ben", &["a.*"]);
    same_email.email = ada.email;
    assert_eq!(place.users().create(same_email).await, conflict(EmailTaken));

    let all = place
        .users()
        .list(&UserFilter::default(), Paging::first(9))
        .await
        .unwrap();
    assert_eq!((all.total, all.items.len()), (1, 1));
    assert!(
        place
            .users()
            .create(place.new_user("ben", &[]))
            .await
            .is_ok()
    );
}

fn renamed(name: &str) -> UserPatch {
    UserPatch {
        username: Some(name.parse().unwrap()),
        email: None,
    }
}

async fn names_change_all_or_none_and_caches_hear_of_it(place: Place) {
    let (ada, ben) = (place.user("ada").await, place.user("ben").await);
    let both = UserPatch {
        email: Some(Some("ada@example.org".parse().unwrap())),
        ..renamed("lovelace")
    };
    for fresh in [true, false] {
        let done = place.users().update(ada, both.clone()).await;
        assert_eq!(done, Ok(fresh));
        assert_eq!(place.log().await, [changed(ada)]);
    }
    let found = place.users().by_id(ada).await.unwrap().unwrap();
    assert_eq!(found.username.as_str(), "lovelace");
    assert_eq!(found.email.clone(), both.email.flatten());

    // The name is free, the address is not: neither is taken.
    let half = UserPatch {
        email: Some(found.email.clone()),
        ..renamed("free")
    };
    assert_eq!(place.users().update(ben, half).await, conflict(EmailTaken));
    assert_eq!(
        place.users().update(ben, renamed("lovelace")).await,
        conflict(UsernameTaken)
    );
    assert!(
        place
            .users()
            .by_id(ben)
            .await
            .unwrap()
            .unwrap()
            .username
            .as_str()
            == "ben"
    );
    let without = UserPatch {
        email: Some(None),
        ..UserPatch::default()
    };
    assert_eq!(place.users().update(ada, without.clone()).await, Ok(true));
    assert_eq!(place.users().update(ada, without).await, Ok(false));
    place.users().delete(ben).await.unwrap();
    assert_eq!(
        place.users().update(ben, renamed("ben")).await,
        conflict(NoSuchUser)
    );
}

async fn of_two_who_want_a_name_one_gets_it(place: Place) {
    let (ada, ben) = (place.user("ada").await, place.user("ben").await);
    let users = place.users();
    let (first, second) = tokio::join!(
        users.update(ada, renamed("best")),
        users.update(ben, renamed("best"))
    );
    let outcomes = [first, second];
    assert!(outcomes.contains(&Ok(true)), "{outcomes:?}");
    assert!(outcomes.contains(&conflict(UsernameTaken)), "{outcomes:?}");
}

async fn a_list_is_filtered_and_paged(place: Place) {
    for name in ["ada", "alan", "barbara", "al%n", "grace"] {
        place.clock.advance(MS);
        place.user(name).await;
    }
    let alan = place.users().by_login_name(&"alan".parse().unwrap()).await;
    place
        .users()
        .disable(alan.unwrap().unwrap().user.id)
        .await
        .unwrap();

    let names = async |filter: UserFilter, paging| {
        let page = place.users().list(&filter, paging).await.unwrap();
        let names: Vec<_> = page
            .items
            .iter()
            .map(|user| user.username.to_string())
            .collect();
        (names.join(" "), page.total, page.more)
    };
    let prefix = |text: &str| UserFilter {
        name_prefix: Some(text.to_owned()),
        ..UserFilter::default()
    };
    let all = names(prefix("al"), Paging::first(9)).await;
    assert_eq!(all, ("alan al%n".to_owned(), 2, false));
    assert_eq!(names(prefix("al%"), Paging::first(9)).await.0, "al%n");
    let disabled = |disabled| UserFilter {
        disabled: Some(disabled),
        ..UserFilter::default()
    };
    assert_eq!(names(disabled(true), Paging::first(9)).await.0, "alan");
    let first = names(disabled(false), Paging::first(3)).await;
    assert_eq!(first, ("ada barbara al%n".to_owned(), 4, true));
}

async fn grants_come_and_go_and_caches_hear_of_it(place: Place) {
    let user = place.user("ada").await;
    let pages = grant("pages.*");
    assert_eq!(
        place.users().grant(user, slice::from_ref(&pages)).await,
        Ok(true)
    );
    assert_eq!(
        place.users().grant(user, slice::from_ref(&pages)).await,
        Ok(false)
    );
    let held = place.users().by_id(user).await.unwrap().unwrap().grants;
    assert!(held.iter().eq([&pages]));
    assert_eq!(
        place.users().ungrant(user, slice::from_ref(&pages)).await,
        Ok(true)
    );
    assert_eq!(
        place.users().ungrant(user, slice::from_ref(&pages)).await,
        Ok(false)
    );
    assert_eq!(place.log().await, [changed(user), changed(user)]);
    let nobody = place.id::<UserKind>();
    assert_eq!(
        place.users().grant(nobody, slice::from_ref(&pages)).await,
        conflict(NoSuchUser)
    );
    assert_eq!(
        place.users().ungrant(nobody, slice::from_ref(&pages)).await,
        conflict(NoSuchUser)
    );
}

async fn setting_a_password_ends_all_sessions_but_the_excepted_one(place: Place) {
    let user = place.user("ada").await;
    let (kept, other) = (place.session(user).await, place.session(user).await);
    let mut new = password("new", Some(1));
    new.except = Some(kept.session.id);
    place.users().set_password(user, new).await.unwrap();

    let reason = async |session: &signet::store::families::Opening| {
        let key = SessionKey::Digest(session.digest);
        place.families().find(&key).await.unwrap().unwrap().revoked
    };
    assert_eq!(reason(&kept).await, None);
    assert_eq!(reason(&other).await, Some(EndReason::PasswordChanged));
    let found = place.users().credentials(user).await.unwrap().unwrap();
    assert_eq!(found.user.credential_version, 2);
    assert_eq!(found.user.not_before, place.database.now());
    assert_eq!(found.password_hash.unwrap().as_str(), "new");
    let row = Change::UserNotBefore {
        user,
        not_before: place.database.now(),
        except: Some(kept.session.id),
        reason: EndReason::PasswordChanged,
    };
    assert_eq!(place.log().await, [row]);
}

async fn a_password_is_changed_only_from_the_one_that_was_checked(place: Place) {
    let user = place.user("ada").await;
    place
        .users()
        .set_password(user, password("first", Some(1)))
        .await
        .unwrap();
    let late = place
        .users()
        .set_password(user, password("second", Some(1)))
        .await;
    assert_eq!(late, conflict(CredentialsChanged));
    place
        .users()
        .set_password(user, password("third", None))
        .await
        .unwrap();
    let nobody = place.id::<UserKind>();
    let missing = place
        .users()
        .set_password(nobody, password("x", None))
        .await;
    assert_eq!(missing, conflict(NoSuchUser));
    assert_eq!(place.log().await.len(), 2);
}

async fn hashing_anew_changes_nothing_else(place: Place) {
    let user = place.user("ada").await;
    let [old, new] = ["$argon2id$test", "better"].map(|text| PasswordHash::new(text.to_owned()));
    assert_eq!(place.users().rehash(user, &old, &new).await, Ok(true));
    assert_eq!(place.users().rehash(user, &old, &new).await, Ok(false));
    let found = place.users().credentials(user).await.unwrap().unwrap();
    assert!(found.password_hash == Some(new));
    assert_eq!(found.user.credential_version, 1);
    assert_eq!(place.log().await, []);
}

async fn disabling_ends_sessions_and_enabling_does_not_revive_them(place: Place) {
    let user = place.user("ada").await;
    let session = place.session(user).await;
    assert_eq!(place.users().disable(user).await, Ok(true));
    assert_eq!(place.users().disable(user).await, Ok(false));
    let found = place.users().by_id(user).await.unwrap().unwrap();
    assert_eq!(found.disabled_at, Some(place.database.now()));
    assert_eq!(place.users().enable(user).await, Ok(true));
    assert_eq!(place.users().enable(user).await, Ok(false));
    let found = place
        .families()
        .find(&SessionKey::Digest(session.digest))
        .await;
    assert_eq!(
        found.unwrap().unwrap().revoked,
        Some(EndReason::UserDisabled)
    );
    let told = [ended(&place, user, EndReason::UserDisabled), changed(user)];
    assert_eq!(place.log().await, told);
    let nobody = place.id::<UserKind>();
    assert_eq!(place.users().disable(nobody).await, conflict(NoSuchUser));
    assert_eq!(place.users().enable(nobody).await, conflict(NoSuchUser));
}

async fn deleting_erases_the_person_and_keeps_the_id(place: Place) {
    let mut new = place.new_user("ada", &["pages.*"]);
    new.email = Some("ada@example.org".parse().unwrap());
    let user = place.users().create(new.clone()).await.unwrap().id;
    let session = place.session(user).await;
    assert_eq!(place.users().delete(user).await, Ok(true));
    assert_eq!(place.users().delete(user).await, Ok(false));

    assert_eq!(place.users().by_id(user).await, Ok(None));
    assert_eq!(place.users().enable(user).await, conflict(NoSuchUser));
    assert_eq!(
        place.families().open(&place.opening(user)).await,
        Ok(Opened::Outdated)
    );
    let found = place
        .families()
        .find(&SessionKey::Digest(session.digest))
        .await;
    let found = found.unwrap().unwrap();
    assert_eq!(found.revoked, Some(EndReason::UserDisabled));
    assert_eq!(found.origin, signet::model::session::Origin::default());
    assert_eq!(
        place.log().await,
        [ended(&place, user, EndReason::UserDisabled)]
    );

    place.database.close().await;
    if let Some(file) = place.file() {
        let file = std::fs::read(file).unwrap();
        assert!(contains(&file, user.to_string().as_bytes()));
        for erased in ["ada@example.org", "$argon2id$test", "2001:db8::1"] {
            assert!(!contains(&file, erased.as_bytes()), "{erased}");
        }
    }
    // The names are free again, the id is not.
    let again = place.reopen().await;
    let users = signet::store::users::Users::new(again);
    assert!(matches!(
        users.create(new.clone()).await,
        Err(StoreError::Corrupt(_))
    ));
    new.id = place.id::<UserKind>();
    assert!(users.create(new).await.is_ok());
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

async fn the_last_enabled_holder_of_everything_stays(place: Place) {
    let create = async |name| {
        place
            .users()
            .create(place.new_user(name, &["*"]))
            .await
            .unwrap()
            .id
    };
    let (ada, ben) = (create("ada").await, create("ben").await);
    let users = place.users();
    let star = grant("*");
    assert_eq!(users.disable(ben).await, Ok(true));
    assert_eq!(users.disable(ada).await, conflict(LastAdministrator));
    assert_eq!(users.delete(ada).await, conflict(LastAdministrator));
    assert_eq!(
        users.ungrant(ada, slice::from_ref(&star)).await,
        conflict(LastAdministrator)
    );
    assert!(
        users
            .by_id(ada)
            .await
            .unwrap()
            .unwrap()
            .disabled_at
            .is_none()
    );

    users.enable(ben).await.unwrap();
    assert_eq!(users.ungrant(ada, slice::from_ref(&star)).await, Ok(true));
    assert_eq!(users.disable(ada).await, Ok(true));
    assert_eq!(users.delete(ben).await, conflict(LastAdministrator));
    users.enable(ada).await.unwrap();
    users.grant(ada, slice::from_ref(&star)).await.unwrap();
    assert_eq!(users.delete(ben).await, Ok(true));
}
