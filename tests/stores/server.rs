//! PostgreSQL alone: several connections that write at once, and a server that is in trouble.

use std::time::{Duration, Instant};

use signet::model::session::EndReason;
use signet::{
    crypto::random::SeededRng,
    model::time::{Clock as _, Timestamp},
    store::{
        changes::Changes,
        clock::SystemClock,
        database::{Database, StoreOptions},
        error::{Conflict, StoreError},
        families::{FamilyStore as _, Opened, SqlFamilies, Target},
        opening::OpenError,
        users::{NewPassword, PasswordHash, Users},
    },
};
use sqlx::{Connection as _, Executor as _};

use crate::{
    place::{BEGUN, Intruder, Place},
    servers::{Postgres, Proxy},
};

/// How long a caller may wait for a server in trouble.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// Waits for an answer, which has to be that it is unavailable, in time.
async fn unavailable<T: std::fmt::Debug>(asked: impl Future<Output = Result<T, StoreError>>) {
    let began = Instant::now();
    let answer = asked.await;
    let waited = began.elapsed();
    assert!(
        matches!(answer, Err(StoreError::Unavailable(_))),
        "{answer:?}"
    );
    assert!(waited < PATIENCE, "{waited:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_of_somebody_else_is_unavailable_soon() {
    let place = Place::postgres().await;
    let user = place.user("ada").await;
    let session = place.session(user).await;
    let mut intruder = place.intruder().await;
    intruder.execute("BEGIN").await;
    intruder
        .execute("LOCK TABLE sessions, users, counters IN SHARE ROW EXCLUSIVE MODE")
        .await;

    let (families, users) = (place.families(), place.users());
    let everywhere = Target::User { user, except: None };
    let advance = place.advance(&session, 1);
    tokio::join!(
        unavailable(families.advance(&advance)),
        unavailable(families.revoke(everywhere, EndReason::Logout)),
        unavailable(users.disable(user)),
    );
    // Readers are not in the way of a writer.
    assert!(users.by_id(user).await.unwrap().is_some());
    intruder.execute("ROLLBACK").await;
    let step = families.advance(&place.advance(&session, 1)).await;
    assert!(step.unwrap().step().unwrap().moved);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_in_flight_waits_for_a_change_of_password_and_is_refused() {
    let place = Place::postgres().await;
    let user = place.user("ada").await;
    let opening = place.opening(user);
    let mut intruder = place.intruder().await;
    intruder.execute("BEGIN").await;
    let change = "UPDATE users SET credential_version = credential_version + 1";
    intruder.execute(change).await;
    let families = place.families();
    let opened = tokio::spawn(async move { families.open(&opening).await });
    waits_for_a_lock(&place).await;
    intruder.execute("COMMIT").await;
    assert_eq!(opened.await.unwrap(), Ok(Opened::Outdated));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_password_waits_for_a_login_and_ends_its_session() {
    let place = Place::postgres().await;
    let user = place.user("ada").await;
    // By the clock of another node, which is ahead of the database's.
    let mut late = place.opening(user);
    late.session.created_at = late.session.created_at.plus(Duration::from_millis(40));
    let mut intruder = place.intruder().await;
    intruder.execute("BEGIN").await;
    intruder.execute("SELECT 1 FROM users FOR SHARE").await;
    let users = place.users();
    let new = NewPassword {
        hash: PasswordHash::new("other".to_owned()),
        expected_version: None,
        except: None,
        reason: EndReason::PasswordChanged,
    };
    let changed = tokio::spawn(async move { users.set_password(user, new).await });
    waits_for_a_lock(&place).await;
    assert_eq!(place.families().open(&late).await, Ok(BEGUN));
    intruder.execute("COMMIT").await;
    changed.await.unwrap().unwrap();
    let [signet::model::change::Change::UserNotBefore { not_before, .. }] = place.log().await[..]
    else {
        panic!("{:?}", place.log().await)
    };
    assert_eq!(not_before, late.session.created_at);
    let step = place.families().advance(&place.advance(&late, 1)).await;
    assert!(!step.unwrap().step().unwrap().moved);
}

/// Returns once somebody waits for a lock in the place's database.
pub(crate) async fn waits_for_a_lock(place: &Place) {
    wait_for_locks(place, 1).await;
}

/// Returns once so many wait for locks in the place's database.
pub(crate) async fn wait_for_locks(place: &Place, waiters: i64) {
    let Intruder::Postgres(mut watcher) = place.intruder().await else {
        panic!("there are no locks")
    };
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let seen = async {
        while sqlx::query_scalar::<_, i64>(waiting)
            .fetch_one(&mut watcher)
            .await
            .unwrap()
            < waiters
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(2), seen)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_administrators_who_disable_each_other_one_stays() {
    let place = Place::postgres().await;
    let mut admins = Vec::new();
    for name in ["ada", "ben"] {
        let new = place.new_user(name, &["*"]);
        admins.push(place.users().create(new).await.unwrap().id);
    }
    for _ in 0..20 {
        let (ada, ben) = (place.users(), Users::new(place.reopen().await));
        let (first, second) = tokio::join!(ada.disable(admins[0]), ben.disable(admins[1]));
        let last = Err(StoreError::Conflict(Conflict::LastAdministrator));
        assert!(
            (first == Ok(true) && second == last) || (second == Ok(true) && first == last),
            "{first:?} {second:?}"
        );
        for admin in &admins {
            place.users().enable(*admin).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ending_sessions_from_all_sides_at_once_blocks_nobody() {
    let place = Place::postgres().await;
    let user = place.user("ada").await;
    for _ in 0..10 {
        let sessions = [place.session(user).await, place.session(user).await];
        let everywhere = Target::User { user, except: None };
        let one = Target::Session(sessions[0].session.id);
        let (families, users) = (place.families(), place.users());
        let new = NewPassword {
            hash: PasswordHash::new("other".to_owned()),
            expected_version: None,
            except: None,
            reason: EndReason::PasswordChanged,
        };
        let (advance, began) = (place.advance(&sessions[1], 1), Instant::now());
        let (all, one, password, moved) = tokio::join!(
            families.revoke(everywhere, EndReason::Logout),
            families.revoke(one, EndReason::Logout),
            users.set_password(user, new),
            families.advance(&advance),
        );
        assert!(all.is_ok() && one.is_ok() && password.is_ok() && moved.is_ok());
        assert!(began.elapsed() < Duration::from_secs(1), "a deadlock");
        place.clock.advance(Duration::from_secs(1));
        let version = "UPDATE users SET credential_version = 1";
        place.intruder().await.execute(version).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_column_that_a_newer_version_adds_disturbs_once() {
    let place = Place::postgres().await;
    let user = place.user("ada").await;
    let session = place.session(user).await;
    let key = signet::store::families::SessionKey::Digest(session.digest);
    assert!(place.families().find(&key).await.is_ok());
    let add = "ALTER TABLE sessions ADD COLUMN later TEXT";
    place.intruder().await.execute(add).await;
    let mut refusals = 0;
    for _ in 0..20 {
        match place.families().find(&key).await {
            Ok(found) => assert!(found.is_some()),
            Err(StoreError::Unavailable(_)) => refusals += 1,
            Err(other) => panic!("{other}"),
        }
    }
    // All connections that know an outdated plan go with the first that notices.
    assert!(refusals <= 1, "{refusals}");
}

/// A node with the system's clock.
async fn node(url: &str) -> (Database, std::sync::Arc<SystemClock>) {
    let clock = std::sync::Arc::new(SystemClock::new());
    let rng = std::sync::Arc::new(SeededRng::new(1));
    let database = Database::open(&StoreOptions::at(url), clock.clone(), rng).await;
    (database.unwrap(), clock)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nodes_clock_follows_the_databases() {
    let place = Place::postgres().await;
    let (database, clock) = node(&place.url()).await;
    let near = |clock: &SystemClock| {
        let off = clock.now().millis() - place.clock.now().millis();
        assert!(off.abs() < 2_000, "{off} ms off");
    };
    // The place's clock stands in the past: what was shown before is never undone.
    assert!(database.clock_error() > Duration::from_secs(2));
    near(&clock);
    place.clock.advance(Duration::from_hours(1));
    Changes::new(database).since(0).await.unwrap();
    near(&clock);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_of_the_store_is_the_databases_own() {
    let server = Postgres::shared().database().await;
    let (database, clock) = node(&server.url).await;
    database.migrate().await.unwrap();
    assert!(database.clock_error() < Duration::from_secs(2));
    let log = Changes::new(database).since(0).await.unwrap();
    let off = log.now.millis() - clock.now().millis();
    assert!(off.abs() < 2_000, "{off} ms off");
    assert!(log.now > Timestamp::from_millis(crate::place::START));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer_is_unavailable_soon_and_recovers() {
    let server = Postgres::shared().database().await;
    let proxy = Proxy::to(Postgres::shared().folder());
    let (whole, way) = (node(&server.url).await.0, server.through(&proxy));
    whole.migrate().await.unwrap();
    let (database, _) = node(&way).await;
    let changes = Changes::new(database.clone());
    for _ in 0..2 {
        changes.since(0).await.unwrap();
        proxy.block();
        let asked = (0..20).map(|_| unavailable(changes.since(0)));
        futures_util::future::join_all(asked).await;
        unavailable(database.ping()).await;
        proxy.unblock();
        for _ in 0..20 {
            assert_eq!(database.ping().await, Ok(()));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_crash_one_refusal_is_enough() {
    let server = Postgres::start();
    let url = server.database().await.url;
    let (database, _) = node(&url).await;
    database.migrate().await.unwrap();
    let changes = Changes::new(database.clone());
    // Many connections are open, and all of them break.
    let reads = (0..10).map(|_| changes.since(0));
    futures_util::future::join_all(reads).await;
    server.crash();
    unavailable(database.ping()).await;
    unavailable(changes.since(0)).await;
    let target = Target::Session("ses_01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap());
    let families = SqlFamilies::new(database.clone());
    unavailable(families.revoke(target, EndReason::Logout)).await;
    server.start_again();
    for _ in 0..20 {
        assert_eq!(database.ping().await, Ok(()));
    }
    database.close().await;
    unavailable(database.ping()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_the_server_ends_is_replaced() {
    let place = Place::postgres().await;
    let changes = Changes::new(place.database.clone());
    changes.since(0).await.unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    place.intruder().await.execute(end).await;
    // Whether the end is noticed before or in the middle, there is one refusal at most.
    changes.since(0).await.ok();
    for _ in 0..10 {
        changes.since(0).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_the_server_refuses_is_told_without_the_password() {
    let server = Postgres::shared().database().await;
    let url = server.url.replace("postgres@", "nobody:hunter2@");
    let clock = std::sync::Arc::new(SystemClock::new());
    let rng = std::sync::Arc::new(SeededRng::new(1));
    let refused = Database::open(&StoreOptions::at(&url), clock, rng).await;
    let Err(OpenError::Store(StoreError::Unavailable(cause))) = refused else {
        panic!("opened")
    };
    assert!(
        cause.contains("nobody") && !cause.contains("hunter2"),
        "{cause}"
    );
    let mut owner = server.connect().await;
    owner.execute("SELECT 1").await.unwrap();
    owner.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_to_a_server_is_verified() {
    let (_server, port, authority) = Postgres::start_with_tls();
    let open = async |host: &str, parameters: &str| {
        let url = format!("postgres://postgres@{host}:{port}/postgres?sslmode={parameters}");
        let clock = std::sync::Arc::new(SystemClock::new());
        let rng = std::sync::Arc::new(SeededRng::new(1));
        let opened = Database::open(&StoreOptions::at(&url), clock, rng).await;
        opened.map(drop).map_err(|error| error.to_string())
    };
    let ours = format!("verify-full&sslrootcert={}", authority.display());
    assert_eq!(open("localhost", &ours).await, Ok(()));
    assert_eq!(open("localhost", "require").await, Ok(()));
    let unknown = open("localhost", "verify-full").await.unwrap_err();
    assert!(unknown.contains("UnknownIssuer"), "{unknown}");
    let misnamed = open("127.0.0.1", &ours).await.unwrap_err();
    assert!(misnamed.contains("not valid for name"), "{misnamed}");
}
