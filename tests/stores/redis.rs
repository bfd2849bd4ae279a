//! Redis in front of SQL: what a stranger there can do, what is left there, and what happens when it
//! goes away.

use std::time::{Duration, Instant};

use redis::{Commands as _, Connection, Value, cmd};
use signet::{
    model::{
        session::{EndReason, SessionDigest},
        time::Clock as _,
    },
    store::families::{Advanced, FamilyStore as _, Opening, SessionKey, Step, Target},
    store::{key_checks::KeyChecks, redis::RedisFamilies},
};

use crate::{
    place::Place,
    tested::{bare, ended},
};

fn key(digest: &SessionDigest) -> Vec<u8> {
    [b"s:", &digest.0[..]].concat()
}

fn record(redis: &mut Connection, session: &Opening) -> Vec<u8> {
    redis.get(key(&session.digest)).unwrap()
}

async fn step(place: &Place, store: &RedisFamilies, of: &Opening, presented: u32) -> Step {
    let advanced = store.advance(&place.advance(of, presented)).await;
    advanced.unwrap().step().unwrap()
}

/// How often Redis ran a script.
fn scripts_run(redis: &mut Connection) -> u64 {
    let stats: String = cmd("INFO").arg("commandstats").query(redis).unwrap();
    let mut lines = stats.lines();
    let calls = lines.find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
    let calls = calls.and_then(|rest| rest.split(',').next());
    calls.map_or(0, |calls| calls.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_is_one_script_and_no_sql() {
    let place = Place::redis().await;
    let store = place.redis_families().await;
    let session = place.session(place.user("ada").await).await;
    step(&place, &store, &session, 1).await;
    let mut redis = place.redis_server().connect();
    let before = scripts_run(&mut redis);
    // SQL would have to wait.
    let mut intruder = place.intruder().await;
    intruder.execute("BEGIN").await;
    intruder
        .execute("LOCK TABLE sessions, session_profiles IN ACCESS EXCLUSIVE MODE")
        .await;
    for presented in 2..=11 {
        assert!(step(&place, &store, &session, presented).await.moved);
    }
    intruder.execute("ROLLBACK").await;
    assert_eq!(scripts_run(&mut redis) - before, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_of_redis_becomes_nobody_else() {
    let place = Place::redis().await;
    let store = place.redis_families().await;
    let ada = place.session(place.user("ada").await).await;
    let ben = place.session(place.user("ben").await).await;
    for session in [&ada, &ben] {
        step(&place, &store, session, 1).await;
    }
    let mut redis = place.redis_server().connect();
    let (of_ada, of_ben) = (record(&mut redis, &ada), record(&mut redis, &ben));
    let mut forgeries = vec![of_ben.clone(), Vec::new(), b"nonsense".to_vec()];
    // Session, user, client, profile, auth_time, absolute expiry, seal: of the other, or one bit.
    for (from, to) in [
        (2, 18),
        (18, 34),
        (34, 50),
        (50, 54),
        (54, 60),
        (60, 66),
        (66, 82),
    ] {
        let mut bit = of_ada.clone();
        bit[to - 1] ^= 1;
        let mut swapped = of_ada.clone();
        swapped[from..to].copy_from_slice(&of_ben[from..to]);
        forgeries.push(bit);
        forgeries.extend((swapped != of_ada).then_some(swapped));
    }
    store.write_journal().await;
    for (presented, forged) in (2..).zip(forgeries) {
        let _: () = redis.set(key(&ada.digest), forged).unwrap();
        let step = step(&place, &store, &ada, presented).await;
        assert_eq!(step.before.user, ada.session.user);
        assert_eq!(step.before.id, ada.session.id);
        assert_eq!(step.before.scopes, ada.session.scopes);
        let expiry = step.before.absolute_expires_at;
        assert_eq!(expiry, ada.session.absolute_expires_at);
        store.write_journal().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ended_stays_ended_whatever_is_read_from_sql() {
    let place = Place::redis().await;
    let store = place.redis_families().await;
    let session = place.session(place.user("ada").await).await;
    step(&place, &store, &session, 1).await;
    let target = Target::Family(session.digest);
    store.revoke(target, EndReason::Reuse).await.unwrap();
    store.revoke(target, EndReason::Logout).await.unwrap();
    // SQL forgets it, as after a restore.
    let mut intruder = place.intruder().await;
    intruder
        .execute("UPDATE sessions SET revoked_at = NULL, revoked_reason = NULL")
        .await;
    let found = store.advance(&place.advance(&session, 2)).await.unwrap();
    assert_eq!(found, Advanced::Ended(EndReason::Reuse));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_sql_believes_idle_is_looked_for_here() {
    let place = Place::redis().await;
    let store = place.redis_families().await;
    let session = place.session(place.user("ada").await).await;
    let idle = session.session.family.idle_expires_at;
    let nearly = idle.minus(Duration::from_secs(1));
    place.clock.advance(nearly.since(place.clock.now()));
    step(&place, &store, &session, 1).await;
    place.clock.advance(Duration::from_secs(2));
    let key = SessionKey::Id(session.session.id);
    let in_sql = place.families().find(&key).await.unwrap().unwrap();
    assert_eq!(in_sql.family.idle_expires_at, idle);
    let found = store.find(&key).await.unwrap().unwrap();
    assert!(found.family.idle_expires_at > idle);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_the_token_before_the_newest_is_known_to_be_in_use() {
    let place = Place::redis().await;
    let store = place.redis_families().await;
    let session = place.session(place.user("ada").await).await;
    let checks = KeyChecks::new(place.database.clone());
    for (presented, keys) in [(1, &[1, 2][..]), (2, &[2])] {
        let mut advance = place.advance(&session, presented);
        advance.policy.active_key = 2;
        store.advance(&advance).await.unwrap();
        store.write_journal().await;
        let tokens = checks.tokens().await.unwrap();
        let in_use: Vec<u8> = tokens.into_iter().map(|(key, _)| key).collect();
        assert_eq!(in_use, keys);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_going_away_costs_nobody_more_than_a_moment() {
    let place = Place::redis().await;
    let store = place.redis_families().await;
    let session = place.session(place.user("ada").await).await;
    step(&place, &store, &session, 1).await;
    store.write_journal().await;

    let redis = place.redis_server();
    redis.freeze();
    let began = Instant::now();
    assert!(step(&place, &store, &session, 2).await.moved);
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert!(!store.is_in_use());
    redis.thaw();
    redis.crash();
    assert!(!store.reach().await);
    assert!(step(&place, &store, &session, 3).await.moved);

    redis.start_again();
    assert!(store.reach().await);
    assert!(store.is_in_use());
    assert!(step(&place, &store, &session, 4).await.moved);
    store.write_journal().await;
    let kept = store.find(&SessionKey::Digest(session.digest)).await;
    let kept = kept.unwrap().unwrap();
    assert_eq!(kept.family.generation.number(), 5);
    assert_eq!(bare(&kept).user, session.session.user);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rt_16_every_key_has_an_end() {
    let place = Place::redis().await;
    let store = place.redis_families().await;
    let user = place.user("ada").await;
    let (lives, over) = (place.session(user).await, place.session(user).await);
    for session in [&lives, &over] {
        step(&place, &store, session, 1).await;
    }
    let target = Target::Family(over.digest);
    store.revoke(target, EndReason::Logout).await.unwrap();
    let gone = store.advance(&place.advance(&over, 2)).await.unwrap();
    assert_eq!(ended(&gone), Some(EndReason::Logout));
    let keys = place.redis_server().keys();
    assert_eq!(keys.len(), 3);
    let mut redis = place.redis_server().connect();
    for key in keys {
        let left: Value = cmd("PTTL").arg(&key).query(&mut redis).unwrap();
        assert!(matches!(left, Value::Int(1..)), "{key:?}: {left:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rt_16_a_session_takes_at_most_256_bytes_of_100_000() {
    const COUNT: u64 = 100_000;
    const FILL: &str = "local sum = 0
    for n = 1, tonumber(ARGV[2]) do
        local name = redis.sha1hex(n .. 'a')
        local key = 's:' .. string.sub(name, 1, 32)
        redis.call('SET', key, ARGV[1], 'PXAT', ARGV[3])
        sum = sum + redis.call('MEMORY', 'USAGE', key)
    end
    return sum";
    let place = Place::redis().await;
    let store = place.redis_families().await;
    let session = place.session(place.user("ada").await).await;
    step(&place, &store, &session, 1).await;
    let mut redis = place.redis_server().connect();
    let like = record(&mut redis, &session);
    let sum: u64 = cmd("EVAL")
        .arg(FILL)
        .arg(0)
        .arg(like)
        .arg(COUNT)
        .arg(session.session.absolute_expires_at.millis())
        .query(&mut redis)
        .unwrap();
    assert_eq!(place.redis_server().keys().len() as u64, COUNT + 2);
    assert!(sum / COUNT <= 256, "{}", sum / COUNT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rt_17_a_flushed_redis_logs_nobody_out_and_revives_nobody() {
    let place = Place::redis().await;
    let store = place.redis_families().await;
    let user = place.user("ada").await;
    let (lives, over) = (place.session(user).await, place.session(user).await);
    for session in [&lives, &over] {
        step(&place, &store, session, 1).await;
    }
    let target = Target::Family(over.digest);
    store.revoke(target, EndReason::Logout).await.unwrap();
    for presented in [2, 3] {
        // Before the database has heard of the last step, and after.
        place.redis_server().flush();
        assert!(step(&place, &store, &lives, presented).await.moved);
        let gone = store.advance(&place.advance(&over, 2)).await.unwrap();
        assert_eq!(ended(&gone), Some(EndReason::Logout));
        store.write_journal().await;
        assert!(store.reach().await);
    }
    assert!(step(&place, &store, &lives, 4).await.moved);
    let mut nobody = place.advance(&lives, 1);
    nobody.digest = SessionDigest([9; 32]);
    assert_eq!(store.advance(&nobody).await, Ok(Advanced::Missing));
}
