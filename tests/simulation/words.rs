//! What scripts and replies look like in a history.

use std::fmt;

use super::redis::{Key, Reply, Script};

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Advance {
                session,
                presented,
                seen,
            } => write!(
                f,
                "advance {session} from {} seen {seen}",
                presented.number()
            ),
            Self::StampLate { session, .. } => write!(f, "stamp {session} late"),
            Self::Refill {
                session,
                rev,
                family,
            } => {
                let generation = family.generation.number();
                write!(
                    f,
                    "refill {session} with {generation} at rev {}",
                    rev.number
                )
            }
            Self::Apply {
                from,
                to,
                tombstones,
            } => {
                let from = from.map(|rev| rev.number);
                write!(f, "apply {from:?}..{} {tombstones:?}", to.number)
            }
            Self::Bury { session, .. } => write!(f, "bury {session}"),
            Self::Rev => f.write_str("rev"),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stale => f.write_str("stale"),
            Self::Missing(_) => f.write_str("missing"),
            Self::Ended(reason) => write!(f, "ended ({reason})"),
            Self::Record { before, moved } => {
                let did = if *moved { "moved" } else { "not moved" };
                write!(f, "at {}: {did}", before.generation.number())
            }
            Self::Done(done) => write!(f, "{done}"),
            Self::Rev(rev) => write!(f, "{:?}", rev.map(|rev| rev.number)),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Record(family) => write!(f, "{}", family.generation.number()),
            Self::Tombstone(reason) => write!(f, "ended ({reason})"),
        }
    }
}
