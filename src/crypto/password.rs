//! Password hashes: Argon2id (RFC 9106) in PHC strings,
//! `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`.
//!
//! The functions here compute and block; requests go through the [`lane`](super::lane). What a
//! password must be like is [`model::password_policy`](crate::model::password_policy)'s; hashes
//! that came from elsewhere are [`foreign`](mod@super::foreign)'s.

use argon2::password_hash::phc::{Output, ParamsString, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, PasswordHash, Version};

use super::foreign;
use super::random::{self, Rng};
use crate::model::password_policy::Password;

/// What one hash costs. Never above the caps, so what is made can always be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    memory_kib: u32,
    passes: u32,
}

impl PasswordCost {
    /// The most memory that a hash may take, one of ours or a foreign one: 64 MiB.
    pub const MAX_MEMORY_KIB: u32 = 64 * 1024;
    /// The most passes over it.
    pub const MAX_PASSES: u32 = 10;

    /// 19 MiB and 2 passes, as OWASP's Password Storage Cheat Sheet has it.
    pub const DEFAULT: Self = Self {
        memory_kib: 19 * 1024,
        passes: 2,
    };

    /// A cost within the caps and within what Argon2 can do (8 KiB and 1 pass at least). Whether
    /// it is dear enough is the configuration's judgement; tests take a cheap one.
    #[must_use]
    pub fn new(memory_kib: u32, passes: u32) -> Option<Self> {
        let possible = (Params::MIN_M_COST..=Self::MAX_MEMORY_KIB).contains(&memory_kib)
            && (Params::MIN_T_COST..=Self::MAX_PASSES).contains(&passes);
        possible.then_some(Self { memory_kib, passes })
    }
}

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// Another password.
    No,
    /// The password.
    Yes {
        /// The stored hash has another cost than new ones: hash again while the password is here.
        needs_rehash: bool,
    },
}

/// A stored string is no password hash that can be checked, or one dearer than the caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored password hash is unreadable, or dearer than allowed")]
pub struct UnreadableHash;

/// Working memory for Argon2, kept between hashes: fresh memory would be faulted in page by page
/// each time.
#[derive(Default)]
pub struct Memory(Vec<Block>);

impl Memory {
    fn blocks(&mut self, params: &Params) -> &mut [Block] {
        if self.0.len() < params.block_count() {
            self.0.resize(params.block_count(), Block::new());
        }
        &mut self.0
    }

    #[cfg(test)]
    pub(super) fn blocks_held(&self) -> usize {
        self.0.len()
    }

    /// Gives the memory back to the system.
    pub(super) fn release(&mut self) {
        self.0 = Vec::new();
    }
}

/// Hashes a password with a random salt of 16 bytes into a PHC string.
pub fn hash(
    cost: PasswordCost,
    password: &str,
    rng: &dyn Rng,
    memory: &mut Memory,
) -> Result<String, UnreadableHash> {
    let salt = Salt::new(&random::bytes::<16>(rng)).map_err(|_| UnreadableHash)?;
    let params = params(cost)?;
    let hash = compute(Algorithm::Argon2id, &params, password, &salt, 32, memory)?;
    encode(&params, salt, hash)
}

/// A PHC string of the same cost that no password matches. Checking against it makes an unknown
/// user cost what a known one does.
pub fn dummy(cost: PasswordCost, rng: &dyn Rng) -> Result<String, UnreadableHash> {
    let salt = Salt::new(&random::bytes::<16>(rng)).map_err(|_| UnreadableHash)?;
    let hash = Output::new(&random::bytes::<32>(rng)).map_err(|_| UnreadableHash)?;
    encode(&params(cost)?, salt, hash)
}

/// Checks a password against a stored hash, at the stored cost and in constant time. Where new
/// hashes cost more than the stored one, the rest is spent all the same: otherwise the time would
/// tell that there is such a user, since an unknown one costs what a new hash does.
pub fn verify(
    cost: PasswordCost,
    password: &Password,
    stored: &str,
    memory: &mut Memory,
) -> Result<Verified, UnreadableHash> {
    if foreign::is_foreign(stored) {
        return foreign::verify(cost, password.expose_typed(), stored, memory);
    }
    verify_own(cost, password.expose(), stored, memory)
}

fn verify_own(
    cost: PasswordCost,
    password: &str,
    stored: &str,
    memory: &mut Memory,
) -> Result<Verified, UnreadableHash> {
    let stored = PasswordHash::new(stored).map_err(|_| UnreadableHash)?;
    let params = Params::try_from(&stored.params).map_err(|_| UnreadableHash)?;
    let ours = stored.algorithm == ARGON2ID_IDENT
        && stored.version == Some(Version::V0x13.into())
        && params.m_cost() <= PasswordCost::MAX_MEMORY_KIB
        && params.t_cost() <= PasswordCost::MAX_PASSES;
    let (Some(salt), Some(expected), true) = (stored.salt, stored.hash, ours) else {
        return Err(UnreadableHash);
    };
    let hash = compute(
        Algorithm::Argon2id,
        &params,
        password,
        &salt,
        expected.len(),
        memory,
    )?;
    top_up(cost, &params, password, memory)?;
    // `Output` compares in constant time.
    if hash != expected {
        return Ok(Verified::No);
    }
    let current = (
        params.m_cost(),
        params.t_cost(),
        params.p_cost(),
        expected.len(),
    ) == (cost.memory_kib, cost.passes, 1, 32);
    Ok(Verified::Yes {
        needs_rehash: !current,
    })
}

/// Spends what a new hash costs beyond one that was computed.
pub(super) fn top_up(
    cost: PasswordCost,
    spent: &Params,
    password: &str,
    memory: &mut Memory,
) -> Result<(), UnreadableHash> {
    match rest(cost, spent) {
        Some(rest) => spend(&rest, password, memory),
        None => Ok(()),
    }
}

/// Spends what a new hash costs.
pub(super) fn spend_all(
    cost: PasswordCost,
    password: &str,
    memory: &mut Memory,
) -> Result<(), UnreadableHash> {
    spend(&params(cost)?, password, memory)
}

fn spend(params: &Params, password: &str, memory: &mut Memory) -> Result<(), UnreadableHash> {
    let algorithm = Algorithm::Argon2id;
    compute(algorithm, params, password, &[0; 16], 32, memory).map(drop)
}

/// The cost that a hash of `cost` has beyond one of `spent`: fewer blocks, as many passes. Nothing
/// where that is less than Argon2 takes at least.
fn rest(cost: PasswordCost, spent: &Params) -> Option<Params> {
    let blocks = |memory, passes| u64::from(memory) * u64::from(passes);
    let beyond =
        blocks(cost.memory_kib, cost.passes).checked_sub(blocks(spent.m_cost(), spent.t_cost()))?;
    let memory = u32::try_from(beyond / u64::from(cost.passes)).ok()?;
    Params::new(memory, cost.passes, 1, None).ok()
}

fn params(cost: PasswordCost) -> Result<Params, UnreadableHash> {
    Params::new(cost.memory_kib, cost.passes, 1, None).map_err(|_| UnreadableHash)
}

/// Computes a hash of `length` bytes, 10 to 64.
pub(super) fn compute(
    algorithm: Algorithm,
    params: &Params,
    password: &str,
    salt: &[u8],
    length: usize,
    memory: &mut Memory,
) -> Result<Output, UnreadableHash> {
    let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
    metrics::counter!("signet_argon2_kibibytes_total").increment(work);
    let argon2 = Argon2::new(algorithm, Version::V0x13, params.clone());
    let mut out = [0; Output::MAX_LENGTH];
    let out = out.get_mut(..length).ok_or(UnreadableHash)?;
    argon2
        .hash_password_into_with_memory(password.as_bytes(), salt, out, memory.blocks(params))
        .map_err(|_| UnreadableHash)?;
    Output::new(out).map_err(|_| UnreadableHash)
}

fn encode(params: &Params, salt: Salt, hash: Output) -> Result<String, UnreadableHash> {
    let phc = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(|_| UnreadableHash)?,
        salt: Some(salt),
        hash: Some(hash),
    };
    Ok(phc.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SeededRng;

    #[test]
    fn a_cheaper_hash_is_topped_up_to_the_cost_of_now() {
        let cost = |memory_kib, passes| PasswordCost { memory_kib, passes };
        let topped = |now, stored| rest(now, &params(stored).unwrap());
        let work = |params: Params| u64::from(params.m_cost()) * u64::from(params.t_cost());
        assert_eq!(topped(cost(64, 2), cost(16, 2)).map(work), Some(128 - 32));
        assert_eq!(topped(cost(64, 2), cost(32, 3)).map(work), Some(128 - 96));
        assert!(topped(cost(64, 2), cost(64, 2)).is_none());
        assert!(topped(cost(64, 2), cost(128, 2)).is_none());
    }

    const CHEAP: PasswordCost = PasswordCost {
        memory_kib: 16,
        passes: 1,
    };

    fn typed(password: &str) -> Password {
        Password::new(password).unwrap()
    }

    /// From the tests of the reference implementation (phc-winner-argon2, `src/test.c`).
    const REFERENCE: &str =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    #[test]
    fn checks_the_reference_vector_and_says_that_it_is_outdated() {
        let mut memory = Memory::default();
        let mut check = |cost, password| verify(cost, &typed(password), REFERENCE, &mut memory);
        assert_eq!(
            check(CHEAP, "password"),
            Ok(Verified::Yes { needs_rehash: true })
        );
        let same = PasswordCost::new(256, 2).unwrap();
        assert_eq!(
            check(same, "password"),
            Ok(Verified::Yes {
                needs_rehash: false
            })
        );
        assert_eq!(check(CHEAP, "Password"), Ok(Verified::No));
        assert_eq!(check(CHEAP, ""), Ok(Verified::No));
    }

    #[test]
    fn writes_phc_strings_with_a_salt_of_their_own() {
        let (rng, mut memory) = (SeededRng::new(1), Memory::default());
        let one = hash(PasswordCost::DEFAULT, "correct horse", &rng, &mut memory).unwrap();
        let two = hash(PasswordCost::DEFAULT, "correct horse", &rng, &mut memory).unwrap();
        assert_ne!(one, two);
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        let salt = PasswordHash::new(&one).unwrap().salt.unwrap();
        assert_eq!(salt.len(), 16);
        let yes = verify(
            PasswordCost::DEFAULT,
            &typed("correct horse"),
            &one,
            &mut memory,
        );
        assert_eq!(
            yes,
            Ok(Verified::Yes {
                needs_rehash: false
            })
        );
    }

    #[test]
    fn nothing_matches_the_dummy_which_costs_the_same() {
        let stored = dummy(CHEAP, &SeededRng::new(1)).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=16,t=1,p=1$"));
        let mut memory = Memory::default();
        assert_eq!(
            verify(CHEAP, &typed(""), &stored, &mut memory),
            Ok(Verified::No)
        );
        assert_eq!(memory.0.len(), 16);
    }

    #[test]
    fn refuses_dear_foreign_and_broken_hashes_before_any_work() {
        let mut memory = Memory::default();
        for (from, to) in [
            ("m=256", "m=65537"),
            ("t=2", "t=11"),
            ("m=256", "m=4294967295"),
            ("m=256", "m=1"),
            ("p=1", "p=33"),
            ("argon2id", "argon2d"),
            ("argon2id", "scrypt"),
            ("v=19", "v=16"),
            ("$v=19", ""),
            ("$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", ""),
            (REFERENCE, ""),
        ] {
            let stored = REFERENCE.replace(from, to);
            let refused = verify(CHEAP, &typed("password"), &stored, &mut memory);
            assert_eq!(refused, Err(UnreadableHash), "{stored}");
        }
        assert!(memory.0.is_empty());
        assert!(PasswordCost::new(65_537, 2).is_none() && PasswordCost::new(19_456, 11).is_none());
    }
}
