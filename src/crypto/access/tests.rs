use std::sync::Arc;

use super::open::decoded;
use super::*;
use crate::crypto::keyring::KeyRing;
use crate::crypto::random::SeededRng;
use crate::crypto::signing::SigningKey;
use crate::crypto::signing::tests::small_rsa_key;
use crate::model::claims::SignedClaims;
use crate::model::signing_key::{Algorithm, KeyState};

pub(super) const CLAIMS: &str = r#"{"iss":"https://id.example","sub":"usr_019a0b1c-2d3e-7f00-8123-456789abcdef","aud":["https://id.example","https://id.example/v1"],"client_id":"cli_019a0b1c-2d3e-7f00-8123-456789abcdef","iat":1760000000,"exp":1760000300,"jti":"jti_019a0b1c-2d3e-7f00-8123-456789abcdef","scope":"pages.read pages.write","sid":"ses_019a0b1c-2d3e-7f00-8123-456789abcdef","auth_time":1759990000,"amr":["pwd"]}"#;

fn expectation(seconds: i64) -> Expectation<'static> {
    Expectation {
        issuer: "https://id.example",
        audience: "https://id.example/v1",
        typ: "at+jwt",
        leeway: Duration::from_secs(10),
        now: Timestamp::from_seconds(seconds),
    }
}

#[test]
fn every_algorithm_signs_what_verifies() {
    let claims: Claims = serde_json::from_str(CLAIMS).unwrap();
    let generate = |algorithm| SigningKey::generate(algorithm, &SeededRng::new(1)).unwrap();
    let keys = [
        generate(Algorithm::ES256),
        generate(Algorithm::EdDsa),
        small_rsa_key(),
    ];
    let lengths = [64, 64, 256];
    for (key, length) in keys.map(Arc::new).into_iter().zip(lengths) {
        let ring = KeyRing::new(vec![(Arc::clone(&key), KeyState::Active)]);
        let token = sign(&key, "at+jwt", &claims).unwrap();
        let parts: Vec<_> = token
            .split('.')
            .map(|part| decoded(part).unwrap())
            .collect();
        let header: serde_json::Value = serde_json::from_slice(&parts[0]).unwrap();
        let alg = key.algorithm().as_str();
        let exact = serde_json::json!({"alg": alg, "typ": "at+jwt", "kid": key.kid()});
        assert_eq!(header, exact);
        assert_eq!(
            (parts[1].as_slice(), parts[2].len()),
            (CLAIMS.as_bytes(), length)
        );
        let opened = open(&ring, "at+jwt", &token);
        assert_eq!(opened, Ok(SignedClaims::Session(claims.clone())));

        let other = sign(&generate(Algorithm::ES256), "at+jwt", &claims).unwrap();
        let unknown = open(&ring, "at+jwt", &other);
        assert_eq!(unknown, Err(AccessTokenError::UnknownKey));
    }
}

#[test]
fn checks_whose_and_when() {
    let claims: Claims = serde_json::from_str(CLAIMS).unwrap();
    let now = expectation(1_760_000_000);
    let at = |seconds| check(&expectation(seconds), &claims);
    assert_eq!(at(1_760_000_309), Ok(()));
    assert_eq!(at(1_760_000_310), Err(AccessTokenError::Expired));
    assert_eq!(at(1_759_999_990), Ok(()));
    assert_eq!(at(1_759_999_989), Err(AccessTokenError::Premature));
    for audience in [
        "https://id.example/v",
        "https://id.example/v1/",
        "HTTPS://id.example",
        "",
    ] {
        let expected = Expectation { audience, ..now };
        assert_eq!(
            check(&expected, &claims),
            Err(AccessTokenError::Audience),
            "{audience}"
        );
    }
    for issuer in ["https://id.example/", "https://id.exampl", ""] {
        let expected = Expectation { issuer, ..now };
        assert_eq!(
            check(&expected, &claims),
            Err(AccessTokenError::Issuer),
            "{issuer}"
        );
    }
}
