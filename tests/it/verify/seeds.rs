//! What users of the systems before Signet have today, they have behind a gateway.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::gateway::{Asked, asked, server};
use crate::harness::{Browser, Key, Log, PASSWORD, Person, TestServer};

const HEADERS: [&str; 5] = [
    "x-auth-method",
    "x-auth-expires",
    "x-auth-token-id",
    "x-auth-user-id",
    "x-auth-username",
];

/// Ada, who may read and write pages, and a key of hers for all that.
async fn ada(server: &TestServer) -> (Person<'_>, Key) {
    server
        .create_user("ada", &["pages.read", "pages.write"])
        .await;
    let ada = Person::log_in(server, "ada", PASSWORD).await;
    let key = ada.create_key(json!({ "name": "CI Pipeline" })).await;
    (ada, key)
}

/// Another browser of Ada's, in which she is logged in.
async fn browser(server: &TestServer) -> Browser<'_> {
    let mut browser = server.browser();
    let body = json!({
        "username": "ada", "password": PASSWORD, "delivery": "cookie_and_session",
    });
    browser.post("/v1/auth/login", body).await.ok();
    browser
}

fn basic<'a>(asked: Asked<'a>, password: &str) -> Asked<'a> {
    let value = STANDARD.encode(format!("ada:{password}"));
    asked.header("Authorization", &format!("Basic {value}"))
}

#[tokio::test]
async fn w1_a_bearer_token_is_the_user_of_the_request() {
    let rules = "[[verify.rules]]\naccept = [\"bearer_jwt\", \"bearer_api_key\"]";
    let server = server(rules).await;
    let (ada, key) = ada(&server).await;
    for token in [&ada.access_token, &key.text] {
        let answer = asked(&server, "/api/posts").bearer(token).passes().await;
        assert_eq!(answer.header("x-auth-username"), "ada");
        assert_eq!(answer.header("x-auth-user-id"), ada.claims()["sub"]);
    }
}

#[tokio::test]
async fn w8_reading_needs_nobody_and_writing_somebody() {
    let rules = r#"
        [[verify.rules]]
        accept = ["bearer_jwt", "bearer_api_key"]
        anonymous = ["GET", "HEAD", "OPTIONS"]
    "#;
    let server = server(rules).await;
    let (_, key) = ada(&server).await;
    let page = || asked(&server, "/api/pages/1");
    for method in ["GET", "HEAD", "OPTIONS"] {
        let answer = page().method(method).passes().await;
        assert_eq!(answer.header("x-auth-username"), "");
        let answer = page().method(method).bearer(&key.text).passes().await;
        assert_eq!(answer.header("x-auth-username"), "ada");
    }
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let answer = page().method(method).ask().await;
        answer.refused(401, "credential_missing");
        page().method(method).bearer(&key.text).passes().await;
    }
    // A key that holds no more is not nobody.
    let revoked = page().bearer("signet_ak_revoked");
    revoked.refused(401, "invalid_api_key").await;
}

#[tokio::test]
async fn w10_one_rule_takes_tokens_and_keys_alike() {
    let rules = r#"
        [[verify.rules]]
        accept = ["bearer_jwt", "bearer_api_key"]
        scopes = ["pages.write"]
    "#;
    let server = server(rules).await;
    let (ada, key) = ada(&server).await;
    let narrow = json!({ "name": "reader", "scopes": ["pages.read"] });
    let reader = ada.create_key(narrow).await;
    let mut seen = Vec::new();
    for token in [&ada.access_token, &key.text] {
        let answer = asked(&server, "/").bearer(token).passes().await;
        seen.push(["x-auth-user-id", "x-auth-scopes"].map(|name| answer.header(name).to_owned()));
    }
    assert_eq!(seen[0], seen[1]);
    let reading = asked(&server, "/").bearer(&reader.text);
    reading.refused(403, "insufficient_scope").await;
}

#[tokio::test]
async fn g1_three_ways_are_tried_in_order_and_public_paths_in_none() {
    let rules = r#"
        [[verify.rules]]
        path = "/api"
        accept = ["header:X-API-Key", "bearer_jwt", "session_cookie"]
        public = ["/api/health"]
    "#;
    let server = server(rules).await;
    let (ada, key) = ada(&server).await;
    let cookie = browser(&server).await.cookie();
    let pages = || asked(&server, "/api/pages");
    let method = |answer: &crate::harness::Answer| answer.header("x-auth-method").to_owned();
    let by_key = || pages().header("X-API-Key", &key.text);
    assert_eq!(method(&by_key().passes().await), "header");
    let by_token = || pages().bearer(&ada.access_token);
    assert_eq!(method(&by_token().passes().await), "bearer_jwt");
    let by_cookie = || pages().header("Cookie", &cookie);
    assert_eq!(method(&by_cookie().passes().await), "session_cookie");
    // The first in the rule's order decides alone, for better and for worse.
    let all = by_key().bearer("x.y.z").header("Cookie", &cookie);
    assert_eq!(method(&all.passes().await), "header");
    let bad_key = by_token().header("X-API-Key", "signet_ak_x");
    bad_key.refused(401, "invalid_api_key").await;
    let bad_token = by_cookie().bearer("x.y.z");
    bad_token.refused(401, "invalid_access_token").await;
    pages().refused(401, "credential_missing").await;
    let health = asked(&server, "/api/health").header("X-API-Key", "signet_ak_x");
    assert_eq!(method(&health.passes().await), "");
}

#[tokio::test]
async fn g4_d4_a_key_comes_in_a_header_of_the_applications_choice() {
    let rules = "[[verify.rules]]\naccept = [\"header:X-API-Key\", \"header:X-Project-Key\"]";
    let server = server(rules).await;
    let (_, key) = ada(&server).await;
    let pages = || asked(&server, "/api/pages");
    for name in ["X-API-Key", "x-api-key", "X-Project-Key"] {
        let answer = pages().header(name, &key.text).passes().await;
        assert_eq!(answer.header("x-auth-method"), "header");
        assert_eq!(answer.header("x-auth-username"), "ada");
        assert_eq!(answer.header("x-auth-token-id"), key.id);
    }
    let unnamed = pages().header("X-Other-Key", &key.text);
    unnamed.refused(401, "credential_missing").await;
    // The first in the rule's order decides alone.
    let two = pages().header("X-Project-Key", &key.text);
    let two = two.header("X-API-Key", "signet_ak_x");
    two.refused(401, "invalid_api_key").await;
    let twice = pages().header("X-API-Key", &key.text);
    let twice = twice.header("X-API-Key", &key.text);
    twice.refused(400, "multiple_credentials").await;
}

#[tokio::test]
async fn d3_a_key_comes_behind_a_keyword_of_the_applications_choice() {
    let rules = "[[verify.rules]]\naccept = [\"scheme:Api-Key\", \"scheme:Token\"]";
    let server = server(rules).await;
    let (_, key) = ada(&server).await;
    let pages = || asked(&server, "/api/pages");
    let by = |keyword: &str| format!("{keyword} {}", key.text);
    for keyword in ["Api-Key", "api-key", "Token"] {
        let answer = pages().header("Authorization", &by(keyword)).passes().await;
        assert_eq!(answer.header("x-auth-method"), "scheme");
        assert_eq!(answer.header("x-auth-username"), "ada");
    }
    let other = by("Bearer");
    let answer = pages().header("Authorization", &other);
    let answer = answer.refused(401, "unsupported_auth_scheme").await;
    assert_eq!(
        answer.header("www-authenticate"),
        "Api-Key realm=\"signet\", Token realm=\"signet\""
    );
    let wrong = pages().header("Authorization", "Api-Key signet_ak_x");
    wrong.refused(401, "invalid_api_key").await;
}

#[tokio::test]
async fn m1_one_key_is_a_bearer_token_or_stands_in_a_header_with_or_without_bearer() {
    let rules = "[[verify.rules]]\naccept = [\"bearer_api_key\", \"header:X-WP-Key\"]";
    let server = server(rules).await;
    let (_, key) = ada(&server).await;
    let posts = || asked(&server, "/wp-json/wp/v2/posts");
    let prefixed = format!("Bearer {}", key.text);
    for (name, value, method) in [
        ("Authorization", &prefixed, "bearer_api_key"),
        ("X-WP-Key", &prefixed, "header"),
        ("X-WP-Key", &key.text, "header"),
    ] {
        let answer = posts().header(name, value).passes().await;
        assert_eq!(answer.header("x-auth-method"), method, "{name}");
        assert_eq!(answer.header("x-auth-username"), "ada", "{name}");
    }
}

#[tokio::test]
async fn g5_a_key_in_the_query_counts_only_where_a_rule_says_so() {
    let rules = r#"
        [[verify.rules]]
        path = "/feed"
        accept = ["query:api_key"]
        [[verify.rules]]
        accept = ["bearer_api_key", "header:X-API-Key"]
    "#;
    Log::keep();
    let server = server(rules).await;
    let (_, key) = ada(&server).await;
    let uri = |path: &str| format!("{path}?page=1&api_key={}", key.text);
    let answer = asked(&server, &uri("/feed")).passes().await;
    assert_eq!(answer.header("x-auth-method"), "query");
    assert_eq!(answer.header("x-auth-username"), "ada");
    let elsewhere = uri("/pages");
    let elsewhere = asked(&server, &elsewhere);
    elsewhere.refused(401, "credential_missing").await;
    // Only the request's own query is read, not that of the question.
    let own = server
        .request(reqwest::Method::GET, &uri("/v1/auth/verify"))
        .header("X-Forwarded-Method", "GET")
        .header("X-Forwarded-Proto", "https")
        .header("X-Forwarded-Host", "app.example.com")
        .header("X-Forwarded-Uri", "/feed");
    let own = crate::harness::Ask::ask(own).await;
    own.refused(401, "credential_missing");
    assert!(!Log::own().contains(&key.text[27..]));
}

#[tokio::test]
async fn g10_a_logged_in_browser_counts_unless_a_foreign_page_sends_it() {
    let rules = "[[verify.rules]]\naccept = [\"bearer_api_key\", \"session_cookie\"]";
    let server = server(rules).await;
    let (_, key) = ada(&server).await;
    let cookie = browser(&server).await.cookie();
    let passing = || asked(&server, "/api/pages").header("Cookie", &cookie);
    let answer = passing().passes().await;
    assert_eq!(answer.header("x-auth-username"), "ada");
    let saving = |origin| passing().method("POST").header("Origin", origin);
    saving("https://app.example.com").passes().await;
    let foreign = saving("https://evil.example.com");
    foreign.refused(403, "csrf_refused").await;
    // Nobody's browser adds a key by itself.
    let foreign = asked(&server, "/api/pages")
        .method("POST")
        .bearer(&key.text);
    foreign
        .header("Origin", "https://evil.example.com")
        .passes()
        .await;
}

#[tokio::test]
async fn d2_a_key_or_a_login_and_a_key_with_a_login() {
    let rules = r#"
        [[verify.rules]]
        path = "/either"
        accept = ["scheme:Api-Key", "bearer_jwt"]
        [[verify.rules]]
        path = "/both"
        methods = ["POST"]
        accept = ["header:X-API-Key", "bearer_jwt"]
        require = "all"
        scopes = ["pages.read"]
        [[verify.rules]]
        path = "/both"
        accept = ["header:X-API-Key"]
    "#;
    let server = server(rules).await;
    let (ada, key) = ada(&server).await;
    let by_keyword = format!("Api-Key {}", key.text);
    let either = || asked(&server, "/either");
    either().header("Authorization", &by_keyword).passes().await;
    either().bearer(&ada.access_token).passes().await;
    either().refused(401, "credential_missing").await;

    let both = || asked(&server, "/both").method("POST");
    let narrow = json!({ "name": "reader", "scopes": ["pages.read"] });
    let reader = ada.create_key(narrow).await;
    let answer = both().header("X-API-Key", &reader.text);
    let answer = answer.bearer(&ada.access_token).passes().await;
    assert_eq!(answer.header("x-auth-method"), "header");
    // What both allow.
    assert_eq!(answer.header("x-auth-scopes"), "pages.read");
    for one in [
        both().header("X-API-Key", &key.text),
        both().bearer(&ada.access_token),
        both(),
    ] {
        one.refused(401, "credential_missing").await;
    }
    let wrong = both().header("X-API-Key", &key.text).bearer("x.y.z");
    wrong.refused(401, "invalid_access_token").await;
    // Methods have rules of their own.
    let reading = asked(&server, "/both").header("X-API-Key", &key.text);
    reading.passes().await;
}

#[tokio::test]
async fn m3_without_a_credential_it_is_said_to_be_missing() {
    let rules = "[[verify.rules]]\naccept = [\"bearer_api_key\", \"header:X-API-Key\"]";
    let server = server(rules).await;
    let answer = asked(&server, "/wp-json/wp/v2/posts")
        .refused(401, "credential_missing")
        .await;
    assert!(answer.has("www-authenticate"));
}

#[tokio::test]
async fn m4_another_scheme_is_told_which_are_accepted() {
    let rules = "[[verify.rules]]\naccept = [\"bearer_api_key\", \"header:X-API-Key\"]";
    let server = server(rules).await;
    let (_, key) = ada(&server).await;
    for value in [format!("Token {}", key.text), key.text.clone()] {
        let answer = asked(&server, "/wp-json/wp/v2/posts").header("Authorization", &value);
        let answer = answer.refused(401, "unsupported_auth_scheme").await;
        assert_eq!(
            answer.header("www-authenticate"),
            "Bearer realm=\"signet\", Api-Key realm=\"signet\", header=\"X-API-Key\""
        );
    }
}

#[tokio::test]
async fn a1_five_ways_each_switched_by_its_rule() {
    let ways = [
        "header:X-ArchiveBox-API-Key",
        "bearer_api_key",
        "query:api_key",
        "basic",
        "session_cookie",
    ];
    let rules = ways.map(|way| {
        let path = way.split(':').next().unwrap();
        format!("[[verify.rules]]\npath = \"/{path}\"\naccept = [\"{way}\"]\n")
    });
    let server = server(&rules.concat()).await;
    let (_, key) = ada(&server).await;
    let cookie = browser(&server).await.cookie();
    let query = format!("?api_key={}", key.text);
    for (at, own) in ways.iter().enumerate() {
        let path = own.split(':').next().unwrap();
        for (sent, way) in ways.iter().enumerate() {
            let uri = format!("/{path}{}", if sent == 2 { query.as_str() } else { "" });
            let request = asked(&server, &uri);
            let request = match sent {
                0 => request.header("X-ArchiveBox-API-Key", &key.text),
                1 => request.bearer(&key.text),
                2 => request,
                3 => basic(request, PASSWORD),
                _ => request.header("Cookie", &cookie),
            };
            let answer = request.ask().await;
            let expected = if sent == at { 200 } else { 401 };
            assert_eq!(answer.status, expected, "{way} at {own}: {}", answer.text());
            if sent == at {
                assert_eq!(answer.header("x-auth-method"), path);
                assert_eq!(answer.header("x-auth-username"), "ada");
            }
        }
    }
}

#[tokio::test]
async fn a2_who_lacks_the_scope_is_refused_and_it_is_named() {
    let rules = "[[verify.rules]]\naccept = [\"bearer_api_key\"]\nscopes = [\"archive.admin\"]";
    let server = server(rules).await;
    let (_, key) = ada(&server).await;
    let ordinary = asked(&server, "/api").bearer(&key.text);
    let answer = ordinary.refused(403, "insufficient_scope").await;
    assert_eq!(answer.json()["scopes"], json!(["archive.admin"]));

    server.create_user("root", &["archive.admin"]).await;
    let root = Person::log_in(&server, "root", PASSWORD).await;
    let key = root.create_key(json!({ "name": "archive" })).await;
    asked(&server, "/api").bearer(&key.text).passes().await;
}

#[tokio::test]
async fn a8_the_headers_are_called_as_archivebox_calls_them() {
    let rules = r#"
        [verify]
        header_method = "X-ArchiveBox-Auth-Method"
        header_expires = "X-ArchiveBox-Auth-Expires"
        header_token_id = "X-ArchiveBox-Auth-Token-Id"
        header_user_id = "X-ArchiveBox-Auth-User-Id"
        header_username = "X-ArchiveBox-Auth-User-Username"
        method_names = ["header=HeaderTokenAuth", "bearer_api_key=BearerTokenAuth"]
        [[verify.rules]]
        accept = ["header:X-ArchiveBox-API-Key", "bearer_api_key"]
    "#;
    let server = server(rules).await;
    let (ada, key) = ada(&server).await;
    let answer = asked(&server, "/api").header("X-ArchiveBox-API-Key", &key.text);
    let answer = answer.passes().await;
    let told = |name: &str| {
        answer
            .header(&format!("x-archivebox-auth-{name}"))
            .to_owned()
    };
    assert_eq!(told("method"), "HeaderTokenAuth");
    // Thirty days after it was made.
    assert_eq!(told("expires"), "2026-07-01T12:00:00.000Z");
    assert_eq!(told("token-id"), key.id);
    assert_eq!(told("user-id"), ada.claims()["sub"]);
    assert_eq!(told("user-username"), "ada");
    assert_eq!(answer.header("x-auth-scopes"), "pages.read pages.write");
    for name in HEADERS {
        assert!(!answer.has(name), "{name}");
    }
    let bearer = asked(&server, "/api").bearer(&key.text).passes().await;
    assert_eq!(bearer.header("x-archivebox-auth-method"), "BearerTokenAuth");
}
