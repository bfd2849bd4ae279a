//! What a schedule is drawn from: the circumstances, and what is broken on purpose.

use super::random::Random;

/// A part of the product that a test breaks, to see that the simulation notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Every late retry is granted, not one in its time.
    LateRetryUnlimited,
    /// A token beyond the record is refused.
    NoHeal,
    /// A retry of the token before is refused.
    NoRetry,
    /// What Redis does not know is over.
    MissingIsOver,
    /// Redis answers although it has applied less of the change log than the node.
    StaleRedisAnswers,
    /// A refill from the database replaces a tombstone.
    RefillOverTombstone,
    /// A row of the change log is applied although rows before it are missing.
    RevWithGap,
    /// A Redis without `rev` gets one without the tombstones of what ended before.
    RevWithoutTombstones,
    /// Nobody notices that the database was restored and gives out numbers again.
    RestoreUnnoticed,
    /// The journal merges by the larger generation, and Redis is not raised.
    JournalUnjudged,
    /// The journal judges old news like another history.
    JournalOutOfOrder,
    /// There is no journal.
    NoJournal,
    /// Trouble is answered like the end of the session.
    TroubleIsOver,
}

const REFUSED: &str = "no honest holder is refused because of infrastructure";
const REVIVED: &str = "a revoked session never refreshes again";
const BOTH: &str = "thief and victim do not both go on";
const BEHIND: &str = "the database follows within a second";

impl Flaw {
    /// All of them, and the promise that each breaks.
    pub(crate) const ALL: &[(Self, &str)] = &[
        (Self::LateRetryUnlimited, BOTH),
        (Self::NoHeal, REFUSED),
        (Self::NoRetry, REFUSED),
        (Self::MissingIsOver, REFUSED),
        (Self::StaleRedisAnswers, REVIVED),
        (Self::RefillOverTombstone, REVIVED),
        (Self::RevWithGap, REVIVED),
        (Self::RevWithoutTombstones, REVIVED),
        (Self::RestoreUnnoticed, REVIVED),
        (Self::JournalUnjudged, BOTH),
        (Self::JournalOutOfOrder, REFUSED),
        (Self::NoJournal, BEHIND),
        (Self::TroubleIsOver, REFUSED),
    ];
}

/// The circumstances of a schedule.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a circumstance of its own"
)]
pub(crate) struct Setup {
    pub(crate) flaw: Option<Flaw>,
    pub(crate) strict: bool,
    pub(crate) redis: bool,
    /// Tabs that share the first session's token.
    pub(crate) tabs: usize,
    /// Whether an answer replaces the token that the tabs share whatever it is by now, as a cookie
    /// does.
    pub(crate) cookie: bool,
    pub(crate) thief: bool,
    /// Whether the holder always meets one node, and the thief the other.
    pub(crate) sticky: bool,
    /// What the clocks of Redis and of the database are ahead by.
    pub(crate) ahead: [i64; 2],
    /// Whether Redis has the sessions in the beginning.
    pub(crate) seeded: bool,
    pub(crate) faults: Faults,
}

/// Which kinds of trouble a schedule may have: few at a time, so that each is met often.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a kind of its own")]
pub(crate) struct Faults {
    pub(crate) answers: bool,
    pub(crate) replies: bool,
    pub(crate) redis_away: bool,
    pub(crate) redis_loses: bool,
    pub(crate) sql_away: bool,
    pub(crate) sql_restored: bool,
    pub(crate) partitions: bool,
    pub(crate) kills: bool,
    pub(crate) clocks: bool,
    pub(crate) ends: bool,
    pub(crate) sleeps: bool,
}

impl Setup {
    pub(crate) fn draw(random: &mut Random, flaw: Option<Flaw>) -> Self {
        let redis = random.chance(90);
        let skewed = random.chance(15);
        let ahead = |random: &mut Random| {
            if skewed {
                i64::try_from(random.below(800)).unwrap_or(0) - 400
            } else {
                0
            }
        };
        Self {
            flaw,
            strict: random.chance(12),
            redis,
            tabs: usize::try_from(random.weighted(&[(5, 1), (4, 2), (1, 4)])).unwrap_or(1),
            cookie: random.chance(30),
            thief: random.chance(40),
            sticky: random.chance(30),
            ahead: [ahead(random), ahead(random)],
            seeded: random.chance(70),
            faults: Faults::draw(random),
        }
    }
}

impl Faults {
    fn draw(random: &mut Random) -> Self {
        let mut faults = Self::default();
        for _ in 0..random.within(1, 5) {
            match random.below(13) {
                0 | 1 => faults.answers = true,
                2 => faults.replies = true,
                3 => faults.redis_away = true,
                4 => faults.redis_loses = true,
                5 => faults.sql_away = true,
                6 => faults.sql_restored = true,
                7 => faults.partitions = true,
                8 => faults.kills = true,
                9 => faults.clocks = true,
                10 | 11 => faults.ends = true,
                _ => faults.sleeps = true,
            }
        }
        faults
    }
}
