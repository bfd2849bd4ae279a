//! Password hashes that other systems made: which are taken over, and how they are checked.
//!
//! Owns the forms and what they may cost: Argon2, bcrypt, scrypt and PBKDF2, as PHC strings, in
//! the forms of crypt and of Django. Each is kept as it came, which tells it from one of ours, and
//! replaced by one of ours at the first login: that, and turns and threads, are others' business.

mod argon2;
mod bcrypt;
mod pbkdf2;
mod scrypt;

use zeroize::Zeroizing;

use self::{argon2::Argon2Hash, bcrypt::BcryptHash, pbkdf2::Pbkdf2Hash, scrypt::ScryptHash};
use super::password::{self, Memory, PasswordCost, UnreadableHash, Verified};

/// The longest text that is looked at.
const MAX_BYTES: usize = 512;

/// A hash that is taken over, as it will be stored. Neither shown nor logged; wiped when dropped.
#[derive(Clone)]
pub struct ForeignHash(Zeroizing<String>);

/// Why a hash is not taken over. The words never repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForeignHashError {
    /// Another algorithm, or no hash at all.
    #[error(
        "this is no hash that can be checked here: Argon2id, Argon2i, bcrypt, scrypt or \
         PBKDF2-SHA256"
    )]
    Unknown,
    /// It begins like one of these, and is not.
    #[error("this is no whole {0} hash")]
    Malformed(&'static str),
    /// Whoever has the table guesses the password soon.
    #[error("the hash is too cheap to keep ({0}): leave it out and have a new password set")]
    TooCheap(&'static str),
    /// Each attempt to log in would cost too much.
    #[error("the hash costs more than a login may ({0}): leave it out and have a new password set")]
    TooDear(&'static str),
}

impl ForeignHash {
    /// Takes a hash over that is whole, no cheaper than is safe and no dearer than a login may be.
    pub fn take_over(text: &str) -> Result<Self, ForeignHashError> {
        let scheme = Scheme::read(text)?;
        match scheme.price() {
            Price::Fair => Ok(Self(Zeroizing::new(mark(text)))),
            Price::TooCheap => Err(ForeignHashError::TooCheap(scheme.bounds())),
            Price::TooDear => Err(ForeignHashError::TooDear(scheme.bounds())),
        }
    }

    /// The text to store.
    #[must_use]
    pub fn as_stored(&self) -> &str {
        &self.0
    }
}

/// Whether a stored hash was taken over.
pub(super) fn is_foreign(stored: &str) -> bool {
    !stored.starts_with("$argon2id$")
}

/// Checks a password, as typed, against a hash that was taken over. The caps hold here too, for a
/// row that came another way. It costs no less than one of ours: for Argon2 the rest is spent, for
/// the others, whose price has another coin, all of it.
pub(super) fn verify(
    cost: PasswordCost,
    typed: &str,
    stored: &str,
    memory: &mut Memory,
) -> Result<Verified, UnreadableHash> {
    let scheme = Scheme::read(stored).map_err(|_| UnreadableHash)?;
    if scheme.price() == Price::TooDear {
        return Err(UnreadableHash);
    }
    let matches = match &scheme {
        Scheme::Argon2(hash) => {
            let matches = hash.matches(typed, memory)?;
            password::top_up(cost, hash.params(), typed, memory)?;
            matches
        }
        Scheme::Bcrypt(hash) => also(cost, typed, memory, hash.matches(typed))?,
        Scheme::Pbkdf2(hash) => also(cost, typed, memory, Ok(hash.matches(typed)))?,
        Scheme::Scrypt(hash) => also(cost, typed, memory, hash.matches(typed))?,
    };
    Ok(if matches {
        Verified::Yes { needs_rehash: true }
    } else {
        Verified::No
    })
}

/// The answer, after all that a new hash costs.
fn also(
    cost: PasswordCost,
    typed: &str,
    memory: &mut Memory,
    matches: Result<bool, UnreadableHash>,
) -> Result<bool, UnreadableHash> {
    password::spend_all(cost, typed, memory)?;
    matches
}

/// An Argon2 hash from elsewhere is kept in Django's form: without the word in front it could be
/// one of ours, which are made of normalised text.
fn mark(text: &str) -> String {
    if text.starts_with("$argon2") {
        format!("{}{text}", argon2::MARK)
    } else {
        text.to_owned()
    }
}

enum Scheme {
    Argon2(Argon2Hash),
    Bcrypt(BcryptHash),
    Pbkdf2(Pbkdf2Hash),
    Scrypt(ScryptHash),
}

/// What a hash costs, within what is allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Price {
    TooCheap,
    Fair,
    TooDear,
}

impl Price {
    fn of(too_cheap: bool, too_dear: bool) -> Self {
        match (too_cheap, too_dear) {
            (_, true) => Self::TooDear,
            (true, false) => Self::TooCheap,
            (false, false) => Self::Fair,
        }
    }
}

impl Scheme {
    fn read(text: &str) -> Result<Self, ForeignHashError> {
        if text.len() > MAX_BYTES {
            return Err(ForeignHashError::Unknown);
        }
        let malformed = ForeignHashError::Malformed;
        let word = text.trim_start_matches('$').split('$').next();
        match word.unwrap_or_default() {
            "argon2" | "argon2id" | "argon2i" => Argon2Hash::read(text)
                .map(Self::Argon2)
                .ok_or(malformed("Argon2 (version 1.3)")),
            "bcrypt" | "bcrypt_sha256" | "2a" | "2b" | "2y" => BcryptHash::read(text)
                .map(Self::Bcrypt)
                .ok_or(malformed("bcrypt")),
            "pbkdf2_sha256" => Pbkdf2Hash::read(text)
                .map(Self::Pbkdf2)
                .ok_or(malformed("PBKDF2-SHA256")),
            "scrypt" => ScryptHash::read(text)
                .map(Self::Scrypt)
                .ok_or(malformed("scrypt")),
            _ => Err(ForeignHashError::Unknown),
        }
    }

    fn price(&self) -> Price {
        match self {
            Self::Argon2(hash) => hash.price(),
            Self::Bcrypt(hash) => hash.price(),
            Self::Pbkdf2(hash) => hash.price(),
            Self::Scrypt(hash) => hash.price(),
        }
    }

    const fn bounds(&self) -> &'static str {
        match self {
            Self::Argon2(_) => argon2::BOUNDS,
            Self::Bcrypt(_) => bcrypt::BOUNDS,
            Self::Pbkdf2(_) => pbkdf2::BOUNDS,
            Self::Scrypt(_) => scrypt::BOUNDS,
        }
    }
}

#[cfg(test)]
mod tests;
