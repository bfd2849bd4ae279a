//! The writer: durable answers, bounded waiting, and recovery by itself.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use signet::{
    model::user::LoginName,
    store::{
        error::{Conflict, StoreError},
        families::FamilyStore as _,
        paging::Paging,
        users::{NewUser, UserFilter},
    },
};
use sqlx::{Connection as _, Executor as _, SqliteConnection};

use crate::place::Place;

async fn intruder(place: &Place) -> SqliteConnection {
    SqliteConnection::connect(&place.url()).await.unwrap()
}

/// How long a caller may wait for a database that another process has locked.
const PATIENCE: Duration = Duration::from_millis(2_500);

async fn lock(place: &Place) -> SqliteConnection {
    let mut intruder = intruder(place).await;
    intruder.execute("BEGIN EXCLUSIVE").await.unwrap();
    intruder
}

async fn exists(place: &Place, name: &str) -> bool {
    let name: LoginName = name.parse().unwrap();
    place.users().by_login_name(&name).await.unwrap().is_some()
}

/// Polls a future for so long that what it asks for is queued, and gives it back.
async fn begun<F: Future + Unpin>(mut future: F) -> F {
    let early = tokio::time::timeout(Duration::from_millis(100), &mut future).await;
    assert!(
        early.is_err(),
        "the database is locked, and yet it was answered"
    );
    future
}

fn create(place: &Place, new: NewUser) -> tokio::task::JoinHandle<Result<(), StoreError>> {
    let users = place.users();
    tokio::spawn(async move { users.create(new).await.map(drop) })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_database_is_unavailable_soon_and_recovers() {
    let place = Place::sqlite().await;
    let user = place.user("ada").await;
    let session = place.session(user).await;
    let mut intruder = lock(&place).await;

    let mut waiting = tokio::task::JoinSet::new();
    let families = place.families();
    let advance = place.advance(&session, 1);
    for wave in 0..3 {
        for _ in 0..20 {
            let families = families.clone();
            waiting.spawn(async move {
                let began = Instant::now();
                (families.advance(&advance).await.map(drop), began.elapsed())
            });
        }
        // The later waves come while the first one is waiting for the lock already.
        let pause = tokio::time::timeout(Duration::from_millis(700), waiting.join_next()).await;
        assert!(pause.is_err() || wave == 2);
    }
    for (answer, waited) in waiting.join_all().await {
        assert!(
            matches!(answer, Err(StoreError::Unavailable(_))),
            "{answer:?}"
        );
        assert!(waited < PATIENCE, "{waited:?}");
    }
    // Readers are not in the way of a writer.
    assert!(exists(&place, "ada").await);

    intruder.execute("ROLLBACK").await.unwrap();
    let step = families.advance(&advance).await.unwrap().step().unwrap();
    assert!(step.moved);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_fails_leaves_its_group_alone() {
    let place = Place::sqlite().await;
    let mut taken = place.new_user("ada", &[]);
    taken.email = Some("ada@example.org".parse().unwrap());
    place.users().create(taken.clone()).await.unwrap();

    let mut intruder = lock(&place).await;
    let first = begun(create(&place, place.new_user("first", &[]))).await;
    let mut group = Vec::new();
    for number in 0..20 {
        let mut new = place.new_user(&format!("user{number}"), &["pages.*"]);
        if number % 3 == 0 {
            new.email.clone_from(&taken.email);
        }
        group.push(create(&place, new));
    }
    let last = begun(group.pop().unwrap()).await;
    intruder.execute("ROLLBACK").await.unwrap();

    assert_eq!(first.await.unwrap(), Ok(()));
    assert_eq!(last.await.unwrap(), Ok(()));
    for (number, job) in group.into_iter().enumerate() {
        let fails = number % 3 == 0;
        let expected = if fails {
            Err(Conflict::EmailTaken.into())
        } else {
            Ok(())
        };
        assert_eq!(job.await.unwrap(), expected, "{number}");
        assert_eq!(exists(&place, &format!("user{number}")).await, !fails);
    }
    let all = place
        .users()
        .list(&UserFilter::default(), Paging::first(1))
        .await
        .unwrap();
    assert_eq!(all.total, 2 + 13);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_caller_has_gone_is_not_done() {
    let place = Place::sqlite().await;
    let mut intruder = lock(&place).await;
    let first = begun(create(&place, place.new_user("first", &[]))).await;
    let gone = begun(create(&place, place.new_user("gone", &[]))).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    intruder.execute("ROLLBACK").await.unwrap();
    first.await.unwrap().unwrap();
    place
        .users()
        .create(place.new_user("last", &[]))
        .await
        .unwrap();
    assert!(exists(&place, "first").await && exists(&place, "last").await);
    assert!(!exists(&place, "gone").await);
}

/// A trap: whoever takes the name `trap` makes the COMMIT fail, or loses the transaction.
async fn lay_trap(place: &Place, what: &str) {
    let mut intruder = intruder(place).await;
    let table = "CREATE TABLE trap (id TEXT REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)";
    intruder.execute(table).await.unwrap();
    let trigger = format!(
        "CREATE TRIGGER trap AFTER INSERT ON login_names WHEN NEW.name = 'trap' BEGIN {what}; END"
    );
    intruder
        .execute(sqlx::AssertSqlSafe(trigger))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_fails_is_unavailable_for_its_whole_group() {
    for trap in [
        "INSERT INTO trap VALUES ('nobody')",
        "SELECT RAISE(ROLLBACK, 'the disk is full')",
    ] {
        let place = Place::sqlite().await;
        lay_trap(&place, trap).await;
        let mut intruder = lock(&place).await;
        let before = begun(create(&place, place.new_user("before", &[]))).await;
        let group = begun(create(&place, place.new_user("trap", &[]))).await;
        intruder.execute("ROLLBACK").await.unwrap();
        for job in [before, group] {
            let answer = job.await.unwrap();
            assert!(
                matches!(answer, Err(StoreError::Unavailable(_))),
                "{trap}: {answer:?}"
            );
        }
        assert!(!exists(&place, "before").await);
        assert!(
            place
                .users()
                .create(place.new_user("after", &[]))
                .await
                .is_ok()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_does_what_waits_and_takes_no_more() {
    let place = Place::sqlite().await;
    let mut intruder = lock(&place).await;
    let waiting = begun(create(&place, place.new_user("ada", &[]))).await;
    let database = place.database.clone();
    let closing = begun(tokio::spawn(async move { database.close().await })).await;
    intruder.execute("ROLLBACK").await.unwrap();
    assert_eq!(waiting.await.unwrap(), Ok(()));
    closing.await.unwrap();
    let late = place.users().create(place.new_user("ben", &[])).await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))));
    assert!(matches!(
        place.database.ping().await,
        Err(StoreError::Unavailable(_))
    ));
    let again = signet::store::users::Users::new(place.reopen().await);
    assert!(
        again
            .by_login_name(&"ada".parse().unwrap())
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_not_at_its_place_any_more_is_told() {
    let place = Place::sqlite().await;
    let file = place.file().unwrap();
    let aside = file.with_extension("aside");
    place.database.ping().await.unwrap();
    std::fs::rename(&file, &aside).unwrap();
    let refusal = place.database.ping().await.unwrap_err();
    assert!(refusal.to_string().contains("moved"), "{refusal}");
    std::fs::copy(&aside, &file).unwrap();
    assert!(
        place.database.ping().await.is_err(),
        "a copy is another file"
    );
    std::fs::rename(&aside, &file).unwrap();
    place.database.ping().await.unwrap();
}
