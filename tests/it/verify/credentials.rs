//! Which credential of a request decides.

use std::time::Duration;

use super::gateway::{asked, server};
use crate::harness::{Log, PASSWORD, Person, TestServer};

const BEARER: &str = r#"
    [[verify.rules]]
    accept = ["bearer_jwt"]
    anonymous = ["GET"]
"#;

#[tokio::test]
async fn bt_01_behind_a_gateway_a_challenge_without_a_credential_names_no_error() {
    let server = server("[[verify.rules]]\naccept = [\"bearer_jwt\"]").await;
    let answer = asked(&server, "/").refused(401, "credential_missing").await;
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge, "Bearer realm=\"signet\"");
}

#[tokio::test]
async fn bt_02_behind_a_gateway_an_invalid_token_is_said_to_be_invalid() {
    let server = server(BEARER).await;
    for token in ["x.y.z", "x", "eyJhbGciOiJub25lIn0.e30.", "a,b", ""] {
        let answer = asked(&server, "/")
            .bearer(token)
            .refused(401, "invalid_access_token")
            .await;
        let challenge = answer.header("www-authenticate");
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
}

#[tokio::test]
async fn bt_03_behind_a_gateway_a_missing_scope_is_named() {
    let server = server("[[verify.rules]]\naccept = [\"bearer_jwt\"]\nscopes = [\"a\"]").await;
    let ada = server.person("ada").await;
    let answer = asked(&server, "/").bearer(&ada.access_token);
    let answer = answer.refused(403, "insufficient_scope").await;
    let challenge = answer.header("www-authenticate");
    assert!(
        challenge.contains("error=\"insufficient_scope\", scope=\"a\""),
        "{challenge}"
    );
}

#[tokio::test]
async fn bt_04_behind_a_gateway_the_scheme_is_read_in_any_case() {
    let server = server(BEARER).await;
    let ada = server.person("ada").await;
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let value = format!("{scheme} {}", ada.access_token);
        let answer = asked(&server, "/")
            .header("Authorization", &value)
            .passes()
            .await;
        assert_eq!(answer.header("x-auth-username"), "ada");
    }
}

#[tokio::test]
async fn bt_05_behind_a_gateway_an_access_token_in_the_url_is_nothing() {
    let server = server(BEARER).await;
    let ada = server.person("ada").await;
    let uri = format!("/?access_token={}", ada.access_token);
    let answer = asked(&server, &uri).passes().await;
    assert_eq!(answer.header("x-auth-username"), "");
    asked(&server, &uri)
        .method("POST")
        .refused(401, "credential_missing")
        .await;
}

#[tokio::test]
async fn bt_07_behind_a_gateway_two_credentials_in_one_place_are_refused() {
    let server = server(BEARER).await;
    let ada = server.person("ada").await;
    let twice = asked(&server, "/")
        .bearer(&ada.access_token)
        .bearer(&ada.access_token);
    twice.refused(400, "multiple_credentials").await;
}

#[tokio::test]
async fn bt_08_behind_a_gateway_a_refresh_token_is_no_credential() {
    let server = server(BEARER).await;
    let ada = server.person("ada").await;
    let refreshing = asked(&server, "/").bearer(&ada.refresh_token);
    refreshing.refused(401, "invalid_access_token").await;
}

#[tokio::test]
async fn bt_09_a_key_is_taken_in_the_places_that_the_rule_names_and_in_no_other() {
    const PLACES: [&str; 5] = [
        "bearer_api_key",
        "scheme:Api-Key",
        "header:X-API-Key",
        "header:X-Tool",
        "query:key",
    ];
    Log::keep();
    let path = |place: &str| place.replace(':', "-").to_lowercase();
    let rules = PLACES.map(|place| {
        let path = path(place);
        format!("[[verify.rules]]\npath = \"/{path}\"\naccept = [\"{place}\"]\n")
    });
    let server = server(&rules.concat()).await;
    let ada = server.person("ada").await;
    let key = ada
        .create_key(serde_json::json!({ "name": "CI" }))
        .await
        .text;
    for own in PLACES {
        for sent in PLACES {
            let query = if sent == "query:key" {
                format!("?key={key}")
            } else {
                String::new()
            };
            let uri = format!("/{}{query}", path(own));
            let request = asked(&server, &uri);
            let request = match sent {
                "bearer_api_key" => request.bearer(&key),
                "scheme:Api-Key" => request.header("Authorization", &format!("aPI-kEY {key}")),
                "header:X-API-Key" => request.header("X-API-Key", &key),
                // A header of one's own takes the key behind a scheme, too.
                "header:X-Tool" => request.header("X-Tool", &format!("Bearer {key}")),
                _ => request,
            };
            let answer = request.ask().await;
            let expected = if sent == own { 200 } else { 401 };
            assert_eq!(
                answer.status,
                expected,
                "{sent} at {own}: {}",
                answer.text()
            );
        }
    }
    // Signet's own API looks into no query.
    let users = server.get(&format!("/v1/users?api_key={key}")).await;
    users.refused(401, "credential_missing");
    assert!(!Log::own().contains(&key[27..]));
}

/// Anonymous callers may pass, but not those who present something that does not hold.
#[tokio::test]
async fn an_invalid_credential_is_never_ignored() {
    let server = server(BEARER).await;
    let ada = server.person("ada").await;
    asked(&server, "/").passes().await;
    server.clock.advance(Duration::from_secs(306));
    let expired = asked(&server, "/").bearer(&ada.access_token);
    expired.refused(401, "invalid_access_token").await;
    for value in [
        "Basic YTpi",
        "Digest username=ada",
        "Api-Key x",
        "x",
        "Negotiate",
    ] {
        let other = asked(&server, "/").header("Authorization", value);
        let answer = other.refused(401, "unsupported_auth_scheme").await;
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"signet\"");
    }
}

#[tokio::test]
async fn a_token_is_for_the_rules_audiences() {
    let rules = r#"
        [[verify.rules]]
        path = "/shop"
        accept = ["bearer_jwt"]
        audiences = ["https://shop.example.com", "https://till.example.com"]
        [[verify.rules]]
        accept = ["bearer_jwt"]
    "#;
    let verify = super::gateway::settings(rules);
    let audiences = ["https://api.example.com", "https://till.example.com"];
    let server = TestServer::with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        settings.verify = verify;
        settings.tokens.audience = Some(audiences.map(str::to_owned).to_vec());
    })
    .await;
    server.create_user("ada", &[]).await;
    let own = format!("{}/v1", server.issuer);
    for (audience, shop, rest) in [
        (audiences[0], 401, 200),
        (audiences[1], 200, 200),
        // Our own API's tokens are for nobody else.
        (own.as_str(), 401, 401),
    ] {
        let body = serde_json::json!({
            "username": "ada", "password": PASSWORD, "audience": [audience],
        });
        let tokens = server.post("/v1/auth/login", body).await.ok();
        let token = tokens["access_token"].as_str().unwrap();
        for (path, expected) in [("/shop", shop), ("/", rest)] {
            let answer = asked(&server, path).bearer(token).ask().await;
            assert_eq!(answer.status, expected, "{audience} {path}");
        }
    }
}

/// Not even where a rule names it.
#[tokio::test]
async fn what_administers_signet_is_for_no_application() {
    let server = TestServer::with(|settings| {
        let own = settings.server.issuer.api_audience();
        let rule = format!("[[verify.rules]]\naccept = [\"bearer_jwt\"]\naudiences = [\"{own}\"]");
        settings.verify = super::gateway::settings(&rule);
        settings.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    });
    let server = server.await;
    server.create_user("ada", &[]).await;
    let own = format!("{}/v1", server.issuer);
    let body = serde_json::json!({ "username": "ada", "password": PASSWORD, "audience": [own] });
    let tokens = server.post("/v1/auth/login", body).await.ok();
    let token = tokens["access_token"].as_str().unwrap();
    let me = server.request(reqwest::Method::GET, "/v1/me");
    crate::harness::Ask::ask(me.bearer_auth(token)).await.ok();
    let asking = asked(&server, "/").bearer(token);
    asking.refused(401, "invalid_access_token").await;
}

#[tokio::test]
async fn a_scope_that_was_taken_back_counts_no_more() {
    let server = server("[[verify.rules]]\naccept = [\"bearer_jwt\"]\nscopes = [\"a\"]").await;
    server.create_user("ada", &["a", "b"]).await;
    let ada = Person::log_in(&server, "ada", PASSWORD).await;
    let answer = asked(&server, "/").bearer(&ada.access_token).passes().await;
    assert_eq!(answer.header("x-auth-scopes"), "a b");
    let user = server.auth.find_user("ada").await.unwrap();
    server
        .auth
        .ungrant(user.id, &["a".parse().unwrap()])
        .await
        .unwrap();
    let later = asked(&server, "/").bearer(&ada.access_token);
    later.refused(403, "insufficient_scope").await;
}

#[tokio::test]
async fn a_scope_of_signets_own_is_nobodys_business() {
    let server = server("[[verify.rules]]\naccept = [\"bearer_jwt\"]").await;
    server
        .create_user("root", &["*", "signet.users.read"])
        .await;
    let body = serde_json::json!({
        "username": "root", "password": PASSWORD, "scope": "signet.users.read",
    });
    let tokens = server.post("/v1/auth/login", body).await.ok();
    let admin = asked(&server, "/").bearer(tokens["access_token"].as_str().unwrap());
    admin.refused(401, "invalid_access_token").await;
}

#[tokio::test]
async fn no_credential_and_no_path_is_logged() {
    Log::keep();
    let server = server("[[verify.rules]]\naccept = [\"bearer_jwt\", \"query:api_key\"]").await;
    let ada = server.person("ada").await;
    let uri = "/reset/3f786850e387?api_key=signet_ak_made_up";
    asked(&server, uri).ask().await;
    asked(&server, uri).bearer(&ada.access_token).passes().await;
    let log = Log::own();
    for secret in [
        "3f786850e387",
        "signet_ak_made_up",
        ada.access_token.as_str(),
    ] {
        assert!(!log.contains(secret), "{secret}");
    }
}
