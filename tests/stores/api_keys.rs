//! API keys: names, limits, secrets that replace each other, and what each change tells the nodes.

use std::time::Duration;

use signet::{
    crypto::{
        api_key::{ApiKeyReader, FreshApiKey},
        pepper::Pepper,
    },
    model::{
        api_key::{Addresses, ApiKey, ApiKeyState, Metadata},
        change::Change,
        id::{ApiKeyId, ApiKeyKind, UserId},
        refresh_token::TokenPrefix,
        time::Timestamp,
    },
    store::{
        api_keys::{ApiKeyFilter, ApiKeyPatch, ApiKeys, KeyOwner, NewApiKey, Rotation},
        error::{
            Conflict::{self, ApiKeyExists, ApiKeyMoved, NoSuchUser, TooManyApiKeys},
            StoreError,
        },
        paging::Paging,
    },
};

use crate::{
    place::{DAY, Place},
    server::waits_for_a_lock,
};

on_each_database! {
    a_key_reads_back_by_lookup_and_by_id,
    a_name_is_taken_once_among_the_living,
    an_owner_has_so_many_keys_and_no_more,
    a_key_needs_an_owner_who_is_there,
    what_is_absent_from_a_patch_stays,
    a_change_that_was_judged_by_an_older_version_is_refused,
    disabling_is_undone_and_revoking_is_not,
    a_rotation_leaves_the_older_secret_its_overlap,
    a_list_is_filtered_and_paged,
    the_latest_use_stays,
    what_ended_long_ago_is_forgotten,
    erasing_a_person_forgets_their_keys,
}

fn conflict<T>(conflict: Conflict) -> Result<T, StoreError> {
    Err(StoreError::Conflict(conflict))
}

fn fresh(place: &Place) -> FreshApiKey {
    let pepper = Pepper::new(1, &[7; 32]).unwrap();
    ApiKeyReader::new(pepper, TokenPrefix::default(), &[]).make(&*place.rng)
}

fn new(place: &Place, owner: Option<UserId>, name: &str) -> NewApiKey {
    NewApiKey {
        id: place.id::<ApiKeyKind>(),
        name: name.parse().unwrap(),
        owner,
        scopes: ["pages.*", "blog.*"]
            .map(|grant| grant.parse().unwrap())
            .into_iter()
            .collect(),
        audiences: vec!["https://api.example".to_owned()],
        read_only: true,
        addresses: Addresses::parse(&["192.0.2.0/24"]).unwrap(),
        metadata: r#"{"project":"apollo"}"#.parse().unwrap(),
        expires_at: Some(place.database.now().plus(30 * DAY)),
        created_by: owner,
        secret: fresh(place).kept,
        max_per_user: 3,
    }
}

fn keys(place: &Place) -> ApiKeys {
    ApiKeys::new(place.database.clone())
}

async fn create(place: &Place, owner: Option<UserId>, name: &str) -> ApiKey {
    keys(place).create(new(place, owner, name)).await.unwrap()
}

async fn read(place: &Place, id: ApiKeyId) -> ApiKey {
    keys(place).by_id(id).await.unwrap().unwrap().key
}

async fn a_key_reads_back_by_lookup_and_by_id(place: Place) {
    let ada = place.user("ada").await;
    let wanted = new(&place, Some(ada), "CI Pipeline");
    let created = keys(&place).create(wanted.clone()).await.unwrap();
    assert_eq!((created.id, created.owner), (wanted.id, Some(ada)));
    assert_eq!(created.scopes, wanted.scopes);
    assert_eq!(created.metadata, wanted.metadata);
    assert_eq!((created.version, created.created_by), (1, Some(ada)));
    assert_eq!(created.created_at, place.database.now());

    let lookup = wanted.secret.lookup;
    let found = keys(&place).by_lookup(&lookup).await.unwrap().unwrap();
    assert_eq!(found.key, created);
    let [secret] = &found.secrets[..] else {
        panic!("{} secrets", found.secrets.len())
    };
    assert!(secret.lookup == lookup && secret.valid_until.is_none());
    assert_eq!(secret.digest.to_text(), wanted.secret.digest.to_text());
    assert_eq!(read(&place, wanted.id).await, created);
    let unknown = fresh(&place).kept.lookup;
    assert!(keys(&place).by_lookup(&unknown).await.unwrap().is_none());
    let unknown = place.id::<ApiKeyKind>();
    assert!(keys(&place).by_id(unknown).await.unwrap().is_none());
    assert_eq!(place.log().await, [], "nobody holds what is new");
}

async fn a_name_is_taken_once_among_the_living(place: Place) {
    let (ada, eve) = (place.user("ada").await, place.user("eve").await);
    for owner in [Some(ada), None] {
        let first = create(&place, owner, "CI").await;
        let again = keys(&place).create(new(&place, owner, "CI")).await;
        assert_eq!(again.err(), conflict::<()>(ApiKeyExists(first.id)).err());
        let other = create(&place, owner, "other").await;
        let renamed = ApiKeyPatch {
            name: Some(first.name.clone()),
            ..ApiKeyPatch::default()
        };
        let renamed = keys(&place).update(&other, renamed).await;
        assert_eq!(renamed, conflict(ApiKeyExists(first.id)));
        keys(&place).revoke(first.id).await.unwrap();
        let second = create(&place, owner, "CI").await;
        let found = keys(&place).by_name(owner, "CI").await.unwrap();
        assert_eq!(found.map(|key| key.id), Some(second.id));
    }
    create(&place, Some(eve), "CI").await;
}

async fn an_owner_has_so_many_keys_and_no_more(place: Place) {
    let ada = place.user("ada").await;
    let mut racers = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (keys, new) = (keys(&place), new(&place, Some(ada), &number.to_string()));
        racers.spawn(async move { keys.create(new).await });
    }
    let outcomes = racers.join_all().await;
    let created: Vec<_> = outcomes.iter().flatten().collect();
    assert_eq!(created.len(), 3, "{outcomes:?}");
    let refused = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    assert!(
        refused
            .into_iter()
            .all(|error| *error == TooManyApiKeys(3).into())
    );
    // Those that ended make room.
    keys(&place).revoke(created[0].id).await.unwrap();
    create(&place, Some(ada), "fourth").await;
    place.clock.advance(31 * DAY);
    create(&place, Some(ada), "fifth").await;
    for number in 0..4 {
        create(&place, None, &number.to_string()).await;
    }
}

async fn a_key_needs_an_owner_who_is_there(place: Place) {
    let (ada, eve) = (place.user("ada").await, place.user("eve").await);
    place.users().disable(ada).await.unwrap();
    place.users().delete(eve).await.unwrap();
    for owner in [ada, eve, place.id()] {
        let refused = keys(&place).create(new(&place, Some(owner), "CI")).await;
        assert_eq!(refused.err(), conflict::<()>(NoSuchUser).err());
    }
}

async fn what_is_absent_from_a_patch_stays(place: Place) {
    let key = create(&place, None, "CI").await;
    keys(&place)
        .update(&key, ApiKeyPatch::default())
        .await
        .unwrap();
    let mut expected = ApiKey { version: 2, ..key };
    assert_eq!(read(&place, expected.id).await, expected);
    let patch = ApiKeyPatch {
        name: Some("other".parse().unwrap()),
        scopes: Some(
            ["blog.*"]
                .map(|grant| grant.parse().unwrap())
                .into_iter()
                .collect(),
        ),
        audiences: Some(Vec::new()),
        read_only: Some(false),
        addresses: Some(Addresses::default()),
        metadata: Some(Metadata::default()),
        expires_at: Some(None),
    };
    keys(&place).update(&expected, patch.clone()).await.unwrap();
    expected = ApiKey {
        name: patch.name.unwrap(),
        scopes: patch.scopes.unwrap(),
        audiences: Vec::new(),
        read_only: false,
        addresses: Addresses::default(),
        metadata: Metadata::default(),
        expires_at: None,
        version: 3,
        ..expected
    };
    assert_eq!(read(&place, expected.id).await, expected);
    let change = Change::ApiKeyChanged { key: expected.id };
    assert_eq!(place.log().await, vec![change; 2]);
}

async fn a_change_that_was_judged_by_an_older_version_is_refused(place: Place) {
    let key = create(&place, None, "CI").await;
    keys(&place)
        .update(&key, ApiKeyPatch::default())
        .await
        .unwrap();
    let late = keys(&place).update(&key, ApiKeyPatch::default()).await;
    assert_eq!(late, conflict(ApiKeyMoved));
    let rotation = || Rotation {
        secret: fresh(&place).kept,
        overlap_until: None,
        expires_at: None,
    };
    assert_eq!(
        keys(&place).rotate(&key, rotation()).await,
        conflict(ApiKeyMoved)
    );
    keys(&place).revoke(key.id).await.unwrap();
    let revoked = read(&place, key.id).await;
    let late = keys(&place).update(&revoked, ApiKeyPatch::default()).await;
    assert_eq!(late, conflict(ApiKeyMoved));
    assert_eq!(
        keys(&place).rotate(&revoked, rotation()).await,
        conflict(ApiKeyMoved)
    );
    assert_eq!(place.log().await.len(), 2);
}

async fn disabling_is_undone_and_revoking_is_not(place: Place) {
    let (keys, key) = (keys(&place), create(&place, None, "CI").await.id);
    let now = place.database.now();
    assert_eq!(keys.enable(key).await, Ok(false));
    assert_eq!(keys.disable(key).await, Ok(true));
    assert_eq!(keys.disable(key).await, Ok(false));
    assert_eq!(read(&place, key).await.state(now), ApiKeyState::Disabled);
    assert_eq!(keys.enable(key).await, Ok(true));
    assert_eq!(read(&place, key).await.state(now), ApiKeyState::Active);
    assert_eq!(keys.revoke(key).await, Ok(true));
    assert_eq!(keys.revoke(key).await, Ok(false));
    assert_eq!(keys.enable(key).await, Ok(false));
    assert_eq!(keys.disable(key).await, Ok(false));
    let revoked = read(&place, key).await;
    assert_eq!(revoked.state(now), ApiKeyState::Revoked);
    assert_eq!(revoked.revoked_at, Some(now));
    assert_eq!(place.log().await, vec![Change::ApiKeyChanged { key }; 3]);
}

async fn a_rotation_leaves_the_older_secret_its_overlap(place: Place) {
    let (keys, new) = (keys(&place), new(&place, None, "CI"));
    let first = new.secret.lookup;
    let id = keys.create(new).await.unwrap().id;
    let rotate = async |overlap: Option<Duration>| {
        let (seen, kept, now) = (
            read(&place, id).await,
            fresh(&place).kept,
            place.database.now(),
        );
        let rotation = Rotation {
            secret: kept.clone(),
            overlap_until: overlap.map(|overlap| now.plus(overlap)),
            expires_at: Some(now.plus(DAY)),
        };
        keys.rotate(&seen, rotation).await.unwrap();
        kept
    };
    let second = rotate(Some(DAY)).await;
    let rotated = keys.by_lookup(&first).await.unwrap().unwrap();
    let day_later = place.database.now().plus(DAY);
    assert_eq!(rotated.key.id, id);
    assert_eq!(rotated.key.display_prefix, second.display_prefix);
    assert_eq!(rotated.key.rotated_at, Some(place.database.now()));
    assert_eq!(rotated.key.expires_at, Some(day_later));
    let mut ends: Vec<Option<Timestamp>> = rotated
        .secrets
        .iter()
        .map(|secret| secret.valid_until)
        .collect();
    ends.sort_unstable();
    assert_eq!(ends, [None, Some(day_later)]);
    // An overlap never grows by the next rotation.
    place.clock.advance(DAY / 2);
    rotate(Some(DAY)).await;
    let found = keys.by_lookup(&first).await.unwrap().unwrap();
    let old = found.secrets.iter().find(|secret| secret.lookup == first);
    assert_eq!(old.unwrap().valid_until, Some(day_later));
    assert_eq!(found.secrets.len(), 3);
    let last = rotate(None).await;
    for dead in [first, second.lookup] {
        assert!(keys.by_lookup(&dead).await.unwrap().is_none());
    }
    let found = keys.by_lookup(&last.lookup).await.unwrap().unwrap();
    assert_eq!(found.secrets.len(), 1);
    assert_eq!(
        place.log().await,
        vec![Change::ApiKeyChanged { key: id }; 3]
    );
}

async fn a_list_is_filtered_and_paged(place: Place) {
    let (ada, eve) = (place.user("ada").await, place.user("eve").await);
    let mut all = Vec::new();
    for (owner, name) in [
        (Some(ada), "a"),
        (Some(ada), "b"),
        (Some(eve), "a"),
        (None, "s"),
    ] {
        place.clock.advance(Duration::from_millis(1));
        all.insert(0, create(&place, owner, name).await.id);
    }
    let keys = keys(&place);
    keys.disable(all[0]).await.unwrap();
    keys.revoke(all[1]).await.unwrap();
    let listed = async |owner, state, after| {
        let filter = ApiKeyFilter { owner, state };
        let page = keys
            .list(&filter, Paging { after, limit: 2 })
            .await
            .unwrap();
        let ids: Vec<ApiKeyId> = page.items.iter().map(|key| key.id).collect();
        (ids, page.total, page.more)
    };
    assert_eq!(listed(None, None, None).await, (all[..2].to_vec(), 4, true));
    assert_eq!(
        listed(None, None, Some(all[1])).await,
        (all[2..].to_vec(), 4, false)
    );
    let of_ada = Some(KeyOwner::User(ada));
    assert_eq!(
        listed(of_ada, None, None).await,
        (all[2..].to_vec(), 2, false)
    );
    let service = Some(KeyOwner::Service);
    assert_eq!(listed(service, None, None).await, (vec![all[0]], 1, false));
    for (state, expected) in [
        (ApiKeyState::Disabled, vec![all[0]]),
        (ApiKeyState::Revoked, vec![all[1]]),
        (ApiKeyState::Active, all[2..].to_vec()),
        (ApiKeyState::Expired, vec![]),
    ] {
        let total = u64::try_from(expected.len()).unwrap();
        assert_eq!(
            listed(None, Some(state), None).await,
            (expected, total, false)
        );
    }
    place.clock.advance(31 * DAY);
    let expired = listed(None, Some(ApiKeyState::Expired), None).await;
    assert_eq!(expired, (vec![all[0], all[2]], 3, true));
    assert_eq!(listed(None, Some(ApiKeyState::Revoked), None).await.1, 1);
}

async fn the_latest_use_stays(place: Place) {
    let (keys, now) = (keys(&place), place.database.now());
    let mut noted = Vec::new();
    for name in ["a", "b", "c"] {
        noted.push((create(&place, None, name).await.id, now));
    }
    noted.push((place.id::<ApiKeyKind>(), now));
    keys.note_used(noted.clone()).await.unwrap();
    let key = noted[1].0;
    assert_eq!(read(&place, key).await.last_used_at, Some(now));
    keys.note_used(vec![(key, now.plus(DAY))]).await.unwrap();
    keys.note_used(noted).await.unwrap();
    let read = read(&place, key).await;
    assert_eq!((read.last_used_at, read.version), (Some(now.plus(DAY)), 1));
    assert_eq!(place.log().await, []);
}

async fn what_ended_long_ago_is_forgotten(place: Place) {
    let keys = keys(&place);
    let (expiring, revoked) = (
        create(&place, None, "a").await,
        create(&place, None, "b").await,
    );
    let mut forever = new(&place, None, "c");
    forever.expires_at = None;
    let forever = keys.create(forever).await.unwrap();
    place.clock.advance(DAY);
    keys.revoke(revoked.id).await.unwrap();
    // For a while its owner sees what became of it.
    assert_eq!(place.purge("api_keys", 10).await, 0);
    place.clock.advance(89 * DAY);
    assert_eq!(place.purge("api_keys", 10).await, 0);
    place.clock.advance(2 * DAY);
    assert_eq!(place.purge("api_keys", 10).await, 1);
    assert!(keys.by_id(revoked.id).await.unwrap().is_none());
    place.clock.advance(365 * DAY);
    assert_eq!(place.purge("api_keys", 10).await, 1);
    assert!(keys.by_id(expiring.id).await.unwrap().is_none());
    assert!(keys.by_id(forever.id).await.unwrap().is_some());
    assert_eq!(place.purge("api_keys", 10).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_taken_at_the_very_moment_is_told_so() {
    let place = Place::postgres().await;
    let (taken, key) = (
        create(&place, None, "taken").await,
        create(&place, None, "CI").await,
    );
    let mut intruder = place.intruder().await;
    intruder.execute("BEGIN").await;
    let rename = format!("UPDATE api_keys SET name = 'new' WHERE id = '{}'", taken.id);
    intruder.execute(&rename).await;
    let patch = ApiKeyPatch {
        name: Some("new".parse().unwrap()),
        ..ApiKeyPatch::default()
    };
    let keys = keys(&place);
    let renamed = tokio::spawn(async move { keys.update(&key, patch).await });
    waits_for_a_lock(&place).await;
    intruder.execute("COMMIT").await;
    assert_eq!(renamed.await.unwrap(), conflict(ApiKeyExists(taken.id)));
}

async fn erasing_a_person_forgets_their_keys(place: Place) {
    let ada = place.user("ada").await;
    let (hers, service) = (
        create(&place, Some(ada), "ada's laptop").await,
        create(&place, None, "service").await,
    );
    place.users().delete(ada).await.unwrap();
    assert!(keys(&place).by_id(hers.id).await.unwrap().is_none());
    assert!(keys(&place).by_id(service.id).await.unwrap().is_some());
}
