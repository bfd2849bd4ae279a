//! API keys behind a gateway: each state has its code there, and says nothing at introspection.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use signet::model::authority::Authority;

use super::gateway::{Asked, asked, server};
use crate::harness::{Ask, Browser, Key, PASSWORD, Person, TestServer};

const RULES: &str = "[[verify.rules]]\naccept = [\"bearer_api_key\"]\nscopes = [\"pages.read\"]";
/// The challenge of every 401 under that rule.
const INVALID: &str = "Bearer realm=\"signet\", error=\"invalid_token\"";

async fn ada(server: &TestServer) -> Person<'_> {
    let grants = ["pages.read", "pages.write"];
    server.create_user("ada", &grants).await;
    Person::log_in(server, "ada", PASSWORD).await
}

/// A key that may ask about all others.
async fn asks(server: &TestServer) -> String {
    server.create_user("root", &["*"]).await;
    let root = Person::log_in_for(server, "root", "signet.introspect.any").await;
    let wish = json!({ "name": "asks", "scopes": ["signet.introspect.any"] });
    root.create_key(wish).await.text
}

/// The bytes that introspection says of a key, used so from the address of these tests.
async fn said(server: &TestServer, asks: &str, key: &str, method: &str) -> String {
    let request = server.request(Method::POST, "/oauth/introspect");
    let form = "application/x-www-form-urlencoded";
    let request = request.bearer_auth(asks).header("Content-Type", form);
    let body = format!("token={key}&address=127.0.0.1&method={method}");
    let answer = request.body(body).ask().await;
    assert_eq!(answer.status, 200);
    answer.text().to_owned()
}

fn by<'a>(server: &'a TestServer, key: &Key) -> Asked<'a> {
    asked(server, "/pages").bearer(&key.text)
}

/// What makes each of these keys worthless, and how it is refused.
#[tokio::test]
async fn m5_d7_each_state_of_a_key_has_its_code_behind_a_gateway() {
    let server = server(RULES).await;
    let (ada, asks) = (ada(&server).await, asks(&server).await);
    let make = async |name: &str, more: Value| {
        let mut wish = more;
        wish["name"] = name.into();
        ada.create_key(wish).await
    };
    let plain = json!({});
    let [expired, revoked, disabled, rotated, owned] = [
        make("expired", json!({ "expires_in": 60 })).await,
        make("revoked", plain.clone()).await,
        make("disabled", plain.clone()).await,
        make("rotated", plain.clone()).await,
        make("owned", plain).await,
    ];
    let not_active = async |key: &Key, method: &str| {
        let said = said(&server, &asks, &key.text, method).await;
        assert_eq!(said, r#"{"active":false}"#);
    };
    let dead = async |key: &Key, code: &str| {
        let answer = by(&server, key).refused(401, code).await;
        assert_eq!(answer.header("www-authenticate"), INVALID, "{code}");
        assert!(!answer.has("x-auth-user-id"), "{code}");
        not_active(key, "GET").await;
    };
    let counts = async |key: &Key| {
        by(&server, key).passes().await;
        let said = said(&server, &asks, &key.text, "GET").await;
        assert!(said.contains(r#""active":true"#), "{said}");
    };
    for key in [&expired, &revoked, &disabled, &rotated, &owned] {
        counts(key).await;
    }
    let mine = |key: &Key| format!("/v1/me/api-keys/{}", key.id);
    ada.delete(&mine(&revoked)).await.no_content();
    dead(&revoked, "api_key_revoked").await;

    let (operator, id) = (&Authority::Operator, disabled.id.parse().unwrap());
    server.auth.disable_api_key(operator, id).await.unwrap();
    dead(&disabled, "api_key_disabled").await;
    server.auth.enable_api_key(operator, id).await.unwrap();
    counts(&disabled).await;

    let rotation = json!({ "current_password": PASSWORD });
    let rotate = format!("{}/rotate", mine(&rotated));
    let newer = Key::of(&ada.post(&rotate, rotation).await.ok());
    dead(&rotated, "invalid_api_key").await;
    counts(&newer).await;

    server.clock.advance(Duration::from_millis(59_999));
    counts(&expired).await;
    server.clock.advance(Duration::from_millis(1));
    dead(&expired, "api_key_expired").await;

    server.disable_user("ada").await;
    dead(&owned, "owner_disabled").await;
    let user = server.auth.find_user("ada").await.unwrap().id;
    server.auth.enable_user(user).await.unwrap();
    counts(&owned).await;
}

/// What a key may not do is said in another way than that it is worthless: without a challenge.
#[tokio::test]
async fn m2_what_binds_a_key_is_said_behind_a_gateway() {
    let server = server(RULES).await;
    let (ada, asks) = (ada(&server).await, asks(&server).await);
    let reads = json!({ "name": "reads", "read_only": true });
    let reads = ada.create_key(reads).await;
    for method in ["GET", "HEAD"] {
        by(&server, &reads).method(method).passes().await;
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"] {
        let writing = by(&server, &reads).method(method);
        let answer = writing.refused(403, "api_key_read_only").await;
        assert!(!answer.has("www-authenticate"), "{method}");
        let said = said(&server, &asks, &reads.text, method).await;
        assert_eq!(said, r#"{"active":false}"#, "{method}");
    }

    let bound = json!({ "name": "bound", "addresses": ["192.0.2.0/24", "2001:db8::/32"] });
    let bound = ada.create_key(bound).await;
    // The address is the client's, not the gateway's.
    for address in ["192.0.2.7", "192.0.2.255", "2001:db8::7"] {
        by(&server, &bound).from(address).passes().await;
    }
    for address in ["192.0.3.7", "2001:db9::7", "::ffff:192.0.3.7"] {
        let elsewhere = by(&server, &bound).from(address);
        elsewhere.refused(403, "address_not_allowed").await;
    }
    by(&server, &bound)
        .refused(403, "address_not_allowed")
        .await;
    let elsewhere = said(&server, &asks, &bound.text, "GET").await;
    assert_eq!(elsewhere, r#"{"active":false}"#);

    let other = json!({ "name": "writes", "scopes": ["pages.write"] });
    let other = ada.create_key(other).await;
    let answer = by(&server, &other);
    let answer = answer.refused(403, "insufficient_scope").await;
    assert_eq!(answer.json()["scopes"], json!(["pages.read"]));
    // Nor has a key what its owner was granted once.
    let all = ada.create_key(json!({ "name": "all" })).await;
    by(&server, &all).passes().await;
    let user = server.auth.find_user("ada").await.unwrap().id;
    let grants = ["pages.read".parse().unwrap()];
    server.auth.ungrant(user, &grants).await.unwrap();
    by(&server, &all).refused(403, "insufficient_scope").await;
}

#[tokio::test]
async fn a_key_is_for_the_rules_audiences() {
    let rules = r#"
        [[verify.rules]]
        path = "/shop"
        accept = ["bearer_api_key"]
        audiences = ["https://shop.example.com", "https://till.example.com"]
        [[verify.rules]]
        accept = ["bearer_api_key"]
    "#;
    let verify = super::gateway::settings(rules);
    let audiences = ["https://api.example.com", "https://till.example.com"];
    let server = TestServer::with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        settings.verify = verify;
        settings.tokens.audience = Some(audiences.map(str::to_owned).to_vec());
    });
    let server = server.await;
    let ada = ada(&server).await;
    for (audience, shop) in [
        (json!([audiences[0]]), 401),
        (json!([audiences[1]]), 200),
        (json!(audiences), 200),
        // For whoever is configured.
        (json!([]), 200),
    ] {
        let mut wish = json!({ "name": audience.to_string() });
        if audience != json!([]) {
            wish["audience"] = audience.clone();
        }
        let key = ada.create_key(wish).await;
        for (path, expected) in [("/shop", shop), ("/", 200)] {
            let answer = asked(&server, path).bearer(&key.text).ask().await;
            assert_eq!(answer.status, expected, "{audience} {path}");
            if expected == 401 {
                answer.refused(401, "invalid_api_key");
            }
        }
    }
}

/// What Signet has never made is refused at every door before anybody looks for it, and what is
/// known is answered from memory.
#[tokio::test]
async fn ak_03_at_every_door_what_is_known_or_made_up_needs_no_database() {
    let server = server(RULES).await;
    let (ada, asks) = (ada(&server).await, asks(&server).await);
    let [known, unknown] = [
        ada.create_key(json!({ "name": "a" })).await,
        ada.create_key(json!({ "name": "b" })).await,
    ];
    by(&server, &known).passes().await;
    said(&server, &asks, &known.text, "GET").await;
    let mut stranger = server.store.connect().await;
    for table in ["api_keys", "api_key_secrets", "users", "sessions"] {
        let away = format!("ALTER TABLE {table} RENAME TO {table}_gone");
        stranger.execute(&away).await;
    }
    let front = "signet_ak_10123456789ABCDEFABCDEFGHIJKLMNOPQRSTUVWXYZabcdefOEfEqr5t4YJ9hE";
    let (sum, short) = (format!("{}7", &known.text[..72]), &known.text[..72]);
    for made_up in [front, &sum, short, "signet_ak_"] {
        let refused = asked(&server, "/pages").bearer(made_up);
        refused.refused(401, "invalid_api_key").await;
        let users = server.request(Method::GET, "/v1/users");
        let users = users.bearer_auth(made_up).ask().await;
        users.refused(401, "invalid_api_key");
        let said = said(&server, &asks, made_up, "GET").await;
        assert_eq!(said, r#"{"active":false}"#);
    }
    by(&server, &known).passes().await;
    let heard = said(&server, &asks, &known.text, "GET").await;
    assert!(heard.contains(r#""active":true"#), "{heard}");
    // One that Signet has made is looked for, and trouble is nobody's invalid key.
    let answer = by(&server, &unknown).ask().await;
    assert!(answer.status >= 500, "{}", answer.status);
}

/// The ways in which a request may present something, of which any two can stand in one request but
/// those that share a header.
const WAYS: [&str; 5] = [
    "header:X-API-Key",
    "bearer_api_key",
    "query:api_key",
    "basic",
    "session_cookie",
];

/// Of two, the first in the rule's order decides alone, whether it counts or not.
#[tokio::test]
async fn the_first_in_the_rules_order_decides_alone() {
    let share = |one: &str, other: &str| [one, other] == ["bearer_api_key", "basic"];
    let mut pairs = Vec::new();
    for first in WAYS {
        for second in WAYS {
            if first != second && !share(first, second) && !share(second, first) {
                pairs.push((first, second));
            }
        }
    }
    let rules = pairs.iter().enumerate().map(|(number, (first, second))| {
        format!("[[verify.rules]]\npath = \"/{number}\"\naccept = [\"{first}\", \"{second}\"]\n")
    });
    let server = server(&rules.collect::<String>()).await;
    let key = ada(&server).await.create_key(json!({ "name": "CI" })).await;
    let cookie = browser(&server).await.cookie();
    assert_eq!(pairs.len(), 18);
    for (number, (first, second)) in pairs.into_iter().enumerate() {
        for first_counts in [true, false] {
            let presented = [(first, first_counts), (second, !first_counts)];
            let query = presented.iter().find(|(way, _)| *way == "query:api_key");
            let query = query.map(|(_, counts)| format!("?api_key={}", text(&key, *counts)));
            let uri = format!("/{number}{}", query.unwrap_or_default());
            let request = presented
                .iter()
                .fold(asked(&server, &uri), |request, (way, counts)| {
                    present(request, way, *counts, &key, &cookie)
                });
            let answer = request.ask().await;
            if first_counts {
                assert_eq!(answer.status, 200, "{first} {second}: {}", answer.text());
                let method = first.split(':').next().unwrap();
                assert_eq!(answer.header("x-auth-method"), method);
            } else {
                assert_eq!(answer.status, 401, "{first} {second}");
                assert_eq!(answer.json()["code"], refusal(first), "{second}");
            }
        }
    }
}

/// A browser in which Ada is logged in.
async fn browser(server: &TestServer) -> Browser<'_> {
    let mut browser = server.browser();
    let body = json!({
        "username": "ada", "password": PASSWORD, "delivery": "cookie_and_session",
    });
    browser.post("/v1/auth/login", body).await.ok();
    browser
}

fn text(key: &Key, counts: bool) -> &str {
    if counts { &key.text } else { "signet_ak_x" }
}

fn present<'a>(request: Asked<'a>, way: &str, counts: bool, key: &Key, cookie: &str) -> Asked<'a> {
    match way {
        "header:X-API-Key" => request.header("X-API-Key", text(key, counts)),
        "bearer_api_key" => request.bearer(text(key, counts)),
        // ada and her password, or x and y.
        "basic" if counts => request.header(
            "Authorization",
            "Basic YWRhOm9yYml0IHdhbG51dCBzYWRkbGUgNDI=",
        ),
        "basic" => request.header("Authorization", "Basic eDp5"),
        "session_cookie" if counts => request.header("Cookie", cookie),
        "session_cookie" => request.header("Cookie", "__Host-signet_session=x"),
        _ => request,
    }
}

/// The code by which something is refused that does not count.
fn refusal(way: &str) -> &'static str {
    match way {
        "basic" => "invalid_credentials",
        "session_cookie" => "session_ended",
        _ => "invalid_api_key",
    }
}
