//! Sealed columns: secrets that must be kept in SQL, encrypted under a master key.
//!
//! Text form, for a TEXT column: `v1.<master key id>.<base64url(nonce ‖ ciphertext ‖ tag)>`,
//! AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits. The key is derived per purpose;
//! purpose and name are associated data, so a sealed value opens only in its own row.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::master::MasterKeys;
use super::random::{self, Rng};

/// Why a sealed value does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not a sealed value at all.
    #[error("this is not a sealed value")]
    Malformed,
    /// Sealed under a master key that this process does not have.
    #[error("the value is sealed under master key {0}, which is not among the master keys")]
    UnknownMasterKey(u8),
    /// Another key under that id, another row, or altered text.
    #[error("the sealed value does not open: another master key under its id, or altered text")]
    Refused,
}

/// Seals `secret` under the active master key. `purpose` says what kind of secret it is, `name`
/// which one (a signing key's `kid`).
pub fn seal(
    keys: &MasterKeys,
    purpose: &'static str,
    name: &str,
    secret: &[u8],
    rng: &dyn Rng,
) -> Result<String, SealError> {
    let id = keys.active();
    let key = key(keys, id, purpose).ok_or(SealError::UnknownMasterKey(id))?;
    let nonce = random::bytes::<NONCE_LEN>(rng);
    let mut body = Zeroizing::new(secret.to_vec());
    let tag = key
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            context(purpose, name),
            &mut body,
        )
        .map_err(|_| SealError::Refused)?;
    let sealed = [&nonce, body.as_slice(), tag.as_ref()].concat();
    Ok(format!("v1.{id}.{}", URL_SAFE_NO_PAD.encode(sealed)))
}

/// Opens what [`seal`] made for the same purpose and name.
pub fn open(
    keys: &MasterKeys,
    purpose: &'static str,
    name: &str,
    text: &str,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (id, body) = text
        .strip_prefix("v1.")
        .and_then(|rest| rest.split_once('.'))
        .ok_or(SealError::Malformed)?;
    let id = id.parse().map_err(|_| SealError::Malformed)?;
    let mut body = Zeroizing::new(
        URL_SAFE_NO_PAD
            .decode(body)
            .map_err(|_| SealError::Malformed)?,
    );
    let nonce = *body
        .first_chunk::<NONCE_LEN>()
        .ok_or(SealError::Malformed)?;

    let key = key(keys, id, purpose).ok_or(SealError::UnknownMasterKey(id))?;
    let nonce = Nonce::assume_unique_for_key(nonce);
    let length = key
        .open_within(nonce, context(purpose, name), &mut body, NONCE_LEN..)
        .map_err(|_| SealError::Refused)?
        .len();
    body.truncate(length);
    Ok(body)
}

fn key(keys: &MasterKeys, id: u8, purpose: &str) -> Option<LessSafeKey> {
    let derived = keys.derive(id, &format!("signet seal v1 {purpose}"))?;
    UnboundKey::new(&AES_256_GCM, derived.as_slice())
        .ok()
        .map(LessSafeKey::new)
}

/// The NUL keeps ("a", "bc") and ("ab", "c") apart.
fn context(purpose: &str, name: &str) -> Aad<Vec<u8>> {
    Aad::from([purpose.as_bytes(), b"\0", name.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::{SeededRng, SystemRng};

    const ONE: &str = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const TWO: &str = "2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

    fn keys(text: &str) -> MasterKeys {
        MasterKeys::parse(text, None).unwrap()
    }

    #[test]
    fn opens_what_another_implementation_sealed() {
        // Computed with Python's hmac and OpenSSL's AES-256-GCM; nonce 00 01 … 0b.
        let text = "v1.1.AAECAwQFBgcICQoLfgvIc-8EZPuiib8b0QbDwoN_lX5UKkxe8KwQVSk";
        let secret = open(&keys(ONE), "signing key", "kid-1", text).unwrap();
        assert_eq!(*secret, b"a private key");
    }

    #[test]
    fn opens_in_its_own_row_only_and_after_a_change_of_the_active_key() {
        let text = seal(&keys(ONE), "signing key", "kid-1", b"secret", &SystemRng).unwrap();
        let both = keys(&format!("{TWO}\n{ONE}"));
        assert_eq!(
            *open(&both, "signing key", "kid-1", &text).unwrap(),
            b"secret"
        );
        for (purpose, name) in [("pepper", "kid-1"), ("signing key", "kid-2")] {
            assert_eq!(
                open(&both, purpose, name, &text).err(),
                Some(SealError::Refused)
            );
        }
        assert_eq!(
            open(&keys(TWO), "signing key", "kid-1", &text).err(),
            Some(SealError::UnknownMasterKey(1))
        );
        let impostor = keys(&TWO.replacen('2', "1", 1));
        assert_eq!(
            open(&impostor, "signing key", "kid-1", &text).err(),
            Some(SealError::Refused)
        );
    }

    #[test]
    fn refuses_every_altered_byte() {
        let keys = keys(ONE);
        let text = seal(&keys, "signing key", "kid-1", b"secret", &SeededRng::new(1)).unwrap();
        for place in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[place] ^= 1;
            let altered = String::from_utf8(altered).unwrap();
            assert!(
                open(&keys, "signing key", "kid-1", &altered).is_err(),
                "{altered}"
            );
        }
        for text in ["", "v1.1.", "v1.1", "v1.300.AAAA", "v2.1.AAAA"] {
            assert_eq!(
                open(&keys, "signing key", "kid-1", text).err(),
                Some(SealError::Malformed),
                "{text}"
            );
        }
    }
}
