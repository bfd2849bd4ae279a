//! ring behind `jsonwebtoken`.
//!
//! `jsonwebtoken` 11 takes its cryptography from a struct of plain functions, installed once a
//! process and handed the *bytes* of a key at every call. Ours keeps the parsed key, so that a
//! signature costs a digest of the key's bytes and the signature itself. This is the one
//! process-wide state of what Signet decides.

use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result, new_error};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::digest::{SHA256, digest};
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};

use super::key_pair::KeyPair;

/// Installs ring as the cryptography of `jsonwebtoken`. Calling it again changes nothing.
pub fn install() {
    static RING: CryptoProvider = CryptoProvider {
        signer_factory: signer,
        verifier_factory: verifier,
        key_utils: NO_KEY_UTILS,
    };
    // The only error is "already installed", and only this function installs.
    RING.install_default().ok();
}

/// Signet makes its JWKs and thumbprints itself (`crypto::jwk`), so these only say no.
const NO_KEY_UTILS: KeyUtils = KeyUtils {
    rsa_pub_components_from_private_key: |_| Err(unsupported()),
    rsa_pub_components_from_public_key: |_| Err(unsupported()),
    ec_pub_components_from_private_key: |_, _| Err(unsupported()),
    ed_pub_components_from_private_key: |_, _| Err(unsupported()),
    compute_digest: |_, _| Err(unsupported()),
};

fn unsupported() -> Error {
    new_error(ErrorKind::UnsupportedAlgorithm)
}

/// The only algorithms that exist here (RFC 8725 §3.1): no HMAC, no `none`, nothing weaker.
fn supported(algorithm: Algorithm) -> Result<AlgorithmFamily> {
    match algorithm {
        Algorithm::ES256 | Algorithm::EdDSA | Algorithm::RS256 => Ok(algorithm.family()),
        _ => Err(unsupported()),
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature of the provider's field"
)]
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    if supported(*algorithm)? != key.family() {
        return Err(new_error(ErrorKind::InvalidAlgorithm));
    }
    let key = parsed(key)?;
    Ok(Box::new(RingSigner {
        algorithm: *algorithm,
        key,
    }))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature of the provider's field"
)]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    if supported(*algorithm)? != key.family() {
        return Err(new_error(ErrorKind::InvalidAlgorithm));
    }
    Ok(Box::new(RingVerifier {
        algorithm: *algorithm,
        key: key.kind().clone(),
    }))
}

/// More keys than a deployment ever signs with; beyond that the oldest is parsed again.
const MAX_PARSED: usize = 32;

type Parsed = (ring::digest::Digest, Arc<KeyPair>);

static PARSED: RwLock<Vec<Parsed>> = RwLock::new(Vec::new());

/// The parsed form of `key`, from the cache or into it.
fn parsed(key: &EncodingKey) -> Result<Arc<KeyPair>> {
    let id = digest(&SHA256, key.as_bytes());
    let find = |keys: &[Parsed]| {
        let (_, pair) = keys
            .iter()
            .find(|(known, _)| known.as_ref() == id.as_ref())?;
        Some(Arc::clone(pair))
    };
    if let Some(known) = find(&PARSED.read().unwrap_or_else(PoisonError::into_inner)) {
        return Ok(known);
    }
    let pair = KeyPair::from_pkcs8(key.family(), key.as_bytes())
        .map_err(|_| new_error(ErrorKind::InvalidKeyFormat))?;
    let pair = Arc::new(pair);

    let mut keys = PARSED.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = find(&keys) {
        return Ok(known);
    }
    if keys.len() == MAX_PARSED {
        keys.remove(0);
    }
    keys.push((id, Arc::clone(&pair)));
    Ok(pair)
}

struct RingSigner {
    algorithm: Algorithm,
    key: Arc<KeyPair>,
}

impl Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        self.key.sign(message).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

struct RingVerifier {
    algorithm: Algorithm,
    key: DecodingKeyKind,
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), signature::Error> {
        let checked = match (self.algorithm, &self.key) {
            (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(key)) => {
                UnparsedPublicKey::new(&ED25519, key).verify(message, signature)
            }
            (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                PublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            _ => Err(ring::error::Unspecified),
        };
        checked.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SeededRng;
    use crate::crypto::signing::SigningKey;
    use crate::model::signing_key::Algorithm as Ours;

    fn key(seed: u64) -> SigningKey {
        SigningKey::generate(Ours::EdDsa, &SeededRng::new(seed)).unwrap()
    }

    #[test]
    fn a_key_is_parsed_once_and_the_cache_is_bounded() {
        let (one, two) = (key(100), key(101));
        let first = parsed(one.encoding()).unwrap();
        assert!(Arc::ptr_eq(&first, &parsed(one.encoding()).unwrap()));
        assert!(!Arc::ptr_eq(&first, &parsed(two.encoding()).unwrap()));
        for seed in 200..200 + MAX_PARSED as u64 {
            parsed(key(seed).encoding()).unwrap();
        }
        assert!(PARSED.read().unwrap().len() <= MAX_PARSED);
        assert!(!Arc::ptr_eq(&first, &parsed(one.encoding()).unwrap()));
    }

    #[test]
    fn algorithms_that_we_do_not_have_are_errors() {
        install();
        install();
        let key = key(1);
        for algorithm in [
            Algorithm::HS256,
            Algorithm::ES384,
            Algorithm::PS256,
            Algorithm::ES256,
        ] {
            assert!(jsonwebtoken::crypto::sign(b"", key.encoding(), algorithm).is_err());
            let checked = jsonwebtoken::crypto::verify("", b"", key.decoding(), algorithm);
            assert!(checked.is_err());
        }
        let secret = EncodingKey::from_secret(b"secret");
        assert!(jsonwebtoken::crypto::sign(b"", &secret, Algorithm::HS256).is_err());
    }
}
