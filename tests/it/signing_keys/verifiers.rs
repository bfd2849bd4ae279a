use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde_json::Value;
use signet::model::time::{Clock, Timestamp};

use crate::harness::{TestServer, part};

/// Resource servers that keep the JWKS for so long and never ask for it earlier, whatever they are
/// shown: there is one for each moment at which it may have been fetched.
pub(super) struct Verifiers {
    keep_for: Duration,
    /// What they hold, and when the last of them fetched it.
    held: Vec<(Value, Timestamp)>,
}

impl Verifiers {
    pub(super) fn new(keep_for: Duration) -> Self {
        let held = Vec::new();
        Self { keep_for, held }
    }

    /// Those that keep it as long as the answer says.
    pub(super) async fn by_max_age(node: &TestServer) -> Self {
        let answer = node.get("/.well-known/jwks.json").await;
        let directives = answer.header("cache-control").split(", ");
        let mut ages = directives.filter_map(|one| one.strip_prefix("max-age="));
        Self::new(Duration::from_secs(ages.next().unwrap().parse().unwrap()))
    }

    /// Whoever holds too old a JWKS has another one from now on, and others come.
    pub(super) async fn fetch(&mut self, node: &TestServer) {
        let now = node.clock.now();
        let jwks = node.get("/.well-known/jwks.json").await.ok();
        self.held.retain(|(held, _)| *held != jwks);
        self.held.push((jwks, now));
        let keep_for = self.keep_for;
        self.held
            .retain(|(_, fetched)| fetched.plus(keep_for) > now);
    }

    /// All of them take the token for good.
    #[track_caller]
    pub(super) fn accept(&self, token: &str, node: &TestServer) {
        for (jwks, fetched) in &self.held {
            let age = node.clock.now().since(*fetched);
            if let Err(refusal) = verify(jwks, token, node) {
                panic!("{refusal}, with a JWKS {age:?} old: {jwks}");
            }
        }
    }
}

/// As a library does it that allows no difference of clocks.
fn verify(jwks: &Value, token: &str, node: &TestServer) -> Result<(), &'static str> {
    let (header, claims) = (part(token, 0), part(token, 1));
    let mut keys = jwks["keys"].as_array().unwrap().iter();
    let key = keys.find(|key| key["kid"] == header["kid"]);
    let key = key.ok_or("it is signed with an unknown key")?;
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = BASE64URL.decode(signature).unwrap();
    if header["alg"] != key["alg"] || !signs(key, signed.as_bytes(), &signature) {
        return Err("its signature is wrong");
    }
    let now = node.clock.now().seconds();
    let counts = claims["iat"].as_i64() <= Some(now) && claims["exp"].as_i64() > Some(now);
    let is_meant = claims["iss"] == node.issuer
        && claims["aud"].as_array().unwrap()[0] == node.issuer
        && header["typ"] == "at+jwt";
    (counts && is_meant)
        .then_some(())
        .ok_or("its claims say no")
}

fn signs(key: &Value, signed: &[u8], signature: &[u8]) -> bool {
    let number = |name: &str| BASE64URL.decode(key[name].as_str().unwrap()).unwrap();
    let verified = match key["alg"].as_str().unwrap() {
        "ES256" => {
            let point = [vec![4], number("x"), number("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
        }
        "EdDSA" => UnparsedPublicKey::new(&ED25519, number("x")).verify(signed, signature),
        "RS256" => {
            let (n, e) = (number("n"), number("e"));
            let key = RsaPublicKeyComponents { n, e };
            key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
        }
        other => panic!("{other}"),
    };
    verified.is_ok()
}
