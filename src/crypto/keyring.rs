//! The key ring: all signing keys that this node publishes, as one immutable snapshot.
//!
//! It does not rotate, load or store keys: whoever does makes a new ring and swaps it in.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use ring::digest::{SHA256, digest};

use super::jwk::Jwk;
use super::signing::SigningKey;
use crate::model::signing_key::{Algorithm, KeyState};

/// Keys with their states, and the JWKS document over them, ready to be sent. Cheap to clone.
#[derive(Clone)]
pub struct KeyRing(Arc<Snapshot>);

struct Snapshot {
    keys: Vec<(Arc<SigningKey>, KeyState)>,
    jwks: Bytes,
    etag: String,
}

impl KeyRing {
    /// A ring of these keys, without those that are gone. The order given does not matter: every
    /// node that has the same keys in the same states serves the same bytes, active keys first.
    #[must_use]
    pub fn new(mut keys: Vec<(Arc<SigningKey>, KeyState)>) -> Self {
        keys.retain(|(_, state)| *state != KeyState::Gone);
        keys.sort_by(|(a, a_state), (b, b_state)| {
            (rank(*a_state), a.kid()).cmp(&(rank(*b_state), b.kid()))
        });
        let jwks = jwks(keys.iter().map(|(key, _)| key.jwk()));
        let etag = etag(&jwks);
        Self(Arc::new(Snapshot { keys, jwks, etag }))
    }

    /// Whether it is the same snapshot.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The key that signs with this algorithm now, if there is one.
    #[must_use]
    pub fn signer(&self, algorithm: Algorithm) -> Option<Arc<SigningKey>> {
        self.0
            .keys
            .iter()
            .find(|(key, state)| *state == KeyState::Active && key.algorithm() == algorithm)
            .map(|(key, _)| Arc::clone(key))
    }

    /// A key that signs now, of any algorithm.
    #[must_use]
    pub fn any_signer(&self) -> Option<Arc<SigningKey>> {
        let (key, state) = self.0.keys.first()?;
        (*state == KeyState::Active).then(|| Arc::clone(key))
    }

    /// The key of that name, whatever its state: what is published verifies.
    #[must_use]
    pub fn by_kid(&self, kid: &str) -> Option<&Arc<SigningKey>> {
        self.0
            .keys
            .iter()
            .map(|(key, _)| key)
            .find(|key| key.kid() == kid)
    }

    /// All keys and their states, in the order of the JWKS.
    pub fn keys(&self) -> impl Iterator<Item = (&Arc<SigningKey>, KeyState)> {
        self.0.keys.iter().map(|(key, state)| (key, *state))
    }

    /// The JWKS document (RFC 7517 §5).
    #[must_use]
    pub fn jwks_json(&self) -> Bytes {
        self.0.jwks.clone()
    }

    /// Its strong entity tag, quotes included (RFC 9110 §8.8.3).
    #[must_use]
    pub fn jwks_etag(&self) -> &str {
        &self.0.etag
    }
}

fn rank(state: KeyState) -> u8 {
    match state {
        KeyState::Active => 0,
        KeyState::Next => 1,
        KeyState::Retired => 2,
        KeyState::Gone => 3,
    }
}

fn jwks<'a>(keys: impl Iterator<Item = &'a Jwk>) -> Bytes {
    serde_json::json!({ "keys": keys.collect::<Vec<_>>() })
        .to_string()
        .into()
}

fn etag(document: &[u8]) -> String {
    let digest = digest(&SHA256, document);
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SeededRng;

    fn key(seed: u64) -> Arc<SigningKey> {
        let key = SigningKey::generate(Algorithm::EdDsa, &SeededRng::new(seed));
        Arc::new(key.unwrap())
    }

    #[test]
    fn publishes_every_state_and_signs_with_the_active_key() {
        let (active, next, retired) = (key(1), key(2), key(3));
        let mut keys = vec![
            (Arc::clone(&next), KeyState::Next),
            (Arc::clone(&retired), KeyState::Retired),
            (Arc::clone(&active), KeyState::Active),
            (key(4), KeyState::Gone),
        ];
        let ring = KeyRing::new(keys.clone());
        assert_eq!(ring.signer(Algorithm::EdDsa).unwrap().kid(), active.kid());
        assert!(ring.signer(Algorithm::ES256).is_none());
        assert!(ring.by_kid(retired.kid()).is_some() && ring.by_kid("").is_none());

        let json: serde_json::Value = serde_json::from_slice(&ring.jwks_json()).unwrap();
        let kids: Vec<_> = json["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|k| &k["kid"])
            .collect();
        assert_eq!(kids, [active.kid(), next.kid(), retired.kid()]);

        keys.reverse();
        let same = KeyRing::new(keys.clone());
        assert_eq!(
            (same.jwks_json(), same.jwks_etag()),
            (ring.jwks_json(), ring.jwks_etag())
        );
        keys.pop();
        assert_ne!(KeyRing::new(keys).jwks_etag(), ring.jwks_etag());
        assert!(ring.jwks_etag().starts_with('"') && ring.jwks_etag().len() == 24);
    }
}
