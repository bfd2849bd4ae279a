use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use signet::model::signing_key::Algorithm;

use crate::harness::{Answer, Ask, Person, TestServer, part};

/// Makes tokens that Signet never would, with Signet's own key or with another.
pub(super) struct Forge {
    /// Header and claims of a good token.
    pub(super) header: Value,
    pub(super) claims: Value,
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Forge {
    /// With the key that the server signs with.
    pub(super) fn of(server: &TestServer, person: &Person<'_>) -> Self {
        let signer = server.auth.keys().signer(Algorithm::ES256).unwrap();
        Self::new(person, &signer.private_bytes())
    }

    /// With a key that the server has never seen.
    #[expect(clippy::disallowed_methods, reason = "a key that nobody else has")]
    pub(super) fn foreign(person: &Person<'_>) -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        Self::new(person, pkcs8.as_ref())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "ring signs with no other random source"
    )]
    fn new(person: &Person<'_>, pkcs8: &[u8]) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &random).unwrap();
        let token = &person.access_token;
        Self {
            header: part(token, 0),
            claims: part(token, 1),
            pair,
            random,
        }
    }

    /// A token with this header and these claims, properly signed.
    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// The same for texts that need not be JSON.
    pub(super) fn sign_text(&self, header: &str, claims: &str) -> String {
        self.sign_parts(&BASE64URL.encode(header), &BASE64URL.encode(claims))
    }

    /// The same for parts that need not be base64url.
    pub(super) fn sign_parts(&self, header: &str, claims: &str) -> String {
        let signed = format!("{header}.{claims}");
        let signature = self.pair.sign(&self.random, signed.as_bytes()).unwrap();
        with_signature(&signed, signature.as_ref())
    }

    /// The good token with one header member changed.
    pub(super) fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        self.sign(&header, &self.claims)
    }

    /// The good token with one claim changed.
    pub(super) fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        self.sign(&self.header, &claims)
    }

    /// The good token without one claim.
    pub(super) fn without_claim(&self, name: &str) -> String {
        let mut claims = self.claims.clone();
        claims.as_object_mut().unwrap().remove(name).unwrap();
        self.sign(&self.header, &claims)
    }

    /// The good claims under HMAC with `secret`.
    pub(super) fn with_hmac(&self, secret: &[u8]) -> String {
        let header = json!({ "alg": "HS256", "typ": "at+jwt", "kid": self.header["kid"] });
        let signed = signed_text(&header, &self.claims);
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        with_signature(&signed, hmac::sign(&key, signed.as_bytes()).as_ref())
    }

    /// The public half of the key, as a point.
    pub(super) fn public_point(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// What is signed in the good token.
    pub(super) fn signed_text(&self) -> String {
        signed_text(&self.header, &self.claims)
    }
}

pub(super) fn signed_text(header: &Value, claims: &Value) -> String {
    format!(
        "{}.{}",
        BASE64URL.encode(header.to_string()),
        BASE64URL.encode(claims.to_string())
    )
}

pub(super) fn with_signature(signed: &str, signature: &[u8]) -> String {
    format!("{signed}.{}", BASE64URL.encode(signature))
}

/// Presents a token to Signet's own API.
pub(super) async fn present(server: &TestServer, token: &str) -> Answer {
    server
        .request(reqwest::Method::GET, "/v1/me")
        .bearer_auth(token)
        .ask()
        .await
}

/// Each of these tokens is refused as any invalid one is.
pub(super) async fn assert_refused(server: &TestServer, tokens: &[String]) {
    for token in tokens {
        let answer = present(server, token).await;
        assert_eq!(answer.status, 401, "{token}: {}", answer.text());
        answer.refused(401, "invalid_access_token");
        assert!(
            answer
                .header("www-authenticate")
                .contains(r#"error="invalid_token""#)
        );
    }
}
