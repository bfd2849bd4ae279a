//! `private_key_jwt`: clients that prove themselves by keys of their own (RFC 7523).

use std::net::Ipv4Addr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use futures_util::future::join_all;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use signet::auth::clients::{ClientProof, ClientWish};
use signet::auth::{Auth, Caller};
use signet::model::authority::Authority;
use signet::model::client::{ClientJwk, ClientKind};

use crate::harness::{Answer, Ask, Person, TestServer};

use super::{Registered, form, refused, register, service, token};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A key of a client.
struct Key {
    pair: Ed25519KeyPair,
    kid: &'static str,
}

impl Key {
    fn new(kid: &'static str, seed: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        Self { pair, kid }
    }

    fn jwk(&self) -> Value {
        let x = BASE64URL.encode(self.pair.public_key());
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": self.kid, "x": x })
    }

    fn public(&self) -> ClientJwk {
        serde_json::from_value(self.jwk()).unwrap()
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64URL.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(message.as_bytes());
        format!("{message}.{}", BASE64URL.encode(signature))
    }
}

/// A server with a client that has a key.
struct Keyed {
    server: TestServer,
    id: String,
    key: Key,
}

impl Keyed {
    async fn start() -> Self {
        let server = TestServer::start().await;
        server.register(&["pages.read"]).await;
        let key = Key::new("first", 1);
        let wish = ClientWish {
            name: "keyed",
            scopes: Some(&["pages.read".to_owned()]),
            jwks: vec![key.public(), Key::new("second", 2).public()],
            ..ClientWish::default()
        };
        let Registered { id, secret } = register(&server, ClientKind::Confidential, wish).await;
        assert_eq!(secret, "");
        Self { server, id, key }
    }

    /// The claims of an assertion that counts, once.
    fn claims(&self, jti: &str) -> Value {
        let now = self.server.auth.now().seconds();
        json!({
            "iss": self.id, "sub": self.id, "aud": self.server.issuer, "jti": jti,
            "iat": now, "exp": now + 60,
        })
    }

    fn assertion(&self, claims: &Value) -> String {
        self.key
            .sign(&json!({ "alg": "EdDSA", "typ": "JWT" }), claims)
    }

    async fn token(&self, assertion: &str, more: &[(&str, &str)]) -> Answer {
        let asked = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", TYPE),
            ("client_assertion", assertion),
        ];
        token(&self.server, &[&asked, more].concat()).await
    }

    /// Whether it proves the client to a node.
    async fn proves(&self, node: &Auth, assertion: &str) -> bool {
        let proof = ClientProof {
            id: &self.id,
            secret: None,
            assertion: Some(assertion),
        };
        let caller = Caller {
            address: Ipv4Addr::LOCALHOST.into(),
            label: None,
        };
        node.authenticate_client(&proof, &caller).await.is_ok()
    }

    /// The one answer to whatever proves nothing.
    async fn refused(&self, assertion: &str) -> Value {
        let answer = self.token(assertion, &[("client_id", &self.id)]).await;
        let mut body = refused(&answer, 401, "invalid_client");
        assert!(!answer.has("www-authenticate"));
        body["request_id"].take();
        body
    }
}

#[tokio::test]
async fn a_client_proves_itself_by_its_key() {
    let keyed = Keyed::start().await;
    let (issuer, id) = (&keyed.server.issuer, &*keyed.id);
    let endpoint = format!("{issuer}/oauth/token");
    for (jti, aud) in [
        ("1", json!(issuer)),
        ("2", json!(endpoint)),
        ("3", json!([issuer, endpoint])),
    ] {
        let mut claims = keyed.claims(jti);
        claims["aud"] = aud;
        let answer = keyed.token(&keyed.assertion(&claims), &[]).await;
        assert_eq!(answer.ok()["scope"], "pages.read");
    }
    for (jti, header) in [
        ("4", json!({ "alg": "EdDSA", "kid": "first" })),
        (
            "5",
            json!({ "alg": "Ed25519", "typ": "client-authentication+jwt" }),
        ),
    ] {
        let assertion = keyed.key.sign(&header, &keyed.claims(jti));
        keyed.token(&assertion, &[("client_id", id)]).await.ok();
    }
    let asked = [
        ("token", "unknown"),
        ("client_assertion_type", TYPE),
        ("client_assertion", &*keyed.assertion(&keyed.claims("6"))),
    ];
    form(&keyed.server, "/oauth/revoke", &asked)
        .ask()
        .await
        .ok();
}

#[tokio::test]
async fn an_assertion_counts_once_on_whichever_node() {
    let keyed = Keyed::start().await;
    let assertion = keyed.assertion(&keyed.claims("once"));
    keyed.token(&assertion, &[]).await.ok();
    let told = keyed.refused(&assertion).await;
    assert_eq!(keyed.refused("x.y.z").await, told);

    let at_once = keyed.assertion(&keyed.claims("at once"));
    let asked = (0..8).map(|_| keyed.token(&at_once, &[]));
    let answers = join_all(asked).await;
    let good = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(good.count(), 1);

    let node = keyed.server.node().await;
    let fresh = keyed.assertion(&keyed.claims("new"));
    for (assertion, counts) in [(&at_once, false), (&fresh, true), (&fresh, false)] {
        assert_eq!(keyed.proves(node.auth(), assertion).await, counts);
    }
    node.close().await;
}

#[tokio::test]
async fn what_is_not_for_us_now_by_the_client_proves_nothing() {
    let keyed = Keyed::start().await;
    let other = service(&keyed.server).await;
    let now = keyed.server.auth.now().seconds();
    let issuer = &keyed.server.issuer;
    let wrong = [
        ("iss", json!(other.id)),
        ("sub", json!(other.id)),
        ("aud", json!("https://other.example.com")),
        ("aud", json!([issuer, "https://other.example.com"])),
        ("aud", json!([])),
        ("aud", json!(format!("{issuer}/v1"))),
        ("exp", json!(now - 60)),
        ("exp", json!(now + 2 * 3600)),
        ("exp", json!("soon")),
        ("iat", json!(now + 600)),
        ("nbf", json!(now + 600)),
        ("jti", json!("")),
        ("jti", json!("x".repeat(256))),
        ("jti", Value::Null),
    ];
    let told = keyed.refused("x.y.z").await;
    for (header, key) in [
        (json!({ "alg": "EdDSA" }), Key::new("first", 3)),
        (
            json!({ "alg": "EdDSA", "kid": "second" }),
            Key::new("second", 1),
        ),
        (json!({ "alg": "none" }), Key::new("first", 1)),
        (
            json!({ "alg": "EdDSA", "typ": "at+jwt" }),
            Key::new("first", 1),
        ),
    ] {
        let assertion = key.sign(&header, &keyed.claims("1"));
        assert_eq!(keyed.refused(&assertion).await, told, "{header}");
    }
    for (name, value) in wrong {
        let mut claims = keyed.claims("1");
        claims[name] = value.clone();
        let assertion = keyed.assertion(&claims);
        assert!(
            !keyed.proves(&keyed.server.auth, &assertion).await,
            "{name} {value}"
        );
    }
    // None of them has used the name up.
    keyed
        .token(&keyed.assertion(&keyed.claims("1")), &[])
        .await
        .ok();
}

#[tokio::test]
async fn a_client_proves_itself_in_one_way() {
    let keyed = Keyed::start().await;
    let other = service(&keyed.server).await;
    let assertion = keyed.assertion(&keyed.claims("1"));
    let secret = [("client_secret", &*other.secret)];
    let answer = keyed.token(&assertion, &secret).await;
    refused(&answer, 400, "invalid_request");
    let asked = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", TYPE),
        ("client_assertion", &*assertion),
    ];
    let request = form(&keyed.server, "/oauth/token", &asked);
    let answer = request
        .basic_auth(&other.id, Some(&other.secret))
        .ask()
        .await;
    refused(&answer, 400, "invalid_request");
    for asked in [
        &asked[..2],
        &[asked[0], asked[2]],
        &[asked[0], ("client_assertion_type", "saml"), asked[2]],
        &[asked[0], asked[1], asked[2], asked[2]],
    ] {
        refused(&token(&keyed.server, asked).await, 400, "invalid_request");
    }
    // An assertion of one client is none of another.
    let answer = keyed.token(&assertion, &[("client_id", &other.id)]).await;
    refused(&answer, 401, "invalid_client");
    keyed
        .token(&assertion, &[("client_id", &keyed.id)])
        .await
        .ok();

    let disabled = keyed.id.parse().unwrap();
    let operator = &Authority::Operator;
    keyed
        .server
        .auth
        .disable_client(operator, disabled)
        .await
        .unwrap();
    keyed.refused(&keyed.assertion(&keyed.claims("2"))).await;
}

#[tokio::test]
async fn keys_take_the_place_of_the_secret() {
    let server = TestServer::start().await;
    server.create_user("admin", &["signet.clients.*"]).await;
    let admin = Person::log_in_for(&server, "admin", "signet.clients.*").await;
    let key = Key::new("first", 1);
    let create = json!({ "kind": "confidential", "name": "service" });
    let made = admin.post("/v1/clients", create).await.created();
    let (id, secret) = (&made["client"]["id"], &made["client_secret"]);
    let (id, secret) = (id.as_str().unwrap(), secret.as_str().unwrap());
    let by_secret = async |secret: &str| {
        let asked = [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret),
        ];
        token(&server, &asked).await
    };
    by_secret(secret).await.ok();

    let path = format!("/v1/clients/{id}");
    let update = async |jwks: Value| {
        let body = json!({ "name": "service", "jwks": jwks });
        admin.put(&path, body).await
    };
    let shown = update(json!({ "keys": [key.jwk()] })).await.ok();
    assert_eq!(shown["jwks"]["keys"], json!([key.jwk()]));
    refused(&by_secret(secret).await, 401, "invalid_client");
    let rotate = admin
        .post(&format!("{path}/rotate-secret"), json!({}))
        .await;
    rotate.refused(409, "conflict");

    let mut private = key.jwk();
    private["d"] = json!("AAAA");
    let mut cut = key.jwk();
    cut["x"] = json!("AAAA");
    for wrong in [
        json!({ "keys": [private] }),
        json!({ "keys": [cut] }),
        json!({ "keys": [{ "kty": "oct" }] }),
        json!({ "keys": [key.jwk(), key.jwk()] }),
    ] {
        let answer = update(wrong).await;
        let problem = answer.refused(422, "validation_failed");
        let pointer = problem["errors"][0]["pointer"].as_str().unwrap();
        assert!(pointer.starts_with("/jwks"), "{problem}");
        assert!(!answer.text().contains("AAAA"));
    }
    assert!(
        update(json!({ "keys": [] }))
            .await
            .ok()
            .get("jwks")
            .is_none()
    );
    // Perhaps it had leaked: it does not come back.
    refused(&by_secret(secret).await, 401, "invalid_client");
    let rotate = format!("{path}/rotate-secret");
    let rotated = admin.post(&rotate, json!({})).await.ok();
    let another = rotated["client_secret"].as_str().unwrap();
    by_secret(another).await.ok();

    let page = json!({ "kind": "public", "name": "page", "jwks": { "keys": [key.jwk()] } });
    let problem = admin.post("/v1/clients", page).await;
    let problem = problem.refused(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/jwks");
}

#[tokio::test]
async fn an_assertion_that_has_ended_proves_nothing() {
    let keyed = Keyed::start().await;
    let assertion = keyed.assertion(&keyed.claims("1"));
    keyed.server.clock.advance(Duration::from_mins(5));
    keyed.refused(&assertion).await;
    let fresh = keyed.assertion(&keyed.claims("1"));
    keyed.token(&fresh, &[]).await.ok();
}
