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
