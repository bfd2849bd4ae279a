//! Slows down whoever asks about many credentials that are none (RFC 7662 §4).
//!
//! Only such answers are counted: a stranger who sends rubbish to a resource server does not keep
//! it from learning which of the others are good.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    auth::{Auth, AuthError, throttle::failures::Bucket},
    crypto::access::Fingerprint,
};

use super::Asker;

/// How many such answers somebody may have at once.
const BURST: u32 = 3_000;
/// After how long they have earned another.
const EARNED_IN: Duration = Duration::from_millis(20);

/// The answers that said no, by the credential of who had asked.
pub(in crate::auth) struct Scans(Mutex<Bucket<Fingerprint>>);

impl Default for Scans {
    fn default() -> Self {
        Self(Mutex::new(Bucket::new(BURST, EARNED_IN)))
    }
}

impl Auth {
    /// Counts an answer that says no, or refuses to give it.
    pub(super) fn charge(&self, asker: &Asker) -> Result<(), AuthError> {
        let (now, id) = (self.now(), asker.fingerprint());
        let mut scans = self.scans.0.lock().unwrap_or_else(PoisonError::into_inner);
        let retry_after = scans.wait(&id, now);
        if !retry_after.is_zero() {
            return Err(AuthError::IntrospectionThrottled { retry_after });
        }
        scans.count(id, now);
        Ok(())
    }
}
