//! Signing keys, the pepper, check values, and the default client: each exists once, whoever races.

use signet::{
    model::{
        change::Change,
        id::ClientKind,
        signing_key::{Algorithm, KeyState},
    },
    store::{
        clients::Clients,
        error::{Conflict, StoreError},
        families::FamilyStore as _,
        key_checks::KeyChecks,
        peppers::Peppers,
        signing_keys::{NewKey, SigningKeys, StoredKey, Transition},
    },
};

use crate::place::{DAY, Place};

on_each_database! {
    an_algorithm_has_one_active_and_one_next_key,
    a_rotation_is_agreed_whole_or_not_at_all,
    a_key_that_is_gone_leaves_its_kid_and_no_secret,
    a_key_that_is_put_in_stands_by_alone,
    the_first_check_value_of_a_key_stays,
    the_keys_of_the_newest_token_and_the_one_before_are_in_use,
    there_is_one_default_client,
    there_is_one_pepper,
}

fn key(kid: &str, state: KeyState) -> NewKey {
    NewKey {
        kid: kid.to_owned(),
        algorithm: Algorithm::ES256,
        state,
        sealed: format!("sealed {kid}"),
    }
}

fn step(kid: &str, from: KeyState, to: KeyState) -> Transition {
    Transition {
        kid: kid.to_owned(),
        from,
        to,
    }
}

async fn states(keys: &SigningKeys) -> Vec<(String, KeyState)> {
    let listed = keys.list().await.unwrap();
    listed.into_iter().map(|key| (key.kid, key.state)).collect()
}

async fn an_algorithm_has_one_active_and_one_next_key(place: Place) {
    let keys = SigningKeys::new(place.database.clone());
    assert_eq!(
        keys.insert_if_none(key("a", KeyState::Active)).await,
        Ok(true)
    );
    assert_eq!(
        keys.insert_if_none(key("b", KeyState::Active)).await,
        Ok(false)
    );
    assert_eq!(
        keys.insert_if_none(key("c", KeyState::Next)).await,
        Ok(true)
    );
    let mut rsa = key("r", KeyState::Active);
    rsa.algorithm = Algorithm::RS256;
    assert_eq!(keys.insert_if_none(rsa).await, Ok(true));
    let names: Vec<_> = keys
        .list()
        .await
        .unwrap()
        .into_iter()
        .map(|key| key.kid)
        .collect();
    assert_eq!(names, ["a", "c", "r"]);
    assert_eq!(place.log().await, vec![Change::SigningKeysChanged; 3]);
}

async fn a_rotation_is_agreed_whole_or_not_at_all(place: Place) {
    let keys = SigningKeys::new(place.database.clone());
    keys.insert_if_none(key("a", KeyState::Active))
        .await
        .unwrap();
    keys.insert_if_none(key("b", KeyState::Next)).await.unwrap();
    place.clock.advance(DAY);
    let rotation = vec![
        step("a", KeyState::Active, KeyState::Retired),
        step("b", KeyState::Next, KeyState::Active),
    ];
    assert_eq!(keys.transition(rotation.clone()).await, Ok(()));
    let moved = Err(StoreError::Conflict(Conflict::SigningKeyMoved));
    assert_eq!(keys.transition(rotation).await, moved);
    let half = vec![
        step("b", KeyState::Active, KeyState::Retired),
        step("a", KeyState::Next, KeyState::Active),
    ];
    assert_eq!(keys.transition(half).await, moved);
    let expected = [
        ("a".to_owned(), KeyState::Retired),
        ("b".to_owned(), KeyState::Active),
    ];
    assert_eq!(states(&keys).await, expected);

    let listed: Vec<StoredKey> = keys.list().await.unwrap();
    let now = Some(place.database.now());
    assert_eq!((listed[0].retired_at, listed[1].activated_at), (now, now));
}

async fn a_key_that_is_gone_leaves_its_kid_and_no_secret(place: Place) {
    let keys = SigningKeys::new(place.database.clone());
    keys.insert_if_none(key("a", KeyState::Active))
        .await
        .unwrap();
    let gone = vec![step("a", KeyState::Active, KeyState::Gone)];
    keys.transition(gone).await.unwrap();
    let listed = keys.list().await.unwrap();
    assert_eq!(
        (listed[0].kid.as_str(), listed[0].sealed.as_str()),
        ("a", "")
    );
    assert_eq!(listed[0].state, KeyState::Gone);
}

async fn a_key_that_is_put_in_stands_by_alone(place: Place) {
    let keys = SigningKeys::new(place.database.clone());
    keys.insert_if_none(key("a", KeyState::Active))
        .await
        .unwrap();
    let next = |kid| key(kid, KeyState::Next);
    assert_eq!(keys.put_in(next("b"), None).await, Ok(()));
    let known = Err(StoreError::Conflict(Conflict::SigningKeyKnown));
    let moved = Err(StoreError::Conflict(Conflict::SigningKeyMoved));
    // Somebody else was first, and nothing is half done.
    assert_eq!(keys.put_in(next("c"), None).await, moved);
    let instead_of = |kid: &str| Some(kid.to_owned());
    assert_eq!(keys.put_in(next("c"), instead_of("a")).await, moved);
    assert_eq!(keys.put_in(next("a"), instead_of("b")).await, known);
    assert_eq!(keys.put_in(next("c"), instead_of("b")).await, Ok(()));
    let expected = [
        ("a".to_owned(), KeyState::Active),
        ("b".to_owned(), KeyState::Gone),
        ("c".to_owned(), KeyState::Next),
    ];
    assert_eq!(states(&keys).await, expected);
    // Each is told once.
    assert_eq!(place.log().await, vec![Change::SigningKeysChanged; 3]);
    assert_eq!(keys.put_in(next("b"), instead_of("c")).await, known);
}

async fn the_first_check_value_of_a_key_stays(place: Place) {
    let checks = KeyChecks::new(place.database.clone());
    assert_eq!(
        checks.ensure("master", 1, "one").await.as_deref(),
        Ok("one")
    );
    assert_eq!(
        checks.ensure("master", 1, "other").await.as_deref(),
        Ok("one")
    );
    assert_eq!(
        checks.ensure("master", 255, "last").await.as_deref(),
        Ok("last")
    );
    assert_eq!(checks.ensure("else", 1, "x").await.as_deref(), Ok("x"));
    let all = vec![(1, "one".to_owned()), (255, "last".to_owned())];
    assert_eq!(checks.of("master").await, Ok(all));
}

async fn the_keys_of_the_newest_token_and_the_one_before_are_in_use(place: Place) {
    let checks = KeyChecks::new(place.database.clone());
    let in_use = async || {
        let tokens = checks.tokens().await.unwrap();
        tokens.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    let session = place.session(place.user("ada").await).await;
    assert_eq!(in_use().await, [1]);
    for (presented, keys) in [(1, &[1, 2][..]), (2, &[2])] {
        let mut advance = place.advance(&session, presented);
        advance.policy.active_key = 2;
        place.families().advance(&advance).await.unwrap();
        assert_eq!(in_use().await, keys);
    }
}

async fn there_is_one_default_client(place: Place) {
    let clients = Clients::new(place.database.clone());
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (clients, candidate) = (clients.clone(), place.id::<ClientKind>());
        starts.spawn(async move { clients.default_client(candidate, "x").await.unwrap() });
    }
    let ids = starts.join_all().await;
    assert!(ids.iter().all(|id| *id == place.client));
    // What holds for it is configured: it is not one of those that are kept here.
    assert_eq!(clients.by_id(place.client).await, Ok(None));
    assert!(clients.all().await.unwrap().is_empty());
}

async fn there_is_one_pepper(place: Place) {
    let peppers = Peppers::new(place.database.clone());
    assert_eq!(peppers.find(1).await, Ok(None));
    let mut starts = tokio::task::JoinSet::new();
    for start in 0..8 {
        let peppers = peppers.clone();
        starts.spawn(async move { peppers.ensure(1, &format!("sealed {start}")).await });
    }
    let kept = starts.join_all().await;
    let first = kept[0].clone().unwrap();
    assert!(kept.iter().all(|one| one.as_ref() == Ok(&first)));
    assert_eq!(peppers.find(1).await, Ok(Some(first)));
    assert_eq!(peppers.find(2).await, Ok(None));
}
