//! The metadata documents.

use std::collections::BTreeSet;

use reqwest::{Method, Url};
use serde_json::{Value, json};
use signet::config::{Issuer, Settings};
use signet::model::authority::Authority;
use signet::model::client::GrantType;

use super::super::oauth::form;
use crate::harness::{Ask, PASSWORD, TestServer};

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

#[tokio::test]
async fn md_01_the_document_is_where_rfc_8414_says() {
    let server = TestServer::start().await;
    let document = server.get(OAUTH).await.ok();
    assert_eq!(
        document["jwks_uri"],
        format!("{}/.well-known/jwks.json", server.issuer)
    );
    assert_eq!(document["response_types_supported"], json!([]));

    let server = below(TENANT).await;
    let document = server.get(&format!("{OAUTH}/tenant/one")).await.ok();
    assert_eq!(document["issuer"], TENANT);
}

#[tokio::test]
async fn md_02_openid_configuration_is_the_same_document() {
    let server = TestServer::start().await;
    let (oauth, openid) = (server.get(OAUTH).await, server.get(OPENID).await);
    assert_eq!(oauth.ok(), openid.ok());
    assert_eq!(oauth.body, openid.body);

    let server = below(TENANT).await;
    for path in [
        format!("/tenant/one{OPENID}"),
        format!("{OPENID}/tenant/one"),
    ] {
        assert_eq!(server.get(&path).await.ok()["issuer"], TENANT, "{path}");
    }
}

#[tokio::test]
async fn md_03_the_issuer_is_the_configured_one() {
    let server = TestServer::start().await;
    assert_eq!(server.get(OAUTH).await.ok()["issuer"], server.issuer);
    for wrong in [
        "http://example.com",
        "https://example.com/?x=1",
        "https://example.com/#x",
        "https://example.com/",
        "example.com",
    ] {
        assert!(Issuer::parse(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn md_04_the_document_is_complete() {
    let server = TestServer::start().await;
    server.register(&["pages.write", "pages.read"]).await;
    let document = server.get(OAUTH).await.ok();
    for required in [
        "issuer",
        "jwks_uri",
        "token_endpoint",
        "revocation_endpoint",
    ] {
        assert!(document[required].is_string(), "{required}");
    }
    let grants = GrantType::ALL.iter().map(|one| one.as_str());
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    let grants: Vec<&str> = grants.chain([exchange]).collect();
    assert_eq!(document["grant_types_supported"], json!(grants));
    assert_eq!(
        document["scopes_supported"],
        json!(["pages.read", "pages.write"])
    );
    let nothing = ["response_types_supported"];
    for (name, value) in document.as_object().unwrap() {
        if let Some(list) = value.as_array() {
            assert_eq!(list.is_empty(), nothing.contains(&name.as_str()), "{name}");
        }
        let endpoint = name.strip_suffix("_endpoint").unwrap_or("none");
        let methods = format!("{endpoint}_endpoint_auth_methods_supported");
        assert_eq!(
            document.get(&methods).is_some(),
            endpoint != "none",
            "{methods}"
        );
    }
    // There is no authorization endpoint, so nothing is said of one.
    for absent in ["authorization_endpoint", "code_challenge_methods_supported"] {
        assert!(document.get(absent).is_none(), "{absent}");
    }
}

#[tokio::test]
async fn md_04_the_document_follows_the_registry() {
    let server = TestServer::start().await;
    let first = server.get(OAUTH).await;
    assert_eq!(first.ok()["scopes_supported"], json!([]));
    server.register(&["pages.read"]).await;
    let known = server.request(Method::GET, OAUTH);
    let second = known.header("If-None-Match", first.header("etag"));
    let second = second.ask().await;
    assert_eq!(second.ok()["scopes_supported"], json!(["pages.read"]));
    let operator = &Authority::Operator;
    server
        .auth
        .remove_scope(operator, "pages.read")
        .await
        .unwrap();
    assert_eq!(server.get(OAUTH).await.body, first.body);
}

#[tokio::test]
async fn md_06_what_is_advertised_answers_and_what_answers_is_advertised() {
    for (path, issuer) in [("", "https://example.com"), ("/tenant/one", TENANT)] {
        let server = below(issuer).await;
        let document = server.get(&format!("{OAUTH}{path}")).await.ok();
        assert_eq!(document["issuer"], issuer);
        let mut advertised = BTreeSet::new();
        for (name, value) in document.as_object().unwrap() {
            let Some(url) = value.as_str().filter(|_| name != "issuer") else {
                continue;
            };
            let url = url.parse::<Url>().unwrap();
            // A proxy may leave the issuer's path on, or take it off.
            let short = url.path().strip_prefix(path).unwrap().to_owned();
            for asked in [url.path(), &short] {
                let get = server.get(asked).await;
                if name == "jwks_uri" {
                    get.ok();
                    continue;
                }
                assert_eq!((get.status, get.header("allow")), (405, "POST"), "{name}");
                let answer = form(&server, asked, &[]).ask().await;
                let error = answer.json()["error"].clone();
                assert!(matches!(answer.status, 400 | 401), "{name}: {error}");
                assert!(["invalid_request", "invalid_client"].contains(&error.as_str().unwrap()));
            }
            advertised.insert(short);
        }
        assert_eq!(advertised, there_are());
    }
}

/// The paths of the OAuth endpoints and the keys, as the OpenAPI document has them.
fn there_are() -> BTreeSet<String> {
    let document: Value = serde_json::from_str(&signet::http::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap().keys().cloned();
    paths
        .filter(|path| path.starts_with("/oauth/") || path.ends_with("jwks.json"))
        .collect()
}

#[tokio::test]
async fn an_issuer_with_a_path_is_served_below_it() {
    let server = below(TENANT).await;
    server.create_user("ada", &["pages.read"]).await;
    let login = json!({ "username": "ada", "password": PASSWORD });
    let tokens = server.post("/tenant/one/v1/auth/login", login).await.ok();
    let token = tokens["access_token"].as_str().unwrap();
    for path in ["/tenant/one/v1/me", "/v1/me"] {
        let me = server.request(Method::GET, path).bearer_auth(token);
        assert_eq!(me.ask().await.ok()["username"], "ada", "{path}");
    }
    let refused = server.get("/tenant/one/v1/me").await;
    let problem = refused.json();
    assert_eq!(
        (refused.status, &problem["instance"]),
        (401, &json!("/v1/me"))
    );
    let nowhere = server.get("/tenant/one/oauth/nothing").await;
    assert_eq!(
        (nowhere.status, nowhere.json()["error"].as_str()),
        (404, Some("invalid_request"))
    );
    for path in [
        "/tenant/one",
        "/tenant/two/v1/me",
        "/tenant/one/tenant/one/v1/me",
    ] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
}

const TENANT: &str = "https://example.com/tenant/one";

async fn below(issuer: &str) -> TestServer {
    let set = |settings: &mut Settings| settings.server.issuer = Issuer::parse(issuer).unwrap();
    TestServer::with(set).await
}

#[tokio::test]
async fn md_07_no_header_changes_the_document() {
    let server = TestServer::start().await;
    let plain = server.get(OAUTH).await;
    for (name, value) in [
        ("Host", "evil.example"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "host=evil.example;proto=https"),
    ] {
        let answer = server
            .request(Method::GET, OAUTH)
            .header(name, value)
            .ask()
            .await;
        assert_eq!(answer.body, plain.body, "{name}");
    }
}

#[tokio::test]
async fn md_08_the_document_can_be_cached_and_read_from_anywhere() {
    let server = TestServer::start().await;
    for path in [OAUTH, OPENID] {
        let request = server
            .request(Method::GET, path)
            .header("Origin", "https://any.example");
        let answer = request.ask().await;
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let cache = answer.header("cache-control");
        assert!(
            cache.contains("public") && cache.contains("max-age="),
            "{cache}"
        );
    }
}
