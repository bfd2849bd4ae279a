//! Migrations: applied once, by one, and never by an older binary.

use std::sync::Arc;

use crate::{place::Place, servers::Postgres};
use signet::{
    crypto::random::SeededRng,
    store::{
        clock::SystemClock,
        database::{Database, StoreOptions, all_migrations},
        error::StoreError,
        opening::OpenError,
    },
};

on_each_database! {
    a_newer_database_is_refused_with_a_sentence,
    a_changed_migration_is_refused,
}

async fn open(url: &str) -> Result<Database, OpenError> {
    let clock = Arc::new(SystemClock::new());
    Database::open(&StoreOptions::at(url), clock, Arc::new(SeededRng::new(1))).await
}

#[tokio::test]
async fn what_is_pending_in_a_file_is_told_before_it_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/new/folder/signet.db", folder.path().display());
    what_is_pending_is_told_before_it_is_done(&url).await;
}

#[tokio::test]
async fn what_is_pending_on_a_server_is_told_before_it_is_done() {
    let database = Postgres::shared().database().await;
    what_is_pending_is_told_before_it_is_done(&database.url).await;
}

async fn what_is_pending_is_told_before_it_is_done(url: &str) {
    let database = open(url).await.unwrap();
    assert_eq!(database.pending_migrations().await, Ok(all_migrations()));
    database.migrate().await.unwrap();
    assert_eq!(database.pending_migrations().await, Ok(Vec::new()));
    database.migrate().await.unwrap();
    assert_eq!(database.ping().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_at_once_migrate_a_file_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/signet.db", folder.path().display());
    processes_that_start_at_once_migrate_once(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_migrate_a_server_once() {
    let database = Postgres::shared().database().await;
    processes_that_start_at_once_migrate_once(&database.url).await;
}

async fn processes_that_start_at_once_migrate_once(url: &str) {
    let mut starts = tokio::task::JoinSet::new();
    // The file exists and has its journal mode; what follows is the race.
    let first = open(url).await.unwrap();
    for _ in 0..4 {
        let database = open(url).await.unwrap();
        starts.spawn(async move { database.migrate().await });
    }
    assert!(starts.join_all().await.iter().all(Result::is_ok));
    assert_eq!(first.pending_migrations().await, Ok(Vec::new()));
}

async fn a_newer_database_is_refused_with_a_sentence(place: Place) {
    let newer = "INSERT INTO _sqlx_migrations
        SELECT 9999, 'later', installed_on, TRUE, checksum, 0 FROM _sqlx_migrations
        WHERE version = 1";
    place.intruder().await.execute(newer).await;
    for answer in [
        place.database.migrate().await,
        place.database.pending_migrations().await.map(drop),
    ] {
        let sentence = answer.unwrap_err().to_string();
        assert!(sentence.contains("migration 9999"), "{sentence}");
        assert!(sentence.contains("run a newer one"), "{sentence}");
    }
}

async fn a_changed_migration_is_refused(place: Place) {
    let changed = "UPDATE _sqlx_migrations SET checksum = '00'";
    place.intruder().await.execute(changed).await;
    assert!(matches!(
        place.database.migrate().await,
        Err(StoreError::Corrupt(_))
    ));
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let place = Place::sqlite().await;
    for name in ["signet.db", "signet.db-wal", "signet.db-shm"] {
        let mode = std::fs::metadata(place.file().unwrap().with_file_name(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
