//! Client secrets: made, and proven (RFC 6749 §2.3.1).
//!
//! `signet_cs_<secret: 43><crc: 6>`, base62: 256 random bits. The digest, which is stored, is
//! `HMAC-SHA-256(pepper, "signet cs v1" ‖ client id ‖ text)`, as for API keys: nothing slower is of
//! use. Its own prefix keeps it apart from an API key, and the client's id in the digest from the
//! secret of another client.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::pepper::Pepper;
use super::random::{self, Rng};
use super::secret_digest::SecretDigest;
use crate::model::{checksum, id::ClientId, refresh_token::TokenPrefix};

const KIND: &str = "_cs_";
const DIGITS: usize = 43;
/// The longest text that is looked at: no secret of ours is as long.
const MAX_LENGTH: usize = 256;

/// Makes client secrets and checks those that are presented.
#[derive(Clone)]
pub struct ClientSecrets {
    pepper: Pepper,
    prefix: TokenPrefix,
}

/// A new client secret. It has no `Debug`; its text is wiped when dropped.
pub struct FreshClientSecret {
    /// The secret, for the answer to whoever made it and for nothing else.
    pub text: Zeroizing<String>,
    /// What is stored of it.
    pub digest: ClientSecretDigest,
}

/// What is stored of a client secret.
pub type ClientSecretDigest = SecretDigest<ClientSecrets>;

impl ClientSecrets {
    /// New secrets begin with `prefix`.
    #[must_use]
    pub fn new(pepper: Pepper, prefix: TokenPrefix) -> Self {
        Self { pepper, prefix }
    }

    /// A new secret of that client.
    #[must_use]
    pub fn make(&self, client: ClientId, rng: &dyn Rng) -> FreshClientSecret {
        let digits = Zeroizing::new(random::digits::<DIGITS>(rng));
        let mut text = Zeroizing::new(String::with_capacity(MAX_LENGTH));
        text.push_str(self.prefix.as_str());
        text.push_str(KIND);
        text.extend(digits.iter().copied().map(char::from));
        checksum::append(&mut text);
        let digest = self.digest(client, &text);
        FreshClientSecret { text, digest }
    }

    /// Whether `text` is one of the secrets of which these were stored, in constant time. The work
    /// is the same where there are none.
    #[must_use]
    pub fn proves<'d>(
        &self,
        client: ClientId,
        text: &str,
        stored: impl IntoIterator<Item = &'d ClientSecretDigest>,
    ) -> bool {
        if text.len() > MAX_LENGTH {
            return false;
        }
        let presented = self.digest(client, text);
        let same = |stored: &ClientSecretDigest| bool::from(presented.ct_eq(stored));
        stored
            .into_iter()
            .fold(false, |found, stored| found | same(stored))
    }

    fn digest(&self, client: ClientId, text: &str) -> ClientSecretDigest {
        let parts = ["signet cs v1", &client.to_string(), text];
        ClientSecretDigest::new(self.pepper.mac(&parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SeededRng;
    use crate::model::time::Timestamp;

    // Computed with Python's hmac and hashlib: pepper 00 01 … 1f.
    const CLIENT: &str = "cli_019a0b1c-2d3e-7f00-8123-456789abcdef";
    const SECRET: &str = "signet_cs_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq000000";
    const DIGEST: &str = "5QIneYeYkQovcdgIFVnngtYxLR7xE6ICRg-1zNj86r4";

    fn secrets() -> ClientSecrets {
        let pepper: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        ClientSecrets::new(Pepper::new(1, &pepper).unwrap(), TokenPrefix::default())
    }

    #[test]
    fn reads_the_test_vector() {
        let (client, stored) = (
            CLIENT.parse().unwrap(),
            ClientSecretDigest::parse(DIGEST).unwrap(),
        );
        assert!(secrets().proves(client, SECRET, [&stored]));
        assert_eq!(stored.to_text(), DIGEST);
    }

    #[test]
    fn a_secret_proves_its_own_client_alone() {
        let (secrets, rng) = (secrets(), SeededRng::new(1));
        let client = |byte| ClientId::new(Timestamp::default(), [byte; 10]);
        let made = secrets.make(client(1), &rng);
        let other = secrets.make(client(1), &rng);
        assert!(made.text.starts_with("signet_cs_") && made.text.len() == 59);
        assert!(*made.text != *other.text);
        assert!(secrets.proves(client(1), &made.text, [&other.digest, &made.digest]));
        assert!(!secrets.proves(client(2), &made.text, [&made.digest]));
        assert!(!secrets.proves(client(1), &made.text, [&other.digest]));
        assert!(!secrets.proves(client(1), &made.text, []));
        assert!(!secrets.proves(client(1), "", [&made.digest]));
        assert!(!secrets.proves(client(1), &"x".repeat(100_000), [&made.digest]));
    }
}
