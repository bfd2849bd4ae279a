//! What this machine does at best, with every core and no server around it.

use std::num::NonZero;
use std::thread;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

const LENGTH: Duration = Duration::from_secs(1);

/// How often a second, by all cores together.
pub(crate) struct Rates {
    pub(crate) argon2: f64,
    pub(crate) es256: f64,
}

impl Rates {
    pub(crate) fn measure() -> Self {
        Self {
            argon2: argon2_rate(),
            es256: es256_rate(),
        }
    }
}

/// Argon2id hashes, with the parameters that Signet has by default.
fn argon2_rate() -> f64 {
    let params = Params::new(19 * 1024, 2, 1, None).unwrap();
    rate_on_all_cores(|| {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut memory = vec![Block::default(); params.block_count()];
        move || {
            let mut hash = [0; 32];
            argon2
                .hash_password_into_with_memory(b"password", &[1; 16], &mut hash, &mut memory)
                .unwrap();
        }
    })
}

/// ES256 signatures.
#[expect(
    clippy::disallowed_methods,
    reason = "the random source is part of what a signature costs"
)]
fn es256_rate() -> f64 {
    rate_on_all_cores(|| {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        move || {
            pair.sign(&random, &[7; 300]).unwrap();
        }
    })
}

/// How often a second the work that `prepare` returns is done, one worker a core.
pub(crate) fn rate_on_all_cores<W: FnMut()>(prepare: impl Fn() -> W + Sync) -> f64 {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let worker = || {
            let mut work = prepare();
            work();
            let start = Instant::now();
            let mut count = 0_u32;
            while start.elapsed() < LENGTH {
                work();
                count += 1;
            }
            f64::from(count) / start.elapsed().as_secs_f64()
        };
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .sum()
    })
}
