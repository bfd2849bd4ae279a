//! PostgreSQL alone: who waits for a row does not hold the change log's counter, so that nobody
//! waits in a circle with who ends that row's session.

use signet::{
    model::{
        session::{SessionLimit, WhenFull},
        signing_key::{Algorithm, KeyState},
    },
    store::{
        error::{Conflict, StoreError},
        families::{FamilyStore as _, Opened},
        signing_keys::{NewKey, SigningKeys},
    },
};

use crate::{place::Place, server::waits_for_a_lock};

/// What a step does last, and fails where somebody else has the counter's row.
const TAKE_COUNTER: &str = "SELECT 1 FROM counters WHERE name = 'changes' FOR UPDATE NOWAIT";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_ends_several_sessions_waits_for_them_without_the_counter() {
    let place = Place::postgres().await;
    let user = place.user("ada").await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(place.session(user).await.session.id);
        place.clock.advance(std::time::Duration::from_millis(1));
    }
    let mut opening = place.opening(user);
    opening.limit = Some(SessionLimit {
        most: 1,
        when_full: WhenFull::EndOldest,
    });
    let mut intruder = place.intruder().await;
    intruder.execute("BEGIN").await;
    let logout = format!(
        "UPDATE sessions SET revoked_at = 1, revoked_reason = 'logout' WHERE id = '{}'",
        sessions[0]
    );
    intruder.execute(&logout).await;
    let families = place.families();
    let opened = tokio::spawn(async move { families.open(&opening).await });
    waits_for_a_lock(&place).await;
    intruder.execute(TAKE_COUNTER).await;
    intruder.execute("COMMIT").await;
    let Ok(Opened::Begun(mut ended)) = opened.await.unwrap() else {
        panic!("not begun")
    };
    ended.sort();
    assert_eq!(ended, sessions);
    // Of the one that the logout ended, the login tells nothing.
    assert_eq!(place.log().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_put_in_waits_for_another_without_the_counter() {
    let place = Place::postgres().await;
    let keys = SigningKeys::new(place.database.clone());
    let new = NewKey {
        kid: "ours".to_owned(),
        algorithm: Algorithm::ES256,
        state: KeyState::Next,
        sealed: "sealed".to_owned(),
    };
    let mut intruder = place.intruder().await;
    intruder.execute("BEGIN").await;
    intruder
        .execute(
            "INSERT INTO signing_keys (kid, algorithm, state, sealed, created_at, published_at)
            VALUES ('theirs', 'ES256', 'next', 'sealed', 1, 1)",
        )
        .await;
    let put_in = tokio::spawn(async move { keys.put_in(new, None).await });
    waits_for_a_lock(&place).await;
    intruder.execute(TAKE_COUNTER).await;
    intruder.execute("COMMIT").await;
    let moved = Err(StoreError::Conflict(Conflict::SigningKeyMoved));
    assert_eq!(put_in.await.unwrap(), moved);
    assert!(place.log().await.is_empty());
}
