//! A store of sessions under test, whichever it is.

use signet::{
    model::session::{EndReason, Family, Session},
    store::{
        families::{Advanced, FamilyStore, Opening, SqlFamilies},
        redis::RedisFamilies,
    },
};

use crate::place::{Intruder, Place};

/// What the tests must know of a store beyond its trait.
pub(crate) trait Tested: FamilyStore + Clone + 'static {
    /// The store of a place.
    async fn of(place: &Place) -> Self;

    /// Returns when SQL has all that the store has done.
    async fn settle(&self);

    /// Throws a session back to an older family, as if everything since had been lost.
    async fn lose(&self, place: &Place, intruder: &mut Intruder, from: &Opening, older: &Family);
}

impl Tested for SqlFamilies {
    async fn of(place: &Place) -> Self {
        place.families()
    }

    async fn settle(&self) {}

    async fn lose(&self, _: &Place, intruder: &mut Intruder, from: &Opening, older: &Family) {
        intruder.overwrite(from.session.id, older).await;
    }
}

impl Tested for RedisFamilies {
    async fn of(place: &Place) -> Self {
        place.redis_families().await
    }

    async fn settle(&self) {
        self.write_journal().await;
    }

    async fn lose(&self, place: &Place, intruder: &mut Intruder, from: &Opening, older: &Family) {
        intruder.overwrite(from.session.id, older).await;
        let key = [b"s:", &from.digest.0[..]].concat();
        let mut redis = place.redis_server().connect();
        redis::cmd("DEL").arg(key).exec(&mut redis).unwrap();
    }
}

/// A session without what only SQL holds: where the login came from.
pub(crate) fn bare(session: &Session) -> Session {
    Session {
        origin: signet::model::session::Origin::default(),
        ..session.clone()
    }
}

/// Why a step found the session over, if it did.
pub(crate) fn ended(advanced: &Advanced) -> Option<EndReason> {
    match advanced {
        Advanced::Missing => None,
        Advanced::Ended(reason) => Some(*reason),
        Advanced::Step(step) => step.before.revoked.filter(|_| !step.moved),
    }
}
