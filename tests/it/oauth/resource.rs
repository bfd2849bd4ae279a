//! `resource` at `POST /oauth/token` (RFC 8707).

use reqwest::Method;
use serde_json::{Value, json};
use signet::auth::clients::ClientWish;
use signet::model::client::{ClientKind, GrantType};

use crate::harness::{Answer, Ask, PASSWORD, Store, TestServer, part};

use super::{Registered, login, refused, register, text, token};

const PAGES: &str = "https://pages.example.com";
const BLOG: &str = "https://blog.example.com/api";

/// A client whose tokens are for both.
async fn client(server: &TestServer, kind: ClientKind, grant: GrantType) -> Registered {
    server.register(&["pages.read"]).await;
    let scopes = ["*".to_owned()];
    let wish = ClientWish {
        name: "for two",
        audiences: &[PAGES.to_owned(), BLOG.to_owned()],
        scopes: (kind == ClientKind::Confidential).then_some(&scopes),
        grant_types: Some(vec![grant]),
        ..ClientWish::default()
    };
    register(server, kind, wish).await
}

/// Whom the token of an answer is for.
#[track_caller]
fn audience(answer: &Answer) -> Value {
    part(text(&answer.ok()["access_token"]), 1)["aud"].clone()
}

async fn credentials(server: &TestServer, client: &Registered, more: &[(&str, &str)]) -> Answer {
    let asked = [
        ("grant_type", "client_credentials"),
        ("client_id", &*client.id),
        ("client_secret", &*client.secret),
    ];
    token(server, &[&asked, more].concat()).await
}

async fn refresh(server: &TestServer, id: &str, old: &str, more: &[(&str, &str)]) -> Answer {
    let asked = [
        ("grant_type", "refresh_token"),
        ("refresh_token", old),
        ("client_id", id),
    ];
    token(server, &[&asked, more].concat()).await
}

#[tokio::test]
async fn a_client_names_the_resources_that_its_token_is_for() {
    let server = TestServer::start().await;
    let kind = ClientKind::Confidential;
    let client = client(&server, kind, GrantType::ClientCredentials).await;
    let own = format!("{}/v1", server.issuer);
    let all = json!([PAGES, BLOG, own]);
    assert_eq!(audience(&credentials(&server, &client, &[]).await), all);
    for (asked, expected) in [
        (vec![("resource", BLOG)], json!(BLOG)),
        (vec![("audience", BLOG)], json!(BLOG)),
        (vec![("resource", "")], all),
        (
            vec![("resource", BLOG), ("resource", PAGES)],
            json!([BLOG, PAGES]),
        ),
        (vec![("resource", BLOG), ("audience", BLOG)], json!(BLOG)),
        (
            vec![("resource", &*own), ("scope", "pages.read")],
            json!(own),
        ),
    ] {
        let answer = credentials(&server, &client, &asked).await;
        assert_eq!(audience(&answer), expected, "{asked:?}");
    }
    for wrong in [
        "https://other.example.com",
        "blog",
        "https://blog.example.com/api#x",
    ] {
        let asked = [("resource", PAGES), ("resource", wrong)];
        let answer = credentials(&server, &client, &asked).await;
        refused(&answer, 400, "invalid_target");
    }
}

#[tokio::test]
async fn a_refresh_narrows_one_access_token_to_a_resource() {
    let server = TestServer::start().await;
    server.create_user("ada", &["pages.read"]).await;
    let client = client(&server, ClientKind::Public, GrantType::RefreshToken).await;
    let tokens = login(&server, &client).await;
    let first = text(&tokens["refresh_token"]);

    let answer = refresh(&server, &client.id, first, &[("resource", PAGES)]).await;
    assert_eq!(audience(&answer), PAGES);
    let narrow = answer.ok();
    let me = server.request(Method::GET, "/v1/me");
    let me = me.bearer_auth(text(&narrow["access_token"])).ask().await;
    me.refused(401, "invalid_access_token");

    let second = text(&narrow["refresh_token"]);
    let asked = [
        ("resource", PAGES),
        ("resource", "https://other.example.com"),
    ];
    let answer = refresh(&server, &client.id, second, &asked).await;
    refused(&answer, 400, "invalid_target");

    // Nothing has moved, and the session has all that it had.
    let answer = refresh(&server, &client.id, second, &[]).await;
    let own = format!("{}/v1", server.issuer);
    assert_eq!(audience(&answer), json!([PAGES, BLOG, own]));
    assert_ne!(answer.ok()["refresh_token"], second);
}

#[tokio::test]
async fn a_session_that_was_opened_for_one_resource_refreshes_for_no_other() {
    let server = TestServer::start().await;
    server.create_user("ada", &["pages.read", "signet.*"]).await;
    let client = client(&server, ClientKind::Public, GrantType::RefreshToken).await;
    let login = async |more: Value| {
        let mut body = json!({
            "username": "ada", "password": PASSWORD, "client_id": client.id,
        });
        let all = body.as_object_mut().unwrap();
        all.extend(more.as_object().unwrap().clone());
        let tokens = server.post("/v1/auth/login", body).await.ok();
        text(&tokens["refresh_token"]).to_owned()
    };
    let token = login(json!({ "audience": [PAGES] })).await;
    let answer = refresh(&server, &client.id, &token, &[("resource", BLOG)]).await;
    refused(&answer, 400, "invalid_target");
    let answer = refresh(&server, &client.id, &token, &[("resource", PAGES)]).await;
    assert_eq!(audience(&answer), PAGES);

    // A token with a scope of Signet's own is for Signet alone, whatever is asked for.
    let scope = "pages.read signet.users.read";
    let token = login(json!({ "scope": scope })).await;
    let answer = refresh(&server, &client.id, &token, &[("resource", PAGES)]).await;
    refused(&answer, 400, "invalid_target");
    let everyday = [("resource", PAGES), ("scope", "pages.read")];
    let answer = refresh(&server, &client.id, &token, &everyday).await;
    assert_eq!(audience(&answer), PAGES);
}

#[tokio::test]
async fn what_is_granted_while_a_refresh_is_under_way_makes_its_token_no_broader() {
    let server = TestServer::start().await;
    let (Store::Postgres(..), None) = (&*server.store, server.store.redis()) else {
        // Elsewhere nothing can hold a step of one session up and let grants through.
        return;
    };
    server.create_user("ada", &["pages.read"]).await;
    let client = client(&server, ClientKind::Public, GrantType::RefreshToken).await;
    // Signet's own scope is not granted yet; with it a token would be for Signet alone.
    let body = json!({
        "username": "ada", "password": PASSWORD, "client_id": client.id,
        "scope": "pages.read signet.users.read",
    });
    let tokens = server.post("/v1/auth/login", body).await.ok();
    let old = text(&tokens["refresh_token"]);

    let (mut holds, mut looks) = (server.store.connect().await, server.store.connect().await);
    holds.execute("BEGIN").await;
    holds.execute("SELECT * FROM sessions FOR UPDATE").await;
    let grants = async {
        let waiting = "SELECT pid::text FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND datname = current_database()";
        while looks.texts(waiting).await.is_empty() {}
        let ada = server.auth.find_user("ada").await.unwrap().id;
        let grant = "signet.users.read".parse().unwrap();
        server.auth.grant(ada, &[grant]).await.unwrap();
        holds.execute("ROLLBACK").await;
    };
    let asked = [("resource", PAGES)];
    let (answer, ()) = tokio::join!(refresh(&server, &client.id, old, &asked), grants);
    assert_eq!(audience(&answer), PAGES);
    assert_eq!(answer.ok()["scope"], "pages.read");
    // From the next one on it counts.
    let next = text(&answer.ok()["refresh_token"]).to_owned();
    let answer = refresh(&server, &client.id, &next, &asked).await;
    refused(&answer, 400, "invalid_target");
    let answer = refresh(&server, &client.id, &next, &[]).await;
    assert_eq!(audience(&answer), format!("{}/v1", server.issuer));
    assert_eq!(answer.ok()["scope"], "pages.read signet.users.read");
}

#[tokio::test]
async fn te_16_what_its_user_is_not_granted_any_more_is_left_out_of_a_refresh() {
    let server = TestServer::start().await;
    server
        .create_user("ada", &["pages.read", "pages.write"])
        .await;
    let client = client(&server, ClientKind::Public, GrantType::RefreshToken).await;
    let body = json!({
        "username": "ada", "password": PASSWORD, "client_id": client.id,
        "scope": "pages.read pages.write",
    });
    let tokens = server.post("/v1/auth/login", body).await.ok();
    let ada = server.auth.find_user("ada").await.unwrap().id;
    let grant = "pages.write".parse().unwrap();
    server.auth.ungrant(ada, &[grant]).await.unwrap();
    let mut old = text(&tokens["refresh_token"]).to_owned();
    for asked in ["", "pages.read pages.write", "pages.write pages.read"] {
        let answer = refresh(&server, &client.id, &old, &[("scope", asked)]).await;
        let next = answer.ok();
        assert_eq!(next["scope"], "pages.read", "{asked}");
        let claims = part(text(&next["access_token"]), 1);
        assert_eq!(claims["scope"], "pages.read");
        text(&next["refresh_token"]).clone_into(&mut old);
    }
    // What the session was not opened for is another thing, and so is what there is not.
    server.register(&["blog.read"]).await;
    for wider in ["pages.read blog.read", "pages.read unheard.of", "pages.*"] {
        let answer = refresh(&server, &client.id, &old, &[("scope", wider)]).await;
        refused(&answer, 400, "invalid_scope");
    }
}
