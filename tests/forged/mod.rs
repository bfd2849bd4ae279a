//! Access tokens that Signet has not signed.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a test fails by panicking; each test binary uses a part"
)]

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64URL};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// An ES256 key of the test's own.
pub(crate) struct Signer {
    kid: &'static str,
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Signer {
    #[expect(clippy::disallowed_methods, reason = "a key that nobody else has")]
    pub(crate) fn new(kid: &'static str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        Self { kid, pair, random }
    }

    pub(crate) fn jwk(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
            "x": BASE64URL.encode(x), "y": BASE64URL.encode(y),
        })
    }

    /// The public key as others are given it too.
    pub(crate) fn pem(&self) -> String {
        const SPKI: [u8; 26] = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
            0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        let der = [&SPKI, self.pair.public_key().as_ref()].concat();
        let lines: Vec<u8> = STANDARD
            .encode(der)
            .as_bytes()
            .chunks(64)
            .collect::<Vec<_>>()
            .join(&b'\n');
        let lines = String::from_utf8(lines).unwrap();
        format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n")
    }

    pub(crate) fn sign(&self, typ: &str, claims: &Value) -> String {
        self.sign_under(
            &json!({ "alg": "ES256", "typ": typ, "kid": self.kid }),
            claims,
        )
    }

    pub(crate) fn sign_under(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encoded(header), encoded(claims));
        let signature = self.pair.sign(&self.random, signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64URL.encode(signature))
    }
}

/// The same token with another subject under the old signature.
pub(crate) fn tampered_claims(token: &str) -> String {
    let mut claims = part(token, 1);
    claims["sub"] = json!("usr_00000000000000000000000000");
    let parts: Vec<&str> = token.split('.').collect();
    format!("{}.{}.{}", parts[0], encoded(&claims), parts[2])
}

/// The same token with one bit of the signature turned.
pub(crate) fn tampered_signature(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut signature = BASE64URL.decode(signature).unwrap();
    signature[0] ^= 1;
    format!("{signed}.{}", BASE64URL.encode(signature))
}

/// A token with a symmetric signature, made with what everybody knows.
pub(crate) fn symmetric(kid: &str, secret: &str, claims: &Value) -> String {
    let header = json!({ "alg": "HS256", "typ": "at+jwt", "kid": kid });
    let signed = format!("{}.{}", encoded(&header), encoded(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", BASE64URL.encode(signature))
}

pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let mut header = header.clone();
    header["alg"] = json!("none");
    format!("{}.{}.", encoded(&header), encoded(claims))
}

pub(crate) fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&BASE64URL.decode(part).unwrap()).unwrap()
}

pub(crate) fn encoded(part: &Value) -> String {
    BASE64URL.encode(part.to_string())
}
