//! Names for the log that name nobody: keyed hashes of what must not be logged itself.
//!
//! People type passwords into the name field, so an identifier that belongs to no user is logged
//! only like this. The same text has the same pseudonym on every node of a deployment, and without
//! the master key nobody can try guesses against it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use super::master::MasterKeys;

/// The key of this deployment's pseudonyms.
pub struct Pseudonyms(hmac::Key);

impl Pseudonyms {
    /// Derives the key from the active master key.
    #[must_use]
    pub fn new(master: &MasterKeys) -> Self {
        let secret = master.active_key().derive("signet pseudonym key v1");
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_slice()))
    }

    /// The pseudonym of `text`: 16 characters of base64url, 96 bits of an HMAC-SHA-256.
    #[must_use]
    pub fn of(&self, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(&hmac::sign(&self.0, text.as_bytes()).as_ref()[..12])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_has_one_pseudonym_per_deployment() {
        // Computed with Python's hmac.
        let one = MasterKeys::parse("1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", None);
        let two = MasterKeys::parse("1:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8", None);
        let (one, two) = (
            Pseudonyms::new(&one.unwrap()),
            Pseudonyms::new(&two.unwrap()),
        );
        assert_eq!(one.of("hunter2"), "dG4qHIZo3gbdPpaM");
        assert_ne!(two.of("hunter2"), one.of("hunter2"));
        assert_ne!(one.of("hunter3"), one.of("hunter2"));
    }
}
