//! Private keys that were made elsewhere: PEM (PKCS#8, SEC 1, PKCS#1) and JWK, read into signing
//! keys. What is weak, or of which two parts disagree, is refused with a sentence that says so.
//!
//! It reads text and knows nothing of files. How a key lives once it is in, is not decided here.

mod asn1;
mod jwk;
mod pem;
mod weakness;

use zeroize::Zeroizing;

use super::signing::{SigningKey, jws};
use crate::model::signing_key::Algorithm;

/// The longest text that is looked at, in bytes: an RSA key of 4096 bits as a JWK takes four
/// thousand.
pub const MAX_LENGTH: usize = 64 * 1024;

/// Why a key is not taken: the rest of a sentence that begins with the name of its file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// There is nothing.
    #[error("is empty")]
    Empty,
    /// It is longer than [`MAX_LENGTH`].
    #[error("is longer than 64 KiB, and no key is")]
    TooLong,
    /// Neither PEM nor JSON.
    #[error(
        "is neither PEM nor a JWK; of a key in DER, `openssl pkey -inform DER -in FILE` makes PEM"
    )]
    Foreign,
    /// PEM of something else.
    #[error("holds {0} and no private key; a private key is needed")]
    NoPrivateKey(&'static str),
    /// More than one.
    #[error("holds more than one private key; import one at a time")]
    Several,
    /// Protected by a passphrase.
    #[error("is encrypted; `openssl pkey -in FILE` decrypts it")]
    Encrypted,
    /// `OPENSSH PRIVATE KEY`.
    #[error("is in the form of OpenSSH; `ssh-keygen -p -m PEM -f COPY` changes that of a copy")]
    OpenSsh,
    /// Cut off, altered, or badly made.
    #[error("cannot be read: {0}")]
    Damaged(&'static str),
    /// A kind of key that signs nothing here.
    #[error("is {0}; keys that sign tokens are of P-256 (ES256), Ed25519 (EdDSA) or RSA (RS256)")]
    Kind(String),
    /// An EC key without its public point.
    #[error(
        "holds a private key without its public part; `openssl pkey -in FILE` writes it with both"
    )]
    NoPublicPart,
    /// The parts are not of one key.
    #[error("holds a private and a public part that do not belong together")]
    Mismatch,
    /// Too few bits.
    #[error("is an RSA key of {0} bits; at least 2048 are needed, and 3072 are better")]
    RsaTooSmall(usize),
    /// Too many bits.
    #[error("is an RSA key of {0} bits; at most 4096 are used")]
    RsaTooLarge(usize),
    /// An exponent that weakens the key, or that verifiers do not take.
    #[error("is an RSA key with an unsafe public exponent; 65537 is the usual one")]
    RsaExponent,
    /// Made by a chip whose primes can be guessed (CVE-2017-15361).
    #[error("is an RSA key that can be factored (ROCA, CVE-2017-15361); make another")]
    RsaRoca,
    /// Of more than two primes.
    #[error("is an RSA key of more than two primes, which nothing here can use")]
    RsaPrimes,
    /// A JWKS.
    #[error("is a set of keys; import them one at a time, each as a JWK of its own")]
    JwkSet,
    /// A JWK without its private member.
    #[error("is the public part of a key; the private one is needed")]
    JwkPublic,
    /// A member is missing or not what it has to be.
    #[error("is a JWK whose member {0:?} is missing, doubled, or not canonical base64url")]
    JwkMember(&'static str),
    /// For another algorithm.
    #[error("says \"alg\": {found:?}, but such a key signs with {needed}")]
    JwkAlgorithm {
        /// What it says.
        found: String,
        /// What it can do.
        needed: Algorithm,
    },
    /// Not for signatures.
    #[error("is a JWK that is not for signing (\"use\", \"key_ops\"); import one that is")]
    JwkUse,
    /// Called by another name than its own.
    #[error(
        "says \"kid\": {found:?}, but keys go by their RFC 7638 thumbprint here, {thumbprint}; \
         remove \"kid\", and let verifiers read the JWKS"
    )]
    JwkKid {
        /// What it says.
        found: String,
        /// Its name.
        thumbprint: String,
    },
}

/// Reads a private key from PEM or a JWK.
pub fn read(text: &[u8]) -> Result<SigningKey, ImportError> {
    if text.len() > MAX_LENGTH {
        return Err(ImportError::TooLong);
    }
    let text = std::str::from_utf8(text).map_err(|_| ImportError::Foreign)?;
    match text.trim_start().as_bytes() {
        [] => Err(ImportError::Empty),
        [b'{', ..] => jwk::read(text),
        _ => pem::read(text)?.key(),
    }
}

/// The numbers of a private key, in whatever form they came.
enum Material {
    /// A scalar of P-256, and its point: 0x04 ‖ X ‖ Y (SEC 1 §2.3.3).
    Ec {
        d: Zeroizing<[u8; 32]>,
        point: [u8; 65],
    },
    /// A seed of Ed25519, and the public key that came with it, if one did.
    Ed {
        seed: Zeroizing<[u8; 32]>,
        public: Option<Vec<u8>>,
    },
    /// An `RSAPrivateKey` in DER (RFC 8017 §A.1.2).
    Rsa(Zeroizing<Vec<u8>>),
}

impl Material {
    /// The key, if it is strong and in itself consistent: it has signed once.
    fn key(&self) -> Result<SigningKey, ImportError> {
        let (algorithm, pkcs8) = match self {
            Self::Ec { d, point } => (Algorithm::ES256, asn1::ec_pkcs8(d, point)),
            Self::Ed { seed, public } => {
                (Algorithm::EdDsa, asn1::ed_pkcs8(seed, public.as_deref())?)
            }
            Self::Rsa(pkcs1) => {
                weakness::refuse(pkcs1)?;
                (Algorithm::RS256, asn1::rsa_pkcs8(pkcs1)?)
            }
        };
        let key = SigningKey::from_private(algorithm, &pkcs8).map_err(|_| ImportError::Mismatch)?;
        // ring holds the exponents of an RSA key against each other only when it signs.
        jsonwebtoken::crypto::sign(b"signet", key.encoding(), jws(algorithm))
            .map_err(|_| ImportError::Mismatch)?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests;
