//! What this node knows of the change log: which sessions and users no longer count.
//!
//! The rows are in SQL; a node reads them every half second, and at once after a change of its
//! own, so that verification needs no I/O and still sees a logout. What is held lives as long as an
//! access token could outlive its session, and is bounded (`known`).

mod known;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    model::{
        change::{Change, ChangeRow, RETENTION},
        id::{ApiKeyId, SessionId, UserId},
        session::EndReason,
        time::Clock,
    },
    store::{
        changes::{Changes, Log},
        error::StoreError,
        families::{FamilyStore, SessionKey},
    },
};

use known::{Known, Standing};

/// Older knowledge than this is no knowledge: the log is read before anything is answered.
const STALE_AFTER: Duration = Duration::from_secs(10);
/// The log is read every half second: older knowledge than this tells of trouble.
const BEHIND_AFTER: Duration = Duration::from_millis(1_200);
/// Older knowledge than this is an illness that `/readyz` tells.
const LATE_AFTER: Duration = Duration::from_secs(2);

/// The change log as this node knows it.
pub struct ChangeLog {
    rows: Changes,
    /// They hear of the log before this node answers by it.
    families: Arc<dyn FamilyStore>,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
    /// Whether the last one who tried could not.
    unreadable: AtomicBool,
}

#[derive(Clone, PartialEq, Eq)]
struct Position {
    number: i64,
    mark: String,
}

impl Position {
    fn of(row: &ChangeRow) -> Self {
        Self {
            number: row.number,
            mark: row.mark.clone(),
        }
    }
}

/// What readings of the log found for the caches of others.
#[derive(Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing that may have changed"
)]
pub struct News {
    /// Users of whom anything changed.
    pub users: Vec<UserId>,
    /// API keys of which anything changed.
    pub api_keys: Vec<ApiKeyId>,
    /// Whether anything about a client changed.
    pub clients: bool,
    /// Whether the signing keys changed.
    pub signing_keys: bool,
    /// Whether the registry of scopes changed.
    pub scopes: bool,
    /// Whether everything must be forgotten: the database is not the one that was known.
    pub everything: bool,
}

impl News {
    fn add_change(&mut self, change: &Change) {
        match *change {
            Change::UserNotBefore { user, .. } | Change::UserChanged { user } => {
                self.users.push(user);
            }
            Change::ApiKeyChanged { key } => self.api_keys.push(key),
            Change::ClientChanged { .. } => self.clients = true,
            Change::SigningKeysChanged => self.signing_keys = true,
            Change::ScopesChanged => self.scopes = true,
            Change::SessionRevoked { .. } | Change::EveryoneNotBefore { .. } => {}
        }
    }
}

/// How old the knowledge of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// As old as it always is.
    Fresh,
    /// Older than it should be, and good enough to answer by.
    Late,
    /// Too old: the log is to be read before anything is answered.
    Stale,
}

impl ChangeLog {
    /// A log of which nothing is known yet: [`catch_up`](Self::catch_up) before serving.
    #[must_use]
    pub fn new(rows: Changes, families: Arc<dyn FamilyStore>, clock: Arc<dyn Clock>) -> Self {
        Self {
            rows,
            families,
            clock,
            known: Mutex::default(),
            unreadable: AtomicBool::new(false),
        }
    }

    /// Reads what is new, page by page, and adds it to `news`, also where it fails in the middle:
    /// what was applied stays, and the next reading goes on from there. Only one may read at a time.
    pub async fn catch_up(&self, news: &mut News) -> Result<(), StoreError> {
        let asked = self.clock.steady();
        let done = loop {
            match self.read_page(asked, news).await {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.unreadable.store(done.is_err(), Ordering::Relaxed);
        done
    }

    /// Whether there may be more. The last known row is read again: where it is another one, the
    /// database was restored, and all is read from the beginning of the retention.
    async fn read_page(&self, asked: Duration, news: &mut News) -> Result<bool, StoreError> {
        let last = self.lock().last.clone();
        let fresh = match &last {
            Some(last) => self.rows_from(last).await?,
            None => None,
        };
        let is_restored = last.is_some() && fresh.is_none();
        let log = match fresh {
            Some(log) => log,
            None => self.reload(last.as_ref()).await?,
        };
        self.families.follow(&log).await?;
        let mut known = self.lock();
        if is_restored {
            *known = Known::default();
            news.everything = true;
        }
        known.learn(log.rows, asked, news);
        if !log.more {
            known.complete(asked);
        }
        #[expect(clippy::cast_precision_loss, reason = "a gauge is approximate")]
        metrics::gauge!("signet_changes_held").set(known.rows() as f64);
        Ok(log.more)
    }

    /// The rows from the last known one on; nothing where that one is not there as it was.
    async fn rows_from(&self, last: &Position) -> Result<Option<Log>, StoreError> {
        let log = self.rows.since(last.number).await?;
        let first = log.rows.first().map(Position::of);
        Ok((first.as_ref() == Some(last)).then_some(log))
    }

    /// All that is young enough to matter. Where another database was known, the numbers that it
    /// has given out are not given out again.
    async fn reload(&self, known: Option<&Position>) -> Result<Log, StoreError> {
        if let Some(known) = known {
            self.rows.raise(known.number).await?;
        }
        let now = self.clock.now();
        self.rows.younger_than(now.minus(RETENTION)).await
    }

    /// The number of the last row that this node has applied.
    pub fn seen(&self) -> i64 {
        self.lock().last.as_ref().map_or(0, |last| last.number)
    }

    /// Why a session's tokens no longer count, if they do not. The store is asked where more rows
    /// were written than are held.
    pub async fn ended(
        &self,
        session: SessionId,
        user: UserId,
    ) -> Result<Option<EndReason>, StoreError> {
        let standing = self.lock().standing(session, user);
        match standing {
            Standing::Alive => Ok(None),
            Standing::Over(reason) => Ok(Some(reason)),
            Standing::Untold => {
                let found = self.families.find(&SessionKey::Id(session)).await?;
                Ok(found.and_then(|found| found.revoked))
            }
        }
    }

    /// Whether the log could not be read when it should have been: the database is in trouble.
    pub fn is_behind(&self) -> bool {
        self.unreadable.load(Ordering::Relaxed) || self.age() > BEHIND_AFTER
    }

    /// How old what is known is.
    pub fn freshness(&self) -> Freshness {
        match self.age() {
            age if age <= LATE_AFTER => Freshness::Fresh,
            age if age <= STALE_AFTER => Freshness::Late,
            _ => Freshness::Stale,
        }
    }

    fn age(&self) -> Duration {
        let read_at = self.lock().read_at;
        read_at.map_or(Duration::MAX, |read_at| {
            self.clock.steady().saturating_sub(read_at)
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
