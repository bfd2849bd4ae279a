//! What Redis holds of a session: one string of fixed width, and the short one of a session that
//! is over.
//!
//! A record, big-endian, times in milliseconds; what is sealed never changes, and what moves stands
//! behind it, as the scripts expect:
//!
//! | bytes | what |
//! |---|---|
//! | 1, 1 | version, id of the seal's key |
//! | 16, 16, 16 | session, user, client |
//! | 4 | number of the profile |
//! | 6, 6 | `auth_time`, absolute expiry |
//! | 16 | the seal |
//! | 1, 4, 4 | key id, generation, `burst_from` |
//! | 6, 6, 6, 6, 6 | `rotated_at`, `budget_at`, `burst_at`, `late_at`, idle expiry |
//!
//! A tombstone: version 0, the reason, the number of the change log's row (0 where there is none
//! yet).

use crate::{
    crypto::session_seal::SEAL_BYTES,
    model::{
        id::{ClientId, Id, Kind, SessionId, UserId},
        refresh_token::Generation,
        session::{EndReason, Family, SessionDigest},
        time::Timestamp,
    },
};

/// Bytes of a record.
pub(super) const BYTES: usize = SEALED_BYTES + 39;
/// How many of them never change.
pub(super) const SEALED_BYTES: usize = 82;
/// Bytes of a tombstone.
pub(super) const TOMBSTONE_BYTES: usize = 10;

const VERSION: u8 = 1;
const TOMBSTONE: u8 = 0;

/// A session as Redis holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) seal_key: u8,
    pub(super) session: SessionId,
    pub(super) user: UserId,
    pub(super) client: ClientId,
    pub(super) profile: u32,
    pub(super) auth_time: Timestamp,
    pub(super) absolute_expires_at: Timestamp,
    pub(super) seal: [u8; SEAL_BYTES],
    pub(super) family: Family,
}

/// The key of a session.
pub(super) fn key(digest: &SessionDigest) -> [u8; 34] {
    let mut key = [0; 34];
    key[..2].copy_from_slice(b"s:");
    key[2..].copy_from_slice(&digest.0);
    key
}

impl Record {
    pub(super) fn pack(&self) -> [u8; BYTES] {
        let mut out = Writer::default();
        out.bytes(&[VERSION, self.seal_key]);
        out.bytes(self.session.as_bytes());
        out.bytes(self.user.as_bytes());
        out.bytes(self.client.as_bytes());
        out.bytes(&self.profile.to_be_bytes());
        out.moment(self.auth_time);
        out.moment(self.absolute_expires_at);
        out.bytes(&self.seal);
        let family = &self.family;
        out.bytes(&[family.key_id]);
        out.bytes(&family.generation.number().to_be_bytes());
        out.bytes(&family.burst_from.number().to_be_bytes());
        for moment in [
            family.rotated_at,
            family.budget_at,
            family.burst_at,
            family.late_at,
            family.idle_expires_at,
        ] {
            out.moment(moment);
        }
        out.out
    }

    /// Reads a record; nothing where it is none.
    pub(super) fn unpack(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Reader(
            bytes
                .first_chunk::<BYTES>()
                .filter(|_| bytes.len() == BYTES)?,
        );
        let [version, seal_key] = bytes.take()?;
        let record = Self {
            seal_key,
            session: bytes.id()?,
            user: bytes.id()?,
            client: bytes.id()?,
            profile: u32::from_be_bytes(bytes.take()?),
            auth_time: bytes.moment()?,
            absolute_expires_at: bytes.moment()?,
            seal: bytes.take()?,
            family: bytes.family()?,
        };
        (version == VERSION).then_some(record)
    }
}

/// What is left of a session that is over.
pub(super) fn tombstone(reason: EndReason, number: u64) -> [u8; TOMBSTONE_BYTES] {
    let mut out = [0; TOMBSTONE_BYTES];
    out[..2].copy_from_slice(&[TOMBSTONE, code(reason)]);
    out[2..].copy_from_slice(&number.to_be_bytes());
    out
}

/// Whether these bytes are a tombstone's.
pub(super) fn is_tombstone(bytes: &[u8]) -> bool {
    bytes.first() == Some(&TOMBSTONE)
}

/// The reason of that code; one that a newer version writes is unknown.
pub(super) fn reason(wanted: u8) -> EndReason {
    let mut all = EndReason::ALL.iter().copied();
    all.find(|reason| code(*reason) == wanted)
        .unwrap_or(EndReason::Unknown)
}

/// These numbers are in stores: none is ever used again for something else.
const fn code(reason: EndReason) -> u8 {
    match reason {
        EndReason::Unknown => 0,
        EndReason::Logout => 1,
        EndReason::Idle => 2,
        EndReason::Absolute => 3,
        EndReason::Reuse => 4,
        EndReason::Admin => 5,
        EndReason::PasswordChanged => 6,
        EndReason::UserDisabled => 7,
        EndReason::ClientDisabled => 8,
        EndReason::Replaced => 9,
        EndReason::SessionLimit => 10,
    }
}

struct Writer {
    out: [u8; BYTES],
    at: usize,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            out: [0; BYTES],
            at: 0,
        }
    }
}

impl Writer {
    fn bytes(&mut self, bytes: &[u8]) {
        let end = self.at + bytes.len();
        self.out[self.at..end].copy_from_slice(bytes);
        self.at = end;
    }

    /// Six bytes reach to the year 10889; nothing of ours lies before 1970.
    fn moment(&mut self, moment: Timestamp) {
        let millis = moment.millis().clamp(0, (1 << 48) - 1);
        self.bytes(&millis.to_be_bytes()[2..]);
    }
}

struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn id<K: Kind>(&mut self) -> Option<Id<K>> {
        Id::from_bytes(self.take()?)
    }

    fn generation(&mut self) -> Option<Generation> {
        Generation::new(u32::from_be_bytes(self.take()?))
    }

    fn moment(&mut self) -> Option<Timestamp> {
        let mut millis = [0; 8];
        millis[2..].copy_from_slice(&self.take::<6>()?);
        Some(Timestamp::from_millis(i64::from_be_bytes(millis)))
    }

    fn family(&mut self) -> Option<Family> {
        let [key_id] = self.take()?;
        Some(Family {
            key_id,
            generation: self.generation()?,
            burst_from: self.generation()?,
            rotated_at: self.moment()?,
            budget_at: self.moment()?,
            burst_at: self.moment()?,
            late_at: self.moment()?,
            idle_expires_at: self.moment()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn record() -> Record {
        Record {
            seal_key: 3,
            session: SessionId::new(at(1_760_000_000_001), [1; 10]),
            user: UserId::new(at(1_760_000_000_002), [2; 10]),
            client: ClientId::new(at(1_760_000_000_003), [3; 10]),
            profile: u32::MAX - 7,
            auth_time: at(1_760_000_000_004),
            absolute_expires_at: at(1_767_000_000_005),
            seal: [0xA5; SEAL_BYTES],
            family: Family {
                generation: Generation::LAST,
                key_id: 255,
                rotated_at: at(1_760_000_000_006),
                budget_at: at(1_760_000_000_007),
                burst_from: Generation::FIRST,
                burst_at: at(0),
                late_at: at(1_760_000_000_008),
                idle_expires_at: at(1_760_000_000_009),
            },
        }
    }

    #[test]
    fn a_record_reads_back() {
        assert_eq!(Record::unpack(&record().pack()), Some(record()));
    }

    #[test]
    fn what_is_no_record_is_none() {
        let good = record().pack();
        for length in 0..BYTES {
            assert_eq!(Record::unpack(&good[..length]), None);
        }
        assert_eq!(Record::unpack(&[&good[..], &[0]].concat()), None);
        for (at, bad) in [(0, 2), (8, 0), (83, 0x80)] {
            let mut bytes = good;
            bytes[at] = bad;
            assert_eq!(Record::unpack(&bytes), None, "{at}");
        }
    }

    #[test]
    fn a_reason_is_the_same_after_a_tombstone() {
        for each in EndReason::ALL {
            let bytes = tombstone(*each, 7);
            assert!(is_tombstone(&bytes) && Record::unpack(&bytes).is_none());
            assert_eq!(reason(bytes[1]), *each);
        }
        assert_eq!(reason(255), EndReason::Unknown);
        assert!(!is_tombstone(&record().pack()));
    }
}
