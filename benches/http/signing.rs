//! What an access token costs beside its signature: tokens signed by Signet, and signatures made by
//! ring of a text as long, with the same key, in turn.

use std::hint::black_box;

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use signet::crypto::access;
use signet::crypto::random::SystemRng;
use signet::crypto::signing::SigningKey;
use signet::model::claims::Claims;
use signet::model::signing_key::Algorithm;

use crate::machine::rate_on_all_cores;
use crate::report::{median, ratio};

const ROUNDS: usize = 5;

/// What a session's token says.
const CLAIMS: &str = r#"{"iss":"https://id.example","sub":"usr_019a0b1c-2d3e-7f00-8123-456789abcdef","aud":["https://api.example","https://id.example/v1"],"client_id":"cli_019a0b1c-2d3e-7f00-8123-456789abcdef","iat":1760000000,"exp":1760000300,"jti":"jti_019a0b1c-2d3e-7f00-8123-456789abcdef","scope":"pages.read pages.write","sid":"ses_019a0b1c-2d3e-7f00-8123-456789abcdef","auth_time":1759990000,"amr":["pwd"]}"#;

/// Measures each algorithm, and prints the table.
pub(crate) fn measure() {
    let claims: Claims = serde_json::from_str(CLAIMS).unwrap();
    println!(
        "{:<10}{:>14}{:>14}{:>10}",
        "", "signatures/s", "tokens/s", "ratio"
    );
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm, &SystemRng).unwrap();
        let token = access::sign(&key, "at+jwt", &claims).unwrap();
        let signed = token.rsplit_once('.').unwrap().0;
        let (mut signatures, mut tokens) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            signatures.push(signature_rate(&key, signed.as_bytes()));
            tokens.push(rate_on_all_cores(|| {
                || drop(access::sign(&key, "at+jwt", &claims).unwrap())
            }));
        }
        println!(
            "{:<10}{:>14.0}{:>14.0}{:>10.3}",
            algorithm.as_str(),
            median(signatures.iter().copied()),
            median(tokens.iter().copied()),
            ratio(&tokens, &signatures, |rate| *rate, |rate| *rate),
        );
    }
}

/// ring's own signatures of a text.
#[expect(
    clippy::disallowed_methods,
    reason = "the random source is part of what a signature costs"
)]
fn signature_rate(key: &SigningKey, text: &[u8]) -> f64 {
    let (pkcs8, random) = (key.private_bytes(), SystemRandom::new());
    match key.algorithm() {
        Algorithm::ES256 => {
            let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, &pkcs8, &random).unwrap();
            rate_on_all_cores(|| {
                || {
                    black_box(pair.sign(&random, text).unwrap());
                }
            })
        }
        Algorithm::EdDsa => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8).unwrap();
            rate_on_all_cores(|| {
                || {
                    black_box(pair.sign(text));
                }
            })
        }
        Algorithm::RS256 => {
            let pair = RsaKeyPair::from_pkcs8(&pkcs8).unwrap();
            let length = pair.public().modulus_len();
            rate_on_all_cores(|| {
                || {
                    let mut signature = vec![0; length];
                    pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature)
                        .unwrap();
                }
            })
        }
    }
}
