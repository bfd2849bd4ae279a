//! What gateways are told.

use serde_json::Value;

use super::gateway::{asked, server};
use crate::harness::{PASSWORD, Person, TestServer, part};

const OPEN: &str = r#"
    [[verify.rules]]
    accept = ["bearer_jwt"]
    anonymous = ["GET", "HEAD", "OPTIONS"]
    public = ["/public"]
"#;

const NAMES: [&str; 7] = [
    "x-auth-method",
    "x-auth-expires",
    "x-auth-token-id",
    "x-auth-user-id",
    "x-auth-username",
    "x-auth-scopes",
    "x-auth-jwt",
];

async fn reader<'a>(server: &'a TestServer, name: &str) -> Person<'a> {
    server
        .create_user(name, &["pages.read", "pages.write"])
        .await;
    Person::log_in(server, name, PASSWORD).await
}

#[tokio::test]
async fn the_application_hears_who_asks() {
    let server = server(OPEN).await;
    let ada = reader(&server, "ada").await;
    let claims = ada.claims();
    let answer = asked(&server, "/").bearer(&ada.access_token).passes().await;
    assert_eq!(answer.header("x-auth-method"), "bearer_jwt");
    assert_eq!(answer.header("x-auth-expires"), "2026-06-01T12:05:00.000Z");
    assert_eq!(answer.header("x-auth-token-id"), claims["jti"]);
    assert_eq!(answer.header("x-auth-user-id"), claims["sub"]);
    assert_eq!(answer.header("x-auth-username"), "ada");
    assert_eq!(answer.header("x-auth-scopes"), "pages.read pages.write");
    assert_eq!(answer.header("x-auth-jwt"), "");
    assert_eq!(answer.header("cache-control"), "no-store");
}

/// A gateway that copies them overwrites what the client sent under these names.
#[tokio::test]
async fn nobody_has_every_header_empty() {
    let server = server(OPEN).await;
    let ada = reader(&server, "ada").await;
    let anonymous = asked(&server, "/").header("X-Auth-Username", "root");
    let public = asked(&server, "/public/x").method("DELETE");
    let public = public.bearer(&ada.access_token);
    for answer in [anonymous.passes().await, public.passes().await] {
        for name in NAMES {
            assert_eq!(answer.header(name), "", "{name}");
        }
    }
}

#[tokio::test]
async fn names_are_visible_ascii() {
    let server = server(OPEN).await;
    let person = reader(&server, "Jürgen").await;
    let answer = asked(&server, "/")
        .bearer(&person.access_token)
        .passes()
        .await;
    assert_eq!(answer.header("x-auth-username"), "j%C3%BCrgen");
}

#[tokio::test]
async fn headers_and_methods_are_called_as_configured() {
    let rules = r#"
        [verify]
        header_username = "X-ArchiveBox-Auth-User-Username"
        header_method = "Auth-Method"
        method_names = ["bearer_jwt=BearerTokenAuth"]
        [[verify.rules]]
        accept = ["bearer_jwt"]
    "#;
    let server = server(rules).await;
    let ada = reader(&server, "ada").await;
    let answer = asked(&server, "/").bearer(&ada.access_token).passes().await;
    assert_eq!(answer.header("x-archivebox-auth-user-username"), "ada");
    assert_eq!(answer.header("auth-method"), "BearerTokenAuth");
    assert!(!answer.has("x-auth-username") && !answer.has("x-auth-method"));
}

#[tokio::test]
async fn a_token_for_the_application_says_it_all() {
    let rules = r#"
        [verify]
        token_lifetime = "30s"
        [[verify.rules]]
        accept = ["bearer_jwt"]
        anonymous = ["GET"]
        token_audience = "https://wiki.internal"
    "#;
    let server = server(rules).await;
    let ada = reader(&server, "ada").await;
    let answer = asked(&server, "/").bearer(&ada.access_token).passes().await;
    for name in NAMES.iter().filter(|name| **name != "x-auth-jwt") {
        assert_eq!(answer.header(name), "", "{name}");
    }
    let token = answer.header("x-auth-jwt");
    let (head, claims, access) = (part(token, 0), part(token, 1), ada.claims());
    assert_eq!(head["typ"], "identity+jwt");
    assert_eq!(head["kid"], part(&ada.access_token, 0)["kid"]);
    for (name, value) in [
        ("iss", Value::from(server.issuer.as_str())),
        ("aud", "https://wiki.internal".into()),
        ("sub", access["sub"].clone()),
        ("scope", "pages.read pages.write".into()),
        ("preferred_username", "ada".into()),
        ("auth_method", "bearer_jwt".into()),
        ("token_id", access["jti"].clone()),
        ("token_expires", access["exp"].clone()),
        ("exp", (access["iat"].as_i64().unwrap() + 30).into()),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    // It is for the application alone.
    asked(&server, "/")
        .bearer(token)
        .refused(401, "invalid_access_token")
        .await;
    let own = server
        .request(reqwest::Method::GET, "/v1/me")
        .bearer_auth(token);
    crate::harness::Ask::ask(own)
        .await
        .refused(401, "invalid_access_token");
    let nobody = asked(&server, "/").passes().await;
    assert_eq!(nobody.header("x-auth-jwt"), "");
}

#[tokio::test]
async fn the_token_ends_with_the_credential_behind_it() {
    let rules = "[[verify.rules]]\naccept = [\"bearer_jwt\"]\ntoken_audience = \"wiki\"";
    let server = server(rules).await;
    let ada = reader(&server, "ada").await;
    server.clock.advance(std::time::Duration::from_secs(270));
    let answer = asked(&server, "/").bearer(&ada.access_token).passes().await;
    let claims = part(answer.header("x-auth-jwt"), 1);
    assert_eq!(claims["exp"], ada.claims()["exp"]);
}

#[tokio::test]
async fn a_refusal_lists_what_is_accepted() {
    let rules = r#"
        [[verify.rules]]
        path = "/all"
        accept = ["bearer_jwt", "bearer_api_key", "scheme:Token", "header:X-API-Key", "query:api_key",
                  "basic", "session_cookie"]
        [[verify.rules]]
        accept = ["header:X-API-Key"]
    "#;
    let server = server(rules).await;
    let answer = asked(&server, "/all")
        .refused(401, "credential_missing")
        .await;
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer realm=\"signet\", Token realm=\"signet\", Api-Key realm=\"signet\", \
         header=\"X-API-Key\", Api-Key realm=\"signet\", query=\"api_key\", Basic realm=\"signet\", \
         charset=\"UTF-8\", Cookie realm=\"signet\", cookie-name=\"__Host-signet_session\""
    );
    let answer = asked(&server, "/").refused(401, "credential_missing").await;
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge, "Api-Key realm=\"signet\", header=\"X-API-Key\"");
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let rules = r#"
        [[verify.rules]]
        accept = ["bearer_jwt"]
        scopes = ["pages.read", "pages.delete"]
        base_scope = "api.access"
    "#;
    let server = server(rules).await;
    let ada = reader(&server, "ada").await;
    let answer = asked(&server, "/").bearer(&ada.access_token).ask().await;
    let problem = answer.refused(403, "insufficient_scope");
    let needed = serde_json::json!(["api.access", "pages.delete", "pages.read"]);
    assert_eq!(problem["scopes"], needed);
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer realm=\"signet\", error=\"insufficient_scope\", \
         scope=\"api.access pages.delete pages.read\""
    );
}
