//! scrypt (RFC 7914): the PHC string `$scrypt$ln=…,r=…,p=…$<salt>$<hash>`, and Django's
//! `scrypt$<N>$<salt>$<r>$<p>$<base64>`, whose salt is the text itself.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use scrypt::{Params, scrypt};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::Price;
use crate::crypto::password::UnreadableHash;

pub(super) const BOUNDS: &str = "scrypt takes 16 to 64 MiB (128·N·r) and p is 1 to 8";

/// N = 2^14 with r = 8, the least that frameworks took as their default (Node, Werkzeug, Django):
/// as dear as bcrypt's least.
const MIN_MEMORY: u64 = 16 << 20;
const MAX_MEMORY: u64 = 64 << 20;
/// How often the memory is filled.
const MAX_TURNS: u32 = 8;
/// Beyond, the memory does not fit into a number.
const MAX_LOG_N: u8 = 31;
const MAX_R: u32 = 1 << 16;
/// What PHC strings hold, and Django's.
const OUTPUTS: [usize; 2] = [32, 64];

pub(super) struct ScryptHash {
    log_n: u8,
    r: u32,
    p: u32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl ScryptHash {
    pub(super) fn read(text: &str) -> Option<Self> {
        let hash = match text.strip_prefix('$') {
            Some(phc) => Self::read_phc(phc),
            None => Self::read_django(text),
        };
        hash.filter(|hash| {
            hash.log_n <= MAX_LOG_N
                && (1..=MAX_R).contains(&hash.r)
                && hash.p >= 1
                && !hash.salt.is_empty()
                && OUTPUTS.contains(&hash.output.len())
        })
    }

    fn read_phc(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('$').collect();
        let [_, params, salt, output] = parts[..] else {
            return None;
        };
        let params: Vec<&str> = params.split(',').collect();
        let [log_n, r, p] = params[..] else {
            return None;
        };
        Some(Self {
            log_n: log_n.strip_prefix("ln=")?.parse().ok()?,
            r: r.strip_prefix("r=")?.parse().ok()?,
            p: p.strip_prefix("p=")?.parse().ok()?,
            salt: STANDARD_NO_PAD.decode(salt).ok()?,
            output: STANDARD_NO_PAD.decode(output).ok()?,
        })
    }

    fn read_django(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('$').collect();
        let [_, n, salt, r, p, output] = parts[..] else {
            return None;
        };
        let n: u64 = n.parse().ok().filter(|n: &u64| n.is_power_of_two())?;
        Some(Self {
            log_n: u8::try_from(n.trailing_zeros()).ok()?,
            r: r.parse().ok()?,
            p: p.parse().ok()?,
            salt: salt.as_bytes().to_vec(),
            output: STANDARD.decode(output).ok()?,
        })
    }

    pub(super) fn price(&self) -> Price {
        let memory = (128 * u64::from(self.r)) << self.log_n;
        let too_dear = memory > MAX_MEMORY || self.p > MAX_TURNS;
        Price::of(memory < MIN_MEMORY, too_dear)
    }

    /// In constant time.
    pub(super) fn matches(&self, typed: &str) -> Result<bool, UnreadableHash> {
        let params = Params::new(self.log_n, self.r, self.p).map_err(|_| UnreadableHash)?;
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        scrypt(typed.as_bytes(), &self.salt, &params, &mut output).map_err(|_| UnreadableHash)?;
        Ok(output.ct_eq(&self.output).into())
    }
}
