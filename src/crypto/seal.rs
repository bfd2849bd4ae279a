//! Sealed columns: secrets that must be kept in SQL, encrypted under a master key.
//!
//! Text form, for a TEXT column: `v1.<master key id>.<base64url(nonce ‖ ciphertext ‖ tag)>`,
//! AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits. The key is derived per purpose;
//! purpose and name are associated data, so a sealed value opens only in its own row.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::master::{MasterKey, MasterKeys};
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
    let key = cipher(keys.active_key(), purpose)?;
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
    Ok(format!(
        "v1.{}.{}",
        keys.active(),
        URL_SAFE_NO_PAD.encode(sealed)
    ))
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

    let key = cipher(
        keys.key(id).ok_or(SealError::UnknownMasterKey(id))?,
        purpose,
    )?;
    let nonce = Nonce::assume_unique_for_key(nonce);
    let length = key
        .open_within(nonce, context(purpose, name), &mut body, NONCE_LEN..)
        .map_err(|_| SealError::Refused)?
        .len();
    body.truncate(length);
    Ok(body)
}

/// The master key under which a value is sealed; none where it is no sealed value.
#[must_use]
pub fn sealed_under(text: &str) -> Option<u8> {
    let (id, _) = text.strip_prefix("v1.")?.split_once('.')?;
    id.parse().ok()
}

fn cipher(key: &MasterKey, purpose: &str) -> Result<LessSafeKey, SealError> {
    let derived = key.derive(&format!("signet seal v1 {purpose}"));
    let key = UnboundKey::new(&AES_256_GCM, derived.as_slice()).map_err(|_| SealError::Refused)?;
    Ok(LessSafeKey::new(key))
}

/// The NUL keeps ("a", "bc") and ("ab", "c") apart.
fn context(purpose: &str, name: &str) -> Aad<Vec<u8>> {
    Aad::from([purpose.as_bytes(), b"\0", name.as_bytes()].concat())
}

#[cfg(test)]
mod tests;
