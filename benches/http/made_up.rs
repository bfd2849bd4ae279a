//! Made-up API keys: well formed, their checksums right, and each another one, as somebody sends
//! them who guesses. How many of them a server refuses, and whether it grows meanwhile.

use std::time::Duration;

use signet::crypto::random::{self, SystemRng};

use crate::load::{Load, Place};
use crate::process::resident_mebibytes;
use crate::scripts::{Same, Script};

/// The digits between a key's prefix and its checksum, but for the first, which says under which
/// pepper it was made.
const DIGITS: usize = 56;
/// Those of the checksum, its last.
const CHECKSUM: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const WARM_UP: Duration = Duration::from_secs(2);
const FLOOD: Duration = Duration::from_secs(10);

/// Asks as a request does that holds an API key, each time with a made-up one in its place.
#[derive(Clone)]
pub(crate) struct MadeUp {
    request: Vec<u8>,
    like: Same,
    /// Whether the server says at some time that it is enough.
    throttled: bool,
    /// Where in the request the key is.
    key: std::ops::Range<usize>,
}

impl MadeUp {
    /// In place of `key`, which `like` presents.
    pub(crate) fn instead_of(key: &str, like: &Same) -> Self {
        let request = like.bytes().to_vec();
        let mut parts = request.windows(key.len());
        let at = parts.position(|part| part == key.as_bytes()).unwrap();
        Self {
            request,
            like: like.clone(),
            throttled: false,
            key: at..at + key.len(),
        }
    }

    /// Who asks about so many of them is slowed down.
    pub(crate) fn throttled(self) -> Self {
        Self {
            throttled: true,
            ..self
        }
    }
}

impl Script for MadeUp {
    fn request(&mut self, into: &mut Vec<u8>) {
        make_up(&mut self.request[self.key.clone()]);
        into.extend_from_slice(&self.request);
    }

    fn expects(&self, status: u16) -> bool {
        self.like.expects(status) || (self.throttled && status == 429)
    }

    fn answered(&mut self, _body: &[u8]) {}
}

/// Sends them as fast as they are refused, and prints how fast that is and what it does to the
/// server's memory.
pub(crate) async fn flood(name: &'static str, place: Place, scripts: Vec<MadeUp>) {
    let mut load = Load::new(name, &[place], scripts);
    // What the connections need is not what the keys need.
    load.round(WARM_UP).await;
    let before = resident_mebibytes(place.1);
    let round = load.round(FLOOD).await;
    let after = resident_mebibytes(place.1);
    println!(
        "{name}: {:.0} a second refused for {} s; resident {before:.1} MiB before, {after:.1} MiB after",
        round.per_second,
        FLOOD.as_secs(),
    );
}

/// Turns a key into one that nobody was given.
fn make_up(key: &mut [u8]) {
    let checksum = key.len() - CHECKSUM;
    let digits: [u8; DIGITS] = random::digits(&SystemRng);
    key[checksum - DIGITS..checksum].copy_from_slice(&digits);
    let mut rest = crc32fast::hash(&key[..checksum]);
    for digit in key[checksum..].iter_mut().rev() {
        *digit = ALPHABET[usize::try_from(rest % 62).unwrap()];
        rest /= 62;
    }
}
