//! POST /v1/auth/login of somebody who has as many sessions as they may have.

use signet::model::session::WhenFull;

use crate::harness::{PASSWORD, Person, TestServer};

async fn limited(most: u32, when_full: WhenFull) -> TestServer {
    TestServer::with(|settings| {
        settings.sessions.max_per_user = most;
        settings.sessions.when_full = when_full;
    })
    .await
}

#[tokio::test]
async fn one_login_too_many_ends_the_oldest_session() {
    let server = limited(2, WhenFull::EndOldest).await;
    let mut first = server.person("ada").await;
    let mut people = Vec::new();
    for _ in 0..2 {
        server.clock.advance(std::time::Duration::from_millis(1));
        people.push(Person::log_in(&server, "ada", PASSWORD).await);
    }
    let ended = first.refresh().await;
    assert_eq!(
        ended.refused(401, "session_ended")["reason"],
        "session_limit"
    );
    first
        .get("/v1/me")
        .await
        .refused(401, "invalid_access_token");
    for person in &mut people {
        person.get("/v1/me").await.ok();
        person.refresh().await.ok();
    }
    assert_eq!(people[0].get("/v1/me/sessions").await.ok()["total"], 2);
}

#[tokio::test]
async fn where_the_policy_says_so_it_is_refused_and_only_to_who_knows_the_password() {
    let server = limited(1, WhenFull::Refuse).await;
    let mut ada = server.person("ada").await;
    for _ in 0..2 {
        server
            .login("ada", PASSWORD)
            .await
            .refused(409, "too_many_sessions");
        server
            .login("ada", "not her password")
            .await
            .refused(401, "invalid_credentials");
    }
    ada.refresh().await.ok();
    ada.log_out().await.no_content();
    server.login("ada", PASSWORD).await.ok();
}

#[tokio::test]
async fn a_browser_that_logs_in_again_needs_no_second_place() {
    for when_full in [WhenFull::Refuse, WhenFull::EndOldest] {
        let server = limited(1, when_full).await;
        server.create_user("ada", &[]).await;
        let mut browser = server.browser();
        let mut known = Vec::new();
        for _ in 0..3 {
            server.clock.advance(std::time::Duration::from_millis(1));
            browser.login("ada", PASSWORD).await.ok();
            let answer = browser.refresh().await.ok();
            known.push(answer["session_id"].as_str().unwrap().to_owned());
        }
        let user = server.auth.find_user("ada").await.unwrap();
        let paging = signet::auth::sessions::Paging::first(10);
        let left = server.auth.sessions(user.id, paging).await.unwrap();
        assert_eq!(left.items.len(), 1);
        assert_eq!(left.items[0].id.to_string(), known[2]);
    }
}

#[tokio::test]
async fn no_limit_is_a_limit_of_none() {
    let server = limited(0, WhenFull::Refuse).await;
    let ada = server.person("ada").await;
    for _ in 0..60 {
        server.login("ada", PASSWORD).await.ok();
    }
    assert_eq!(ada.get("/v1/me/sessions").await.ok()["total"], 61);
}
