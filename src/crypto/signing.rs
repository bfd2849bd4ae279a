//! Signing keys: made, read from their private bytes, and ready to sign and verify.

use jsonwebtoken::{AlgorithmFamily, DecodingKey, EncodingKey};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey;
use rsa::rand_core::{self, CryptoRng, RngCore};
use zeroize::Zeroizing;

use super::jwk::Jwk;
use super::key_pair::{KeyPair, PublicKey};
use super::provider;
use super::random::{self, Rng};
use crate::model::signing_key::Algorithm;

/// Three thousand and seventy-two bits: the strength of P-256 (ASVS 11.2.3, NIST SP 800-57).
const RSA_BITS: usize = 3072;

/// A private key that signs tokens with one algorithm, and its public half.
pub struct SigningKey {
    algorithm: Algorithm,
    jwk: Jwk,
    encoding: EncodingKey,
    decoding: DecodingKey,
    signature_length: usize,
}

/// Why there is no signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// The bytes are not a PKCS#8 key for that algorithm, or too weak a key.
    #[error("not an acceptable PKCS#8 private key for {0}")]
    Rejected(Algorithm),
    /// The library could not make a key.
    #[error("a key for {0} could not be generated")]
    Generation(Algorithm),
}

impl SigningKey {
    /// Makes a new key. RSA takes seconds of CPU: call it where that blocks nobody. The
    /// key for ES256 comes from the system's random source whatever `rng` is, because ring takes
    /// no other.
    pub fn generate(algorithm: Algorithm, rng: &dyn Rng) -> Result<Self, SigningKeyError> {
        let private = match algorithm {
            Algorithm::ES256 => generate_p256(),
            Algorithm::EdDsa => Some(generate_ed25519(rng)),
            Algorithm::RS256 => generate_rsa(rng, RSA_BITS),
        };
        let private = private.ok_or(SigningKeyError::Generation(algorithm))?;
        Self::from_private(algorithm, &private)
    }

    /// Reads a PKCS#8 document (RFC 5958): P-256 for ES256, Ed25519 for `EdDSA` (version 1 or 2),
    /// RSA of 2048 to 4096 bits for RS256.
    pub fn from_private(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, SigningKeyError> {
        // Whoever has a key can use it: nothing is left for the start of the process to forget.
        provider::install();
        let public = KeyPair::from_pkcs8(family(algorithm), pkcs8)
            .map_err(|_| SigningKeyError::Rejected(algorithm))?
            .public();
        let (encoding, decoding, signature_length) = match &public {
            PublicKey::Ec { x, y } => {
                let point = [&[4], x.as_slice(), y].concat();
                (
                    EncodingKey::from_ec_der(pkcs8),
                    DecodingKey::from_ec_der(&point),
                    64,
                )
            }
            PublicKey::Ed(x) => (
                EncodingKey::from_ed_der(pkcs8),
                DecodingKey::from_ed_der(x),
                64,
            ),
            PublicKey::Rsa { n, e } => {
                let decoding = DecodingKey::from_rsa_raw_components(n, e);
                (EncodingKey::from_rsa_der(pkcs8), decoding, n.len())
            }
        };
        let jwk = Jwk::new(&public, algorithm);
        Ok(Self {
            algorithm,
            jwk,
            encoding,
            decoding,
            signature_length,
        })
    }

    /// The PKCS#8 document that [`from_private`](Self::from_private) reads, to be sealed.
    #[must_use]
    pub fn private_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.encoding.as_bytes().to_vec())
    }

    /// The RFC 7638 thumbprint of the public key, which is its name everywhere.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.jwk.kid
    }

    /// The one algorithm that the key is for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public half, as verifiers fetch it.
    #[must_use]
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    pub(super) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    pub(super) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }

    /// Bytes of each of its signatures.
    pub(super) fn signature_length(&self) -> usize {
        self.signature_length
    }
}

fn family(algorithm: Algorithm) -> AlgorithmFamily {
    jws(algorithm).family()
}

/// The algorithm in the words of `jsonwebtoken`.
pub(super) fn jws(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::ES256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        Algorithm::RS256 => jsonwebtoken::Algorithm::RS256,
    }
}

fn generate_p256() -> Option<Zeroizing<Vec<u8>>> {
    EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random::system())
        .ok()
        .map(|document| Zeroizing::new(document.as_ref().to_vec()))
}

/// RFC 8410 §7: a seed is all there is to an Ed25519 key; this is version 1 of PKCS#8 around it,
/// which every tool reads.
fn generate_ed25519(rng: &dyn Rng) -> Zeroizing<Vec<u8>> {
    const PREFIX: [u8; 16] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    let seed = Zeroizing::new(random::bytes::<32>(rng));
    Zeroizing::new([PREFIX.as_slice(), seed.as_slice()].concat())
}

/// ring cannot make RSA keys. The `rsa` crate makes them and does nothing else here: its private
/// operations are not constant time (RUSTSEC-2023-0071), ring's are.
fn generate_rsa(rng: &dyn Rng, bits: usize) -> Option<Zeroizing<Vec<u8>>> {
    let key = RsaPrivateKey::new(&mut RsaRng(rng), bits).ok()?;
    Some(Zeroizing::new(key.to_pkcs8_der().ok()?.as_bytes().to_vec()))
}

/// Our source of randomness in the interface that the `rsa` crate expects.
struct RsaRng<'a>(&'a dyn Rng);

impl CryptoRng for RsaRng<'_> {}

impl RngCore for RsaRng<'_> {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(random::bytes(self.0))
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(random::bytes(self.0))
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        self.0.fill(out);
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
        self.0.fill(out);
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::jwk::Numbers;
    use crate::crypto::random::SeededRng;

    /// A 2048-bit key, since 3072 bits take too long to make for a test.
    pub(crate) fn small_rsa_key() -> SigningKey {
        let private = generate_rsa(&SeededRng::new(5), 2048).unwrap();
        SigningKey::from_private(Algorithm::RS256, &private).unwrap()
    }

    #[test]
    fn private_bytes_give_the_same_key_again() {
        for algorithm in [Algorithm::ES256, Algorithm::EdDsa] {
            let key = SigningKey::generate(algorithm, &SeededRng::new(1)).unwrap();
            let again = SigningKey::from_private(algorithm, &key.private_bytes()).unwrap();
            assert_eq!((again.jwk(), again.kid().len()), (key.jwk(), 43));
        }
    }

    struct Fixed([u8; 32]);

    impl Rng for Fixed {
        fn fill(&self, out: &mut [u8]) {
            out.copy_from_slice(&self.0);
        }
    }

    #[test]
    fn reads_the_key_of_rfc_8037_appendix_a_1() {
        // Seed 9d61b19d…7f60 of RFC 8032 §7.1, as version 1 of PKCS#8.
        let seed: [u8; 32] = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec,
            0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03,
            0x1c, 0xae, 0x7f, 0x60,
        ];
        let key = SigningKey::generate(Algorithm::EdDsa, &Fixed(seed)).unwrap();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn refuses_another_kind_of_key_and_broken_documents() {
        let ec = SigningKey::generate(Algorithm::ES256, &SeededRng::new(1)).unwrap();
        let private = ec.private_bytes();
        for algorithm in [Algorithm::EdDsa, Algorithm::RS256] {
            let refused = SigningKey::from_private(algorithm, &private).err();
            assert_eq!(refused, Some(SigningKeyError::Rejected(algorithm)));
        }
        assert!(SigningKey::from_private(Algorithm::ES256, &private[1..]).is_err());
        assert!(SigningKey::from_private(Algorithm::ES256, &[]).is_err());
    }

    #[test]
    fn an_rsa_key_has_a_short_exponent_and_a_full_modulus() {
        let Numbers::Rsa { n, e } = small_rsa_key().jwk().numbers.clone() else {
            panic!("an RSA key")
        };
        assert_eq!((n.len(), e.as_str()), (342, "AQAB"));
    }
}
