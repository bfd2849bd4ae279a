//! Argon2id and Argon2i (RFC 9106): `$argon2id$v=19$m=…,t=…,p=…$<salt>$<hash>`, and the same after
//! the word `argon2`, as Django writes it.

use argon2::{
    ARGON2I_IDENT, ARGON2ID_IDENT, Algorithm, Params, PasswordHash, Version,
    password_hash::phc::{Output, Salt},
};

use super::Price;
use crate::crypto::password::{Memory, PasswordCost, UnreadableHash, compute};

/// What stands in front of the PHC string.
pub(super) const MARK: &str = "argon2";

pub(super) const BOUNDS: &str =
    "Argon2 takes 7 to 64 MiB and 1 to 10 passes, 35 MiB over all passes at least";

/// The least of the settings that OWASP's Password Storage Cheat Sheet holds equal: 7 MiB and 5
/// passes.
const MIN_MEMORY_KIB: u32 = 7 * 1024;
const MIN_WORK_KIB: u64 = 5 * 7 * 1024;
/// Fewer bytes could be met by chance.
const MIN_OUTPUT: usize = 16;

pub(super) struct Argon2Hash {
    algorithm: Algorithm,
    params: Params,
    salt: Salt,
    output: Output,
}

impl Argon2Hash {
    pub(super) fn read(text: &str) -> Option<Self> {
        let phc = PasswordHash::new(text.strip_prefix(MARK).unwrap_or(text)).ok()?;
        let algorithm = if phc.algorithm == ARGON2ID_IDENT {
            Algorithm::Argon2id
        } else if phc.algorithm == ARGON2I_IDENT {
            Algorithm::Argon2i
        } else {
            return None;
        };
        let plain = phc.params.iter().all(|(name, _)| {
            let name = name.as_str();
            matches!(name, "m" | "t" | "p")
        });
        if phc.version != Some(Version::V0x13.into()) || !plain {
            return None;
        }
        Some(Self {
            algorithm,
            params: Params::try_from(&phc.params).ok()?,
            salt: phc.salt?,
            output: phc.hash.filter(|output| output.len() >= MIN_OUTPUT)?,
        })
    }

    pub(super) const fn params(&self) -> &Params {
        &self.params
    }

    pub(super) fn price(&self) -> Price {
        let (memory, passes) = (self.params.m_cost(), self.params.t_cost());
        let work = u64::from(memory) * u64::from(passes);
        Price::of(
            memory < MIN_MEMORY_KIB || work < MIN_WORK_KIB,
            memory > PasswordCost::MAX_MEMORY_KIB || passes > PasswordCost::MAX_PASSES,
        )
    }

    pub(super) fn matches(&self, typed: &str, memory: &mut Memory) -> Result<bool, UnreadableHash> {
        let length = self.output.len();
        let output = compute(
            self.algorithm,
            &self.params,
            typed,
            &self.salt,
            length,
            memory,
        )?;
        // `Output` compares in constant time.
        Ok(output == self.output)
    }
}
