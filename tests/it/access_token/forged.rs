//! What our verifier refuses, presented to Signet's own API.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL};
use serde_json::{Value, json};
use signet::model::authority::Authority;

use super::forge::{Forge, assert_refused, present, signed_text, with_signature};
use crate::harness::TestServer;

/// What precedes the point in the DER of a P-256 public key (RFC 5480).
const SPKI_P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

#[tokio::test]
async fn a_forged_token_that_is_like_ours_is_accepted() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::of(&server, &ada);
    present(&server, &forge.sign(&forge.header, &forge.claims))
        .await
        .ok();
}

#[tokio::test]
async fn jv_01_unsigned_tokens_are_refused() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::of(&server, &ada);
    let mut tokens = vec![
        format!("{}.", forge.signed_text()),
        forge.signed_text(),
        with_signature(&forge.signed_text(), b"x"),
    ];
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({ "alg": alg, "typ": "at+jwt", "kid": forge.header["kid"] });
        tokens.push(format!("{}.", signed_text(&header, &forge.claims)));
        tokens.push(forge.sign(&header, &forge.claims));
    }
    assert_refused(&server, &tokens).await;
}

#[tokio::test]
async fn jv_02_the_public_key_is_no_hmac_secret() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::of(&server, &ada);
    let jwks = server.get("/.well-known/jwks.json").await;
    let der = [&SPKI_P256, forge.public_point()].concat();
    let pem = pem(&der);
    let jwk = jwks.json()["keys"][0].to_string();
    let secrets: [&[u8]; 7] = [
        pem.as_bytes(),
        pem.trim_end().as_bytes(),
        &der,
        forge.public_point(),
        &jwks.body,
        jwk.as_bytes(),
        forge.header["kid"].as_str().unwrap().as_bytes(),
    ];
    let tokens: Vec<String> = secrets
        .iter()
        .map(|secret| forge.with_hmac(secret))
        .collect();
    assert_refused(&server, &tokens).await;
}

#[tokio::test]
async fn jv_03_no_hmac_secret_is_guessed() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::of(&server, &ada);
    let secrets = [
        "",
        "secret",
        "password",
        "signet",
        "your-256-bit-secret",
        "changeme",
    ];
    let tokens: Vec<String> = secrets
        .iter()
        .map(|secret| forge.with_hmac(secret.as_bytes()))
        .collect();
    assert_refused(&server, &tokens).await;
}

#[tokio::test]
async fn jv_04_a_token_cannot_bring_its_own_key() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let (own, foreign) = (Forge::of(&server, &ada), Forge::foreign(&ada));
    let (x, y) = foreign.public_point()[1..].split_at(32);
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": foreign.header["kid"],
        "x": BASE64URL.encode(x), "y": BASE64URL.encode(y),
    });
    let bait = TcpListener::bind("127.0.0.1:0").unwrap();
    bait.set_nonblocking(true).unwrap();
    let url = json!(format!("http://{}/jwks.json", bait.local_addr().unwrap()));
    let mut tokens = vec![foreign.sign(&foreign.header, &foreign.claims)];
    for forge in [&own, &foreign] {
        tokens.push(forge.with_header("jwk", jwk.clone()));
        tokens.push(forge.with_header("jku", url.clone()));
        tokens.push(forge.with_header("x5u", url.clone()));
        tokens.push(forge.with_header("x5c", json!(["MIIB"])));
    }
    assert_refused(&server, &tokens).await;
    assert_eq!(
        bait.accept().unwrap_err().kind(),
        ErrorKind::WouldBlock,
        "somebody came"
    );
}

#[tokio::test]
async fn jv_05_a_hostile_kid_names_no_key() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::of(&server, &ada);
    let kid = forge.header["kid"].clone();
    let mut tokens: Vec<String> = [
        json!("../../../../dev/null"),
        json!("keys/master.key"),
        json!("' OR 1=1 --"),
        json!("x\0"),
        json!(format!("{}\0", kid.as_str().unwrap())),
        json!("$(id)"),
        json!("http://127.0.0.1/"),
        json!("k".repeat(10_000)),
        json!(""),
        json!(7),
        json!(null),
        json!([kid]),
    ]
    .into_iter()
    .map(|hostile| forge.with_header("kid", hostile))
    .collect();
    tokens.push(forge.sign(&json!({ "alg": "ES256", "typ": "at+jwt" }), &forge.claims));
    let doubled = format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"x","kid":{kid}}}"#);
    tokens.push(forge.sign_text(&doubled, &forge.claims.to_string()));
    assert_refused(&server, &tokens).await;
}

#[tokio::test]
async fn jv_06_the_algorithm_is_the_keys() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::of(&server, &ada);
    let tokens: Vec<String> = [
        "RS256", "PS256", "ES384", "ES512", "EdDSA", "HS256", "es256",
    ]
    .into_iter()
    .map(|alg| forge.with_header("alg", json!(alg)))
    .collect();
    assert_refused(&server, &tokens).await;
}

#[tokio::test]
async fn jv_07_no_extension_is_critical_to_us() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::of(&server, &ada);
    let mut b64 = forge.header.clone();
    b64["b64"] = json!(false);
    b64["crit"] = json!(["b64"]);
    let tokens = [
        forge.with_header("crit", json!([])),
        forge.with_header("crit", json!(["exp"])),
        forge.with_header("crit", json!(["x-unknown"])),
        forge.with_header("crit", json!(null)),
        forge.with_header("b64", json!(false)),
        forge.sign(&b64, &forge.claims),
    ];
    assert_refused(&server, &tokens).await;
}

#[tokio::test]
async fn jv_08_required_claims_are_there_and_well_typed() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::of(&server, &ada);
    let mut tokens = Vec::new();
    for claim in ["exp", "aud", "iss", "sub", "iat", "jti", "client_id"] {
        tokens.push(forge.without_claim(claim));
        tokens.push(forge.with_claim(claim, json!(null)));
        tokens.push(forge.with_claim(claim, json!({})));
    }
    let exp = forge.claims["exp"].as_i64().unwrap();
    tokens.push(forge.with_claim("exp", json!(exp.to_string())));
    tokens.push(forge.with_claim("exp", json!(-exp)));
    tokens.push(forge.with_claim("exp", json!(1e300)));
    tokens.push(forge.with_claim("nbf", json!("0")));
    tokens.push(forge.with_claim("aud", json!(7)));
    tokens.push(forge.with_claim("aud", json!([])));
    tokens.push(forge.with_claim("aud", json!([7])));
    tokens.push(forge.with_claim("sub", json!(7)));
    tokens.push(forge.with_claim("iss", json!([server.issuer])));
    assert_refused(&server, &tokens).await;
}

#[tokio::test]
async fn jv_09_a_token_counts_from_its_time_to_its_time() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::of(&server, &ada);
    let now = forge.claims["iat"].as_i64().unwrap();
    assert_refused(&server, &[forge.with_claim("nbf", json!(now + 61))]).await;

    server.clock.advance(Duration::from_secs(299));
    ada.get("/v1/me").await.ok();
    server.clock.advance(Duration::from_secs(62));
    ada.get("/v1/me").await.refused(401, "invalid_access_token");
}

#[tokio::test]
async fn jv_10_almost_our_audience_or_issuer_is_another() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::of(&server, &ada);
    let issuer = &server.issuer;
    let ours = format!("{issuer}/v1");
    let mut tokens = Vec::new();
    for audience in [
        json!(issuer),
        json!([issuer, "https://other.example"]),
        json!(format!("{ours}/")),
        json!(format!("{ours}.evil.example")),
        json!(ours[..ours.len() - 1]),
        json!(ours.to_uppercase()),
        json!(format!("x {ours}")),
    ] {
        tokens.push(forge.with_claim("aud", audience));
    }
    for other in [
        format!("{issuer}/"),
        format!("{issuer}1"),
        issuer[..issuer.len() - 1].to_owned(),
    ] {
        tokens.push(forge.with_claim("iss", json!(other)));
    }
    assert_refused(&server, &tokens).await;
}

#[tokio::test]
async fn jv_11_a_token_has_one_spelling() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::of(&server, &ada);
    let good = &ada.access_token;
    let (header, claims) = (forge.header.to_string(), forge.claims.to_string());
    let encoded = |text: &str| BASE64URL.encode(text);
    let mut tokens = vec![
        format!("{good}="),
        format!("{good}=="),
        format!("{good}A"),
        format!("{good}."),
        format!(".{good}"),
        good.replacen('.', "..", 1),
        non_canonical(good),
        forge.sign_parts(&BASE64.encode(format!("{header} ")), &encoded(&claims)),
        forge.sign_parts(&encoded(&header), &format!("{}=", encoded(&claims))),
        forge.sign_parts(&encoded(&header), &format!("{}%0A", encoded(&claims))),
        forge.sign_text(&format!("\u{feff}{header}"), &claims),
        forge.sign_text(&header, &format!("\u{feff}{claims}")),
        forge.sign_text(&header, &format!("{claims} {{}}")),
        forge.sign_text(&format!("[{header}]"), &claims),
        forge.sign_text(&header, &claims.replacen('{', r#"{"sub":"usr_x","#, 1)),
        forge.sign_text(&header, &claims.replacen('{', r#"{"exp":9999999999,"#, 1)),
        forge.sign_text(&header.replacen('{', r#"{"alg":"none","#, 1), &claims),
        forge.sign_text(&header.replacen('{', r#"{"\u0061lg":"none","#, 1), &claims),
    ];
    // 62 and 63 in the wrong alphabet.
    tokens.extend(
        [good.replace('-', "+"), good.replace('_', "/")]
            .into_iter()
            .filter(|t| t != good),
    );
    assert_refused(&server, &tokens).await;
}

#[tokio::test]
async fn jv_12_a_signature_is_two_numbers_in_range() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::of(&server, &ada);
    let signed = forge.signed_text();
    let (_, good) = ada.access_token.rsplit_once('.').unwrap();
    let good = BASE64URL.decode(good).unwrap();
    let der = [
        &[0x30, 0x44, 0x02, 0x20],
        &good[..32],
        &[0x02, 0x20],
        &good[32..],
    ]
    .concat();
    let tokens: Vec<String> = [
        vec![0; 64],
        [vec![0; 32], good[32..].to_vec()].concat(),
        [good[..32].to_vec(), vec![0; 32]].concat(),
        vec![0xff; 64],
        der,
        good[..63].to_vec(),
        [good.clone(), vec![0]].concat(),
        [good.clone(), good.clone()].concat(),
        good[..32].to_vec(),
    ]
    .iter()
    .map(|signature| with_signature(&signed, signature))
    .collect();
    assert_refused(&server, &tokens).await;
}

#[tokio::test]
async fn jv_13_other_serialisations_are_refused() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::of(&server, &ada);
    let parts: Vec<&str> = ada.access_token.split('.').collect();
    let jwe = json!({ "alg": "ECDH-ES", "enc": "A128GCM", "kid": forge.header["kid"] });
    let jwe = BASE64URL.encode(jwe.to_string());
    let mut nested = forge.header.clone();
    nested["cty"] = json!("JWT");
    let json = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] });
    let tokens = [
        format!("{jwe}.a.b.c.d"),
        format!("{jwe}..b.c.d"),
        format!("{}.a.b", ada.access_token),
        forge.sign_text(&nested.to_string(), &ada.access_token),
        forge.sign(&nested, &forge.claims),
        BASE64URL.encode(json.to_string()),
    ];
    assert_refused(&server, &tokens).await;
}

#[tokio::test]
async fn jt_15_other_kinds_of_token_are_no_access_tokens() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::of(&server, &ada);
    let kinds = [
        "JWT",
        "jwt",
        "logout+jwt",
        "token-introspection+jwt",
        "dpop+jwt",
        "client-authentication+jwt",
    ];
    let mut tokens: Vec<String> = kinds
        .into_iter()
        .map(|typ| forge.with_header("typ", json!(typ)))
        .collect();
    tokens.push(forge.with_header("typ", json!(7)));
    tokens.push(forge.sign(
        &json!({ "alg": "ES256", "kid": forge.header["kid"] }),
        &forge.claims,
    ));
    tokens.push(forge.with_claim("aud", Value::from(server.issuer.as_str())));
    assert_refused(&server, &tokens).await;
}

fn pem(der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let (first, rest) = text.split_at(64);
    format!("-----BEGIN PUBLIC KEY-----\n{first}\n{rest}\n-----END PUBLIC KEY-----\n")
}

/// The same bits in another spelling: 64 bytes leave four unused bits in the last character.
fn non_canonical(token: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = token.split_at(token.len() - 1);
    let value = ALPHABET
        .iter()
        .position(|letter| *letter == last.as_bytes()[0])
        .unwrap();
    format!("{rest}{}", char::from(ALPHABET[value ^ 1]))
}

#[tokio::test]
async fn jv_14_what_a_key_signed_counts_as_long_as_the_key_is_published() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::of(&server, &ada);
    // By the key's own hand, for longer than any token lives: its end is not what ends it.
    let exp = forge.claims["exp"].as_i64().unwrap() + 7 * 86_400;
    let token = forge.with_claim("exp", exp.into());
    let by = &Authority::Operator;
    server.clock.advance(Duration::from_hours(24));
    server.auth.rotate_signing_key(by, None).await.unwrap();
    present(&server, &token).await.ok();
    server
        .clock
        .advance(Duration::from_hours(1) + Duration::from_secs(305));
    server.auth.tend_signing_keys().await.unwrap();
    assert_refused(&server, &[token]).await;
}

#[tokio::test]
async fn jv_14_unknown_keys_are_looked_for_in_memory_alone() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    let forge = Forge::foreign(&ada);
    let known = server.auth.keys();
    let kid = |number: u32| json!(format!("{number:043}"));
    let tokens: Vec<String> = (0..200)
        .map(|number| forge.with_header("kid", kid(number)))
        .collect();
    assert_refused(&server, &tokens).await;
    // Whoever reads the keys anew has others.
    assert!(server.auth.keys().is(&known));
}
