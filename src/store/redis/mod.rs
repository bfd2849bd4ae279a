//! Sessions in Redis, in front of those in SQL: a rotation costs one round trip and waits for no
//! disk. The only home of `redis`.
//!
//! SQL is the ark and Redis the accelerator (decision 0013). Redis holds of each session that is in
//! use one packed string under its digest, sealed (`record`, `seal`); of each that ended a
//! tombstone; and `rev`, how far it has the change log without a gap (`watermark`). A step there is
//! one script with the whole rule inside (`scripts`), and reaches SQL within a second by the
//! `journal`. Redis away or behind is nobody's error: SQL takes the step, by the same rule, with the
//! same tokens. Nothing in here decides what a token is worth.

mod address;
mod carry;
mod connect;
mod families;
mod front;
mod heard;
mod journal;
mod link;
mod profiles;
mod record;
mod scripts;
mod seal;
mod watermark;

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

pub use self::{address::RedisAddress, connect::look};
use self::{
    journal::Journal, link::Link, profiles::Profiles, scripts::Scripts, seal::Sealing,
    watermark::Watermark,
};
use super::{changes::Changes, database::Database, families::SqlFamilies, housekeeping::Purged};
use crate::crypto::{random::Rng, session_seal::SessionSeals};

/// What sessions share goes when no session can use it any more.
pub(super) const PURGED: Purged = Purged {
    table: "session_profiles",
    keep: Duration::ZERO,
    statements: &[profiles::PURGE],
};
/// How often Redis is looked for while it is away.
const PROBE_EVERY: Duration = Duration::from_millis(200);

/// Sessions that step in Redis and are kept in SQL. Clones are the same ones.
#[derive(Clone)]
pub struct RedisFamilies(Arc<Inner>);

struct Inner {
    database: Database,
    sessions: SqlFamilies,
    link: Link,
    scripts: Scripts,
    sealing: Sealing,
    journal: Journal,
    watermark: Watermark,
}

impl RedisFamilies {
    /// Sessions at this address, in front of those of this database. Nothing is connected yet:
    /// [`reach`](Self::reach), and [`keep`](Self::keep) beside the requests.
    #[must_use]
    pub fn new(
        address: RedisAddress,
        database: Database,
        seals: SessionSeals,
        rng: Arc<dyn Rng>,
    ) -> Self {
        let sessions = SqlFamilies::new(database.clone());
        let changes = Changes::new(database.clone());
        Self(Arc::new(Inner {
            link: Link::to(address),
            scripts: Scripts::new(),
            sealing: Sealing {
                seals,
                profiles: Profiles::new(database.clone()),
            },
            journal: Journal::default(),
            watermark: Watermark::new(sessions.clone(), changes, rng),
            sessions,
            database,
        }))
    }

    /// Connects now and brings Redis to where the change log is, if it is there. Whether it is in
    /// use.
    pub async fn reach(&self) -> bool {
        let way = &self.0.link;
        let reached = async {
            let line = way.connect().await?;
            self.0.watermark.catch_up(&self.0.scripts, &line).await?;
            self.bar_held(&line).await?;
            Ok(line)
        };
        match reached.await {
            Ok(line) => {
                way.put_into_use(line).await;
                true
            }
            Err(away) => {
                way.tell(&away);
                false
            }
        }
    }

    /// Whether Redis is there, and not behind the change log.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.0.link.line().is_some()
    }

    /// Looks for Redis whenever it is away, for ever.
    pub async fn keep(self) {
        let mut ticks = interval(PROBE_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if self.0.link.line().is_some() || self.reach().await {
                self.0.link.lost().await;
            }
            ticks.tick().await;
        }
    }
}
