//! One's own keys: created, shown once, listed, changed, rotated, revoked.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Key, Log, PASSWORD, Person, TestServer};

const MINE: &str = "/v1/me/api-keys";
const DAY: Duration = Duration::from_hours(24);

async fn ada(server: &TestServer) -> Person<'_> {
    server
        .create_user("ada", &["pages.read", "pages.write"])
        .await;
    Person::log_in(server, "ada", PASSWORD).await
}

fn at(key: &Key) -> String {
    format!("{MINE}/{}", key.id)
}

#[tokio::test]
async fn ak_01_a_key_is_shown_once() {
    let server = TestServer::start().await;
    let ada = ada(&server).await;
    let wish = json!({ "name": "CI", "current_password": PASSWORD });
    let answer = ada.post(MINE, wish).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("cache-control"), "no-store");
    let created = answer.json();
    let key = Key::of(&created);
    assert_eq!(key.text.len(), 73);
    let prefix = created["key"]["display_prefix"].as_str().unwrap();
    assert!(
        key.text.starts_with(prefix) && prefix.len() < 24,
        "{prefix}"
    );
    // Never again, wherever it is described.
    let secret = &key.text[27..];
    for answer in [ada.get(MINE).await, ada.get(&at(&key)).await] {
        let text = answer.ok().to_string();
        assert!(text.contains(prefix) && !text.contains(secret), "{text}");
    }
    let patched = ada.patch(&at(&key), json!({ "name": "other" })).await;
    assert!(!patched.ok().to_string().contains(secret));
}

#[tokio::test]
async fn ak_02_a_key_has_a_form_that_scanners_find() {
    let server = TestServer::start().await;
    let key = ada(&server).await.create_key(json!({ "name": "CI" })).await;
    let digits = key.text.strip_prefix("signet_ak_").unwrap();
    assert!(digits.len() == 63 && digits.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    // The last six digits are the checksum of all before them.
    let mut crc = crc32fast::hash(&key.text.as_bytes()[..67]);
    let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for digit in key.text.as_bytes()[67..].iter().rev() {
        assert_eq!(*digit, alphabet[usize::try_from(crc % 62).unwrap()]);
        crc /= 62;
    }
}

#[tokio::test]
async fn ak_05_a_key_says_what_it_is() {
    let server = TestServer::start().await;
    let ada = ada(&server).await;
    let wish = json!({
        "name": "CI", "scopes": ["pages.*", "pages.read"], "read_only": true,
        "addresses": ["192.0.2.7", "2001:db8::/32"], "metadata": { "project": { "id": 7 } },
        "expires_in": 86_400, "audience": [server.issuer],
    });
    let refused = json!({ "name": "x", "scopes": ["pages.*"], "current_password": PASSWORD });
    // Patterns are for those who are granted them.
    ada.post(MINE, refused).await.refused(403, "would_escalate");
    server.create_user("eve", &["pages.*"]).await;
    let eve = Person::log_in(&server, "eve", PASSWORD).await;
    let key = eve.create_key(wish).await;
    let shown = eve.get(&at(&key)).await.ok();
    let expected = json!({
        "id": key.id, "name": "CI", "owner_id": eve.claims()["sub"],
        "display_prefix": key.text[..19], "state": "active",
        "scopes": ["pages.*", "pages.read"], "audience": [server.issuer], "read_only": true,
        "addresses": ["192.0.2.7/32", "2001:db8::/32"], "metadata": { "project": { "id": 7 } },
        "expires_at": "2026-06-02T12:00:00.000Z", "created_at": "2026-06-01T12:00:00.000Z",
        "created_by": eve.claims()["sub"],
    });
    assert_eq!(shown, expected);
    server.clock.advance(DAY);
    let eve = Person::log_in(&server, "eve", PASSWORD).await;
    assert_eq!(eve.get(&at(&key)).await.ok()["state"], "expired");
}

#[tokio::test]
async fn what_is_not_asked_for_is_as_usual() {
    let server = TestServer::start().await;
    let ada = ada(&server).await;
    let key = ada.create_key(json!({ "name": "CI" })).await;
    let shown = ada.get(&at(&key)).await.ok();
    // What the access token includes, for thirty days, from anywhere.
    assert_eq!(shown["scopes"], json!(["pages.read", "pages.write"]));
    assert_eq!(shown["expires_at"], "2026-07-01T12:00:00.000Z");
    assert_eq!(
        (&shown["addresses"], &shown["audience"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(
        (&shown["read_only"], &shown["metadata"]),
        (&json!(false), &json!({}))
    );
    let narrow = Person::log_in_for(&server, "ada", "pages.read").await;
    let key = narrow.create_key(json!({ "name": "narrow" })).await;
    let shown = narrow.get(&at(&key)).await.ok();
    assert_eq!(shown["scopes"], json!(["pages.read"]));
}

#[tokio::test]
async fn ak_11_a_taken_name_is_told_with_the_key_that_has_it() {
    let server = TestServer::start().await;
    let ada = ada(&server).await;
    let key = ada.create_key(json!({ "name": "CI" })).await;
    let wish = json!({ "name": "CI", "current_password": PASSWORD });
    let problem = ada
        .post(MINE, wish.clone())
        .await
        .refused(409, "api_key_exists");
    assert_eq!(problem["api_key_id"], key.id.as_str());
    // A name is taken by keys that count; a revoked one has lost it.
    ada.delete(&at(&key)).await.no_content();
    assert_eq!(ada.post(MINE, wish).await.status, 201);
}

#[tokio::test]
async fn ak_10_keys_are_listed_a_page_at_a_time_and_to_their_owner_alone() {
    Log::keep();
    let server = TestServer::start().await;
    let ada = ada(&server).await;
    let mut ids: Vec<String> = Vec::new();
    for name in ["a", "b", "c"] {
        ids.insert(0, ada.create_key(json!({ "name": name })).await.id);
        server.clock.advance(Duration::from_millis(1));
    }
    let eve = server.person("eve").await;
    eve.create_key(json!({ "name": "eve's" })).await;
    let listed = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|key| key["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = ada.get(&format!("{MINE}?limit=2")).await.ok();
    assert_eq!(
        (listed(&first), &first["total"]),
        (ids[..2].to_vec(), &json!(3))
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = ada
        .get(&format!("{MINE}?limit=2&cursor={cursor}"))
        .await
        .ok();
    assert_eq!(listed(&rest), ids[2..]);
    assert!(rest.get("next_cursor").is_none());

    ada.delete(&format!("{MINE}/{}", ids[0])).await.no_content();
    let log = Log::own();
    for event in ["api_key.created", "api_key.revoked"] {
        let line = log.lines().find(|line| line.contains(event)).unwrap();
        assert!(
            line.contains(ada.claims()["sub"].as_str().unwrap()),
            "{line}"
        );
    }
    // To anybody else there is no such key.
    let path = format!("{MINE}/{}", ids[1]);
    eve.get(&path).await.refused(404, "not_found");
    eve.delete(&path).await.refused(404, "not_found");
    eve.patch(&path, json!({ "name": "x" }))
        .await
        .refused(404, "not_found");
    let rotation = json!({ "current_password": PASSWORD });
    let rotate = eve.post(&format!("{path}/rotate"), rotation).await;
    rotate.refused(404, "not_found");
    ada.get(&path).await.ok();
}

#[tokio::test]
async fn there_are_as_many_keys_as_the_policy_says() {
    let server = TestServer::with(|settings| settings.api_keys.max_per_user = 2).await;
    let ada = ada(&server).await;
    let first = ada.create_key(json!({ "name": "a" })).await;
    ada.create_key(json!({ "name": "b" })).await;
    let third = json!({ "name": "c", "current_password": PASSWORD });
    ada.post(MINE, third.clone()).await.refused(409, "conflict");
    ada.delete(&at(&first)).await.no_content();
    assert_eq!(ada.post(MINE, third).await.status, 201);
}

#[tokio::test]
async fn a_key_lives_as_long_as_the_policy_lets_it() {
    let server = TestServer::start().await;
    let ada_here = ada(&server).await;
    let wish = |more: Value| {
        let mut wish = json!({ "name": "CI", "current_password": PASSWORD });
        wish.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        wish
    };
    let year = 365 * 86_400;
    for (more, pointer, code) in [
        (json!({ "expires_in": year + 1 }), "/expires_in", "too_long"),
        (
            json!({ "never_expires": true }),
            "/expires_in",
            "not_allowed",
        ),
        (
            json!({ "never_expires": true, "expires_in": 60 }),
            "/never_expires",
            "not_allowed",
        ),
    ] {
        let fields = ada_here.post(MINE, wish(more)).await.invalid_fields();
        assert_eq!(fields, [(pointer.to_owned(), code.to_owned())]);
    }
    let created = ada_here
        .post(MINE, wish(json!({ "expires_in": year })))
        .await;
    assert_eq!(created.status, 201);
    let never = |settings: &mut signet::config::Settings| {
        settings.api_keys.max_expiry = signet::config::MaxExpiry::parse("never").unwrap();
    };
    let server = TestServer::with(never).await;
    let ada = ada(&server).await;
    let key = ada
        .create_key(json!({ "name": "CI", "never_expires": true }))
        .await;
    assert!(ada.get(&at(&key)).await.ok().get("expires_at").is_none());
}

#[tokio::test]
async fn what_makes_no_sense_is_told_by_field() {
    let server = TestServer::start().await;
    let ada = ada(&server).await;
    for (wish, pointer, code) in [
        (json!({ "name": "a\nb" }), "/name", "malformed"),
        (json!({ "name": " a" }), "/name", "malformed"),
        (
            json!({ "name": "a", "addresses": ["10.0.0.1/8"] }),
            "/addresses",
            "malformed",
        ),
        (
            json!({ "name": "a", "addresses": ["here"] }),
            "/addresses",
            "malformed",
        ),
        (
            json!({ "name": "a", "metadata": { "x": "y".repeat(5000) } }),
            "/metadata",
            "too_long",
        ),
        (
            json!({ "name": "a", "metadata": ["x"] }),
            "/metadata",
            "wrong_type",
        ),
        (
            json!({ "name": "a", "scopes": ["pages"] }),
            "/scopes",
            "unknown_scope",
        ),
        (
            json!({ "name": "a", "scopes": ["*.read"] }),
            "/scopes",
            "invalid_scope",
        ),
        (
            json!({ "name": "a", "audience": ["https://x"] }),
            "/audience",
            "invalid_target",
        ),
        (json!({ "scopes": [] }), "/name", "missing"),
    ] {
        let mut wish = wish;
        wish["current_password"] = PASSWORD.into();
        let fields = ada.post(MINE, wish.clone()).await.invalid_fields();
        assert_eq!(fields, [(pointer.to_owned(), code.to_owned())], "{wish}");
    }
    ada.get(&format!("{MINE}/nonsense"))
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn making_and_widening_keys_needs_a_proof_of_who_one_is() {
    let server = TestServer::start().await;
    let ada = ada(&server).await;
    let refused = "reauthentication_required";
    // The everyday token alone will not do, nor a wrong password.
    ada.post(MINE, json!({ "name": "CI" }))
        .await
        .refused(403, refused);
    let wrong = json!({ "name": "CI", "current_password": "wrong walnut saddle 42" });
    ada.post(MINE, wrong).await.refused(403, refused);
    let wish = json!({ "name": "CI", "read_only": true, "scopes": ["pages.read"] });
    let key = ada.create_key(wish).await;
    let rotate = format!("{}/rotate", at(&key));
    ada.post(&rotate, json!({})).await.refused(403, refused);
    for wider in [
        json!({ "read_only": false }),
        json!({ "scopes": ["pages.read", "pages.write"] }),
        json!({ "expires_in": 31 * 86_400 }),
    ] {
        ada.patch(&at(&key), wider.clone())
            .await
            .refused(403, refused);
        let mut proven = wider;
        proven["current_password"] = PASSWORD.into();
        ada.patch(&at(&key), proven).await.ok();
    }
    // Whatever lets it do less needs nothing.
    for narrower in [
        json!({ "read_only": true }),
        json!({ "scopes": [] }),
        json!({ "addresses": ["192.0.2.0/24"] }),
        json!({ "expires_in": 60 }),
        json!({ "name": "renamed", "metadata": { "a": 1 } }),
    ] {
        ada.patch(&at(&key), narrower).await.ok();
    }
    ada.patch(&at(&key), json!({ "addresses": [] }))
        .await
        .refused(403, refused);
}

#[tokio::test]
async fn a_fresh_login_for_this_api_alone_is_proof_enough() {
    let server = TestServer::start().await;
    server.create_user("ada", &["pages.read"]).await;
    let own_api = format!("{}/v1", server.issuer);
    let asked = json!({ "username": "ada", "password": PASSWORD, "audience": [own_api] });
    let tokens = server.post("/v1/auth/login", asked).await.ok();
    let mut ada = Person::log_in(&server, "ada", PASSWORD).await;
    ada.access_token = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(ada.post(MINE, json!({ "name": "a" })).await.status, 201);
    ada.refresh_token = tokens["refresh_token"].as_str().unwrap().to_owned();
    server.clock.advance(Duration::from_secs(299));
    ada.refresh().await.ok();
    assert_eq!(ada.post(MINE, json!({ "name": "b" })).await.status, 201);
    server.clock.advance(Duration::from_secs(2));
    let late = ada.post(MINE, json!({ "name": "c" })).await;
    late.refused(403, "reauthentication_required");
}

#[tokio::test]
async fn a_revoked_key_is_changed_no_more() {
    let server = TestServer::start().await;
    let ada = ada(&server).await;
    let key = ada.create_key(json!({ "name": "CI" })).await;
    ada.delete(&at(&key)).await.no_content();
    ada.delete(&at(&key)).await.no_content();
    assert_eq!(ada.get(&at(&key)).await.ok()["state"], "revoked");
    let patched = ada.patch(&at(&key), json!({ "name": "x" })).await;
    patched.refused(409, "conflict");
    let rotation = json!({ "current_password": PASSWORD });
    let rotated = ada.post(&format!("{}/rotate", at(&key)), rotation).await;
    rotated.refused(409, "conflict");
}
