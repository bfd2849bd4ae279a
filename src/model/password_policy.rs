//! What a password must be like (NIST SP 800-63B-4 §3.1.1): long, not on a list, not guessable.
//! No composition rules, no expiry, no hints.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

/// The longest password in bytes; longer ones are refused before any work is done on them.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// Long passwords from public lists of leaked ones, folded to lower case, one a line.
const COMMON: &str = include_str!("common_passwords.txt");

/// A password as typed, and normalised once. Neither shown nor stored.
#[derive(Clone)]
pub struct Password {
    normalised: Zeroizing<String>,
    /// Where that is another text.
    typed: Option<Zeroizing<String>>,
}

impl Password {
    /// Normalises to NFKC, so that the same keys on another device give the same password. Nothing
    /// is cut, trimmed or folded.
    pub fn new(typed: &str) -> Result<Self, PasswordRefusal> {
        if typed.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordRefusal::TooLong);
        }
        let normalised: Zeroizing<String> = Zeroizing::new(typed.nfkc().collect());
        let differs = normalised.as_str() != typed;
        Ok(Self {
            typed: differs.then(|| Zeroizing::new(typed.to_owned())),
            normalised,
        })
    }

    /// The normalised text, for the hash alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.normalised
    }

    /// The text as typed, for a hash that another system made of what was typed there.
    #[must_use]
    pub fn expose_typed(&self) -> &str {
        self.typed.as_ref().unwrap_or(&self.normalised)
    }
}

/// What a new password is judged by.
#[derive(Debug, Clone)]
pub struct PasswordPolicy {
    /// The least number of characters (code points).
    pub min_length: usize,
    /// Words of this deployment: the product, the issuer's host.
    pub context: Vec<String>,
}

/// Why a new password is refused. The words tell what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// Fewer characters than the policy asks for.
    #[error("Use at least {min} characters: several unrelated words are easy to remember.")]
    TooShort {
        /// The least number of characters.
        min: usize,
    },
    /// More than [`MAX_PASSWORD_BYTES`].
    #[error("Use at most 1024 bytes.")]
    TooLong,
    /// On the list of common passwords, or made of the user's name or this service's words.
    #[error("This password is well known or made of your name or this service's: choose another.")]
    Blocklisted,
    /// Guessed soon by somebody who tries patterns, keyboard walks and repeats.
    #[error("This password follows a pattern that is guessed soon: choose unrelated words.")]
    Guessable,
}

impl PasswordRefusal {
    /// The code in `errors[]`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too_short",
            Self::TooLong => "too_long",
            Self::Blocklisted => "password_blocklisted",
            Self::Guessable => "password_guessable",
        }
    }
}

impl PasswordPolicy {
    /// Judges a new password of the person known by `names`.
    pub fn check(&self, password: &Password, names: &[&str]) -> Result<(), PasswordRefusal> {
        let text = password.expose();
        if text.chars().count() < self.min_length {
            return Err(PasswordRefusal::TooShort {
                min: self.min_length,
            });
        }
        let folded = Zeroizing::new(text.to_lowercase());
        let words = self.words(names);
        if COMMON.lines().any(|common| common == folded.as_str()) || made_of(&folded, &words) {
            return Err(PasswordRefusal::Blocklisted);
        }
        let inputs: Vec<&str> = words.iter().map(String::as_str).collect();
        if zxcvbn(text, &inputs).score() < Score::Three {
            return Err(PasswordRefusal::Guessable);
        }
        Ok(())
    }

    /// The words that say nothing secret: of the person and of the deployment.
    fn words(&self, names: &[&str]) -> Vec<String> {
        let all = names
            .iter()
            .copied()
            .chain(self.context.iter().map(String::as_str));
        all.flat_map(|name| name.split(['@', '.', '-', '_', ' ']).chain([name]))
            .map(str::to_lowercase)
            .filter(|word| word.chars().count() >= 3)
            .collect()
    }
}

/// Whether little is left once the words are taken out.
fn made_of(folded: &str, words: &[String]) -> bool {
    let mut rest = Zeroizing::new(folded.to_owned());
    for word in words {
        rest = Zeroizing::new(rest.replace(word.as_str(), ""));
    }
    rest.len() < folded.len() && rest.chars().count() < 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), PasswordRefusal> {
        let policy = PasswordPolicy {
            min_length: 15,
            context: vec!["signet".into()],
        };
        policy.check(
            &Password::new(text).unwrap(),
            &["ada.lovelace", "ada@example.org"],
        )
    }

    #[test]
    fn long_passwords_of_any_characters_pass() {
        for good in [
            "velvet orbit canyon mint",
            "Grüße aus dem Süßwarenladen",
            "🦊🎈🌋🎻🧭🪴🧊🎲🛶🪁🦉🍄🧵🪐🎯",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        assert!(
            check(
                &"vx7 Kq"
                    .repeat(3)
                    .chars()
                    .chain("plum harbour tin".chars())
                    .collect::<String>()
            )
            .is_ok()
        );
    }

    #[test]
    fn length_is_counted_in_code_points_after_normalisation() {
        assert_eq!(check("üüüü"), Err(PasswordRefusal::TooShort { min: 15 }));
        assert!(Password::new(&"a".repeat(1024)).is_ok());
        assert_eq!(
            Password::new(&"a".repeat(1025)).err(),
            Some(PasswordRefusal::TooLong)
        );
        let (composed, apart) = (
            Password::new("ü").unwrap(),
            Password::new("u\u{308}").unwrap(),
        );
        assert_eq!(composed.expose(), apart.expose());
    }

    #[test]
    fn common_contextual_and_patterned_ones_are_refused_with_their_reason() {
        assert_eq!(check("Passwordpassword"), Err(PasswordRefusal::Blocklisted));
        assert_eq!(
            check("ada.lovelace@example.org"),
            Err(PasswordRefusal::Blocklisted)
        );
        assert_eq!(
            check("signet-signet-ada"),
            Err(PasswordRefusal::Blocklisted)
        );
        assert_eq!(check("abcabcabcabcabcabc"), Err(PasswordRefusal::Guessable));
        assert_eq!(
            check("aaaaaaaaaaaaaaaaaaaaaaaaa"),
            Err(PasswordRefusal::Guessable)
        );
    }
}
