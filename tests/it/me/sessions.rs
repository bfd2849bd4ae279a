//! GET and DELETE /v1/me/sessions.

use serde_json::Value;
use signet::model::id::SessionId;
use signet::model::time::Clock as _;

use crate::harness::{PASSWORD, Person, TestServer};

const PATH: &str = "/v1/me/sessions";

#[tokio::test]
async fn rt_18_people_see_and_end_their_own_sessions() {
    let server = TestServer::start().await;
    let mut here = server.person("ada").await;
    let mut there = Person::log_in(&server, "ada", PASSWORD).await;
    let eve = server.person("eve").await;

    let page = here.get(PATH).await.ok();
    let mut listed = ids(&page);
    let mut own = [sid(&here), sid(&there)];
    listed.sort();
    own.sort();
    assert_eq!(listed, own);

    here.delete(&format!("{PATH}/{}", sid(&eve)))
        .await
        .refused(404, "not_found");
    here.delete(&format!("{PATH}/{}", sid(&there)))
        .await
        .no_content();
    there.refresh().await.refused(401, "session_ended");
    here.refresh().await.ok();
    eve.get("/v1/me").await.ok();
}

#[tokio::test]
async fn the_current_session_is_marked() {
    let server = TestServer::start().await;
    let here = server.person("ada").await;
    Person::log_in(&server, "ada", PASSWORD).await;
    let page = here.get(PATH).await.ok();
    let items = page["items"].as_array().unwrap();
    let current: Vec<&Value> = items
        .iter()
        .filter(|item| item["current"] == true)
        .collect();
    assert_eq!(current.len(), 1);
    assert_eq!(current[0]["id"], here.claims()["sid"]);
}

#[tokio::test]
async fn lg_08_all_other_sessions_end_at_once_and_all_when_asked() {
    let server = TestServer::start().await;
    let mut here = server.person("ada").await;
    let mut there = Person::log_in(&server, "ada", PASSWORD).await;
    for _ in 0..2 {
        assert_eq!(here.delete(PATH).await.status / 100, 2);
        there.refresh().await.refused(401, "session_ended");
        here.refresh().await.ok();
    }
    let all = format!("{PATH}?include_current=true");
    assert_eq!(here.delete(&all).await.status / 100, 2);
    here.refresh().await.refused(401, "session_ended");
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

fn sid(person: &Person<'_>) -> String {
    person.claims()["sid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn of_somebody_with_more_ended_sessions_than_are_held_the_database_is_asked() {
    const ROWS: u32 = 1_001;
    let server = TestServer::start().await;
    let (here, there) = (
        server.person("ada").await,
        Person::log_in(&server, "ada", PASSWORD).await,
    );
    let user = here.claims()["sub"].as_str().unwrap().to_owned();
    let now = server.clock.now();
    let rows: Vec<String> = (1..=ROWS)
        .map(|row| {
            let [a, b, c, d] = row.to_be_bytes();
            let session = SessionId::new(now, [a, b, c, d, 0, 0, 0, 0, 0, 0]);
            format!("({row}, '{session}')")
        })
        .collect();
    let mut stranger = server.store.connect().await;
    let count = format!("UPDATE counters SET value = value + {ROWS} WHERE name = 'changes'");
    stranger.execute(&count).await;
    let insert = format!(
        "WITH ended (row, session) AS (VALUES {})
        INSERT INTO changes (number, mark, kind, subject, reason, created_at, user_id)
        SELECT value - {ROWS} + row, 'mark', 'session_revoked', session, 'logout', {}, '{user}'
        FROM ended, counters WHERE name = 'changes'",
        rows.join(", "),
        now.millis()
    );
    stranger.execute(&insert).await;

    there.get("/v1/me").await.ok();
    there.log_out().await.no_content();
    there
        .get("/v1/me")
        .await
        .refused(401, "invalid_access_token");
    here.get("/v1/me").await.ok();
}
