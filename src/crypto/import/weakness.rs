//! What makes an RSA key weak: its size, its exponent, and how its primes were made.

use rsa::{
    pkcs1::RsaPrivateKey,
    pkcs8::der::{Decode as _, asn1::UintRef},
};

use super::ImportError;

/// Refuses an `RSAPrivateKey` of which it can be told that somebody else can compute it, or that
/// verifiers refuse.
pub(super) fn refuse(pkcs1: &[u8]) -> Result<(), ImportError> {
    let malformed = |_| ImportError::Damaged("its DER is wrong");
    let key = RsaPrivateKey::from_der(pkcs1).map_err(malformed)?;
    if key.other_prime_infos.is_some() {
        return Err(ImportError::RsaPrimes);
    }
    match bits(key.modulus) {
        few @ ..2048 => return Err(ImportError::RsaTooSmall(few)),
        many @ 4097.. => return Err(ImportError::RsaTooLarge(many)),
        _ => {}
    }
    // What ring takes: odd, at least 65537 (FIPS 186-5 §A.1.1), below 2^33.
    let exponent = key.public_exponent.as_bytes();
    let value = exponent.iter().try_fold(0_u64, |value, byte| {
        value.checked_mul(256)?.checked_add(u64::from(*byte))
    });
    if !value.is_some_and(|e| e % 2 == 1 && (65_537..1 << 33).contains(&e)) {
        return Err(ImportError::RsaExponent);
    }
    if is_roca(key.modulus.as_bytes()) {
        return Err(ImportError::RsaRoca);
    }
    Ok(())
}

fn bits(number: UintRef<'_>) -> usize {
    let bytes = number.as_bytes();
    let zeros = bytes
        .first()
        .map_or(0, |byte| byte.leading_zeros() as usize);
    bytes.len() * 8 - zeros
}

/// Whether the modulus bears the mark of CVE-2017-15361 (Nemec and others, "The Return of
/// Coppersmith's Attack", CCS 2017, §3.1): modulo each of these primes it is a power of 65537. Of
/// other moduli one in 2^27 is.
fn is_roca(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89,
        97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    let remainder = |prime| {
        let step = |rest: u32, byte: &u8| (rest * 256 + u32::from(*byte)) % prime;
        modulus.iter().fold(0, step)
    };
    PRIMES.into_iter().all(|prime| {
        let powers = std::iter::successors(Some(1), |power| Some(power * (65_537 % prime) % prime));
        let wanted = remainder(prime);
        powers.take(prime as usize).any(|power| power == wanted)
    })
}
