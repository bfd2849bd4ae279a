//! Signed answers (RFC 9701).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use reqwest::{Method, RequestBuilder};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};
use signet::auth::clients::ClientWish;
use signet::model::client::ClientKind;

use super::{INTROSPECT, ada, ask};
use crate::harness::{Answer, Ask, TestServer, part};
use crate::oauth::{Registered, form, register};

const SIGNED: &str = "application/token-introspection+jwt";

async fn client(server: &TestServer) -> Registered {
    let wish = ClientWish {
        name: "shop",
        resources: std::slice::from_ref(&server.issuer),
        ..ClientWish::default()
    };
    register(server, ClientKind::Confidential, wish).await
}

fn asking(server: &TestServer, client: &Registered, token: &str) -> RequestBuilder {
    let request = form(server, INTROSPECT, &[("token", token)]);
    request.basic_auth(&client.id, Some(&client.secret))
}

async fn signed(server: &TestServer, client: &Registered, token: &str) -> Answer {
    let request = asking(server, client, token).header("Accept", SIGNED);
    let answer = request.ask().await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, SIGNED)
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    answer
}

#[tokio::test]
async fn ij_01_whoever_accepts_it_gets_a_signed_answer() {
    let server = TestServer::start().await;
    let (ada, key) = ada(&server).await;
    let client = client(&server).await;
    for token in [&ada.access_token, &key.text] {
        let answer = signed(&server, &client, token).await;
        let (header, claims) = (part(answer.text(), 0), part(answer.text(), 1));
        assert_eq!(
            (&header["typ"], &header["alg"]),
            (&json!("token-introspection+jwt"), &json!("ES256"))
        );
        assert_eq!(verified(&server, answer.text(), &header).await, Ok(()));
        let plain = asking(&server, &client, token).ask().await.ok();
        let expected = json!({
            "iss": server.issuer, "aud": client.id, "iat": server.auth.now().seconds(),
            "token_introspection": plain,
        });
        assert_eq!(claims, expected);
    }
    // A resource server that asks with a key is called as that is.
    let request = form(&server, INTROSPECT, &[("token", &key.text)]).bearer_auth(&key.text);
    let answer = request.header("Accept", SIGNED).ask().await;
    assert_eq!(part(answer.text(), 1)["aud"], key.id);
}

#[tokio::test]
async fn ij_02_of_what_does_not_count_nothing_is_said_and_the_answer_is_no_token() {
    let server = TestServer::start().await;
    let (ada, key) = ada(&server).await;
    let client = client(&server).await;
    let answer = signed(&server, &client, "unknown").await;
    let claims = part(answer.text(), 1);
    assert_eq!(claims["token_introspection"], json!({ "active": false }));
    assert_eq!(claims.as_object().unwrap().len(), 4);

    let answer = signed(&server, &client, &ada.access_token).await;
    let me = server
        .request(Method::GET, "/v1/me")
        .bearer_auth(answer.text());
    me.ask().await.refused(401, "invalid_access_token");
    let about = signed(&server, &client, answer.text()).await;
    let said = &part(about.text(), 1)["token_introspection"];
    assert_eq!(said, &json!({ "active": false }));
    let bearer = ask(&server, answer.text(), &[("token", &key.text)]).await;
    assert_eq!(bearer.status, 401);

    // Whoever asks about their own token is no resource server.
    let own = form(&server, INTROSPECT, &[("token", &ada.access_token)])
        .bearer_auth(&ada.access_token)
        .header("Accept", SIGNED);
    assert_eq!(own.ask().await.ok()["active"], true);

    // A refusal is JSON whatever is accepted.
    let request = form(&server, INTROSPECT, &[]).basic_auth(&client.id, Some(&client.secret));
    let refused = request.header("Accept", SIGNED).ask().await;
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (400, &json!("invalid_request"))
    );
}

#[tokio::test]
async fn ij_03_the_metadata_names_how_answers_are_signed() {
    let server = TestServer::start().await;
    let path = "/.well-known/oauth-authorization-server";
    let metadata = server.get(path).await.ok();
    let algorithms = &metadata["introspection_signing_alg_values_supported"];
    assert_eq!(algorithms, &json!(["ES256"]));
}

/// Whether a published key has made the signature.
async fn verified(server: &TestServer, token: &str, header: &Value) -> Result<(), &'static str> {
    let jwks = server.get("/.well-known/jwks.json").await.ok();
    let mut keys = jwks["keys"].as_array().unwrap().iter();
    let key = keys.find(|key| key["kid"] == header["kid"]);
    let key = key.ok_or("no such key")?;
    let number = |name: &str| BASE64URL.decode(key[name].as_str().unwrap()).unwrap();
    let point = [vec![4], number("x"), number("y")].concat();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = BASE64URL.decode(signature).unwrap();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    key.verify(message.as_bytes(), &signature)
        .map_err(|_| "another signature")
}
