//! A parsed private key: what ring signs with.
//!
//! Parsing is dear (ring recomputes the public point, or checks p·q = n), so it happens once a
//! key: the provider keeps the result.

use jsonwebtoken::AlgorithmFamily;
use ring::error::Unspecified;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};

use super::random;

/// A private key of one of the three kinds that Signet signs with.
pub(super) enum KeyPair {
    /// P-256, for ES256.
    Ec(EcdsaKeyPair),
    /// Ed25519, for `EdDSA`.
    Ed(Ed25519KeyPair),
    /// RSA of at least 2048 bits (ring refuses less), for RS256.
    Rsa(RsaKeyPair),
}

/// The public half, as raw big-endian numbers.
pub(super) enum PublicKey {
    /// Coordinates of a point on P-256, full width.
    Ec { x: [u8; 32], y: [u8; 32] },
    /// An Ed25519 public key.
    Ed([u8; 32]),
    /// Modulus and exponent, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

impl KeyPair {
    /// Reads a PKCS#8 document, and refuses one whose public part does not belong to its private
    /// part. For Ed25519 both versions of PKCS#8 are read: ring's own reader takes only version 2
    /// (RFC 8410 §7), other tools write version 1.
    pub(super) fn from_pkcs8(family: AlgorithmFamily, pkcs8: &[u8]) -> Result<Self, Unspecified> {
        Ok(match family {
            AlgorithmFamily::Ec => Self::Ec(EcdsaKeyPair::from_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                pkcs8,
                &random::system(),
            )?),
            AlgorithmFamily::Ed => Self::Ed(Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8)?),
            AlgorithmFamily::Rsa => Self::Rsa(RsaKeyPair::from_pkcs8(pkcs8)?),
            AlgorithmFamily::Hmac => return Err(Unspecified),
        })
    }

    /// The signature in the form of a JWS: r‖s of 64 bytes for ES256 (RFC 7518 §3.4), 64 bytes
    /// for `EdDSA`, as long as the modulus for RS256.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let rng = random::system();
        match self {
            Self::Ec(key) => Ok(key.sign(&rng, message)?.as_ref().to_vec()),
            Self::Ed(key) => Ok(key.sign(message).as_ref().to_vec()),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &rng, message, &mut signature)?;
                Ok(signature)
            }
        }
    }

    /// The public half.
    pub(super) fn public(&self) -> PublicKey {
        match self {
            Self::Ec(key) => {
                // SEC 1 §2.3.3, uncompressed: 0x04 ‖ X ‖ Y, 65 bytes.
                let (mut x, mut y) = ([0; 32], [0; 32]);
                x.copy_from_slice(&key.public_key().as_ref()[1..33]);
                y.copy_from_slice(&key.public_key().as_ref()[33..65]);
                PublicKey::Ec { x, y }
            }
            Self::Ed(key) => {
                let mut x = [0; 32];
                x.copy_from_slice(key.public_key().as_ref());
                PublicKey::Ed(x)
            }
            Self::Rsa(key) => {
                let parts = PublicKeyComponents::<Vec<u8>>::from(key.public());
                PublicKey::Rsa {
                    n: parts.n,
                    e: parts.e,
                }
            }
        }
    }
}
