//! Where a new password comes from: two prompts, a pipe, or chance. Never from the command line,
//! where every process could read it.

use std::io::{self, IsTerminal, Read};

use clap::Args;
use zeroize::Zeroizing;

use super::{
    failure::{Failure, Kind},
    prompt,
};
use crate::{crypto::random::Rng, model::password_policy::MAX_PASSWORD_BYTES};

/// Letters and digits that nobody mistakes for one another: 31 of them, 4.95 bits each.
const LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS: usize = 4;
const GROUP_LETTERS: usize = 5;

/// How the password of a user is given. Without either option it is asked for twice.
#[derive(Args, Clone, Copy, Debug)]
#[group(multiple = false)]
pub(super) struct PasswordSource {
    /// Make a random password and show it once
    #[arg(long)]
    generate: bool,
    /// Read the password from standard input, up to the first line break
    #[arg(long)]
    password_stdin: bool,
}

/// A new password, and whether we made it, so that it has to be shown.
pub(super) struct NewPassword {
    pub(super) text: Zeroizing<String>,
    pub(super) generated: bool,
}

impl PasswordSource {
    /// The password. One that is typed is judged before it is asked for again.
    pub(super) fn read(
        self,
        rng: &dyn Rng,
        judge: impl FnOnce(&str) -> Result<(), Failure>,
    ) -> Result<NewPassword, Failure> {
        let text = if self.generate {
            generate(rng)
        } else if self.password_stdin {
            from_pipe(&mut io::stdin().lock())?
        } else if io::stdin().is_terminal() {
            ask_twice(|| prompt::hidden("Password: "), judge)?
        } else {
            return Err(Failure::new(
                Kind::Usage,
                "There is no terminal to ask for a password; add --generate, or pipe it in with --password-stdin.",
            ));
        };
        Ok(NewPassword {
            text,
            generated: self.generate,
        })
    }
}

/// A password that somebody has already: from a pipe, or asked for.
pub(super) fn known(from_stdin: bool) -> Result<Zeroizing<String>, Failure> {
    if from_stdin {
        return from_pipe(&mut io::stdin().lock());
    }
    if io::stdin().is_terminal() {
        return prompt::hidden("Password: ");
    }
    Err(Failure::new(
        Kind::Usage,
        "There is no terminal to ask for a password; pipe it in with --password-stdin.",
    ))
}

/// A random password in four groups, about 99 bits: `k7mfp-2xqdh-9wzta-hn4ce`.
pub(super) fn generate(rng: &dyn Rng) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(GROUPS * (GROUP_LETTERS + 1)));
    for letter in 0..GROUPS * GROUP_LETTERS {
        if letter > 0 && letter % GROUP_LETTERS == 0 {
            text.push('-');
        }
        text.push(random_letter(rng));
    }
    text
}

/// Unbiased: bytes beyond the last whole multiple of 31 are thrown away.
fn random_letter(rng: &dyn Rng) -> char {
    const LIMIT: u8 = 31 * 8;
    loop {
        let mut byte = [0];
        rng.fill(&mut byte);
        if byte[0] < LIMIT {
            return char::from(LETTERS[usize::from(byte[0]) % LETTERS.len()]);
        }
    }
}

fn from_pipe(input: &mut dyn Read) -> Result<Zeroizing<String>, Failure> {
    let limit = MAX_PASSWORD_BYTES as u64 + 2;
    let mut text = Zeroizing::new(String::new());
    input.take(limit).read_to_string(&mut text).map_err(|error| {
        Failure::new(Kind::Usage, format_args!("The password on standard input cannot be read ({error}); pipe it in as UTF-8 text."))
    })?;
    let password = text.split(['\r', '\n']).next().unwrap_or_default();
    if password.is_empty() {
        return Err(Failure::new(
            Kind::Usage,
            "There is no password on standard input; pipe it in, or use --generate.",
        ));
    }
    Ok(Zeroizing::new(password.to_owned()))
}

fn ask_twice(
    first: impl FnOnce() -> Result<Zeroizing<String>, Failure>,
    judge: impl FnOnce(&str) -> Result<(), Failure>,
) -> Result<Zeroizing<String>, Failure> {
    let first = first()?;
    judge(&first)?;
    let second = prompt::hidden("Password, once more: ")?;
    if first != second {
        return Err(Failure::new(
            Kind::Refused,
            "The two passwords differ; run the command again.",
        ));
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::random::SeededRng,
        model::password_policy::{Password, PasswordPolicy},
    };

    #[test]
    fn generated_passwords_are_readable_different_and_allowed() {
        let rng = SeededRng::new(1);
        let policy = PasswordPolicy {
            min_length: 15,
            context: vec!["signet".to_owned()],
        };
        let mut seen = std::collections::HashSet::new();
        for _ in 0..200 {
            let text = generate(&rng);
            assert_eq!(text.len(), 23);
            assert!(text.split('-').all(|group| group.len() == 5));
            assert!(
                policy
                    .check(&Password::new(&text).unwrap(), &["demo"])
                    .is_ok(),
                "{}",
                *text
            );
            assert!(seen.insert(text.to_string()));
        }
    }

    #[test]
    fn a_password_that_is_refused_is_not_asked_for_again() {
        let typed = || Ok(Zeroizing::new("short".to_owned()));
        let refuse = |_: &str| Err(Failure::new(Kind::Refused, "It is too short."));
        assert_eq!(ask_twice(typed, refuse).unwrap_err().kind(), Kind::Refused);
    }

    #[test]
    fn a_piped_password_ends_at_the_line() {
        let read = |text: &str| from_pipe(&mut text.as_bytes());
        for text in [
            "correct horse",
            "correct horse\n",
            "correct horse\r\n",
            "correct horse\nmore\n",
        ] {
            assert_eq!(*read(text).unwrap(), "correct horse");
        }
        for text in ["", "\n", "\nlate"] {
            assert_eq!(read(text).unwrap_err().kind(), Kind::Usage);
        }
        assert!(from_pipe(&mut [0xff_u8, 0xfe].as_slice()).is_err());
    }
}
