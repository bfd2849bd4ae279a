//! What this node knows of the change log: which sessions and users no longer count.
//!
//! The rows are in SQL; a node reads them every half second, and at once after a change of its
//! own, so that verification needs no I/O and still sees a logout. What is held here lives as
//! long as an access token could outlive its session.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    model::{
        change::{Change, ChangeRow},
        id::{SessionId, UserId},
        session::EndReason,
        time::Timestamp,
    },
    store::{
        changes::{Changes, Log},
        error::StoreError,
        families::FamilyStore,
    },
};

/// The longest life of an access token, the leeway of its verification and some more.
pub const RETENTION: Duration = Duration::from_mins(60 + 1 + 2);
/// Older knowledge than this is no knowledge: the log is read before anything is answered.
const STALE_AFTER: Duration = Duration::from_secs(10);
/// The log is read every half second: older knowledge than this tells of trouble.
const BEHIND_AFTER: Duration = Duration::from_millis(1_200);
/// Older knowledge than this is an illness that `/readyz` tells.
const DEGRADED_AFTER: Duration = Duration::from_secs(2);

/// The change log as this node knows it.
pub struct ChangeLog {
    rows: Changes,
    /// They hear of the log before this node answers by it.
    families: Arc<dyn FamilyStore>,
    known: Mutex<Known>,
    /// Only one reads at a time; the others find the work done.
    reading: tokio::sync::Mutex<()>,
    /// Whether the last one who tried could not.
    unreadable: AtomicBool,
}

#[derive(Default)]
struct Known {
    last: Option<Position>,
    read_at: Timestamp,
    sessions: HashMap<SessionId, Ended>,
    users: HashMap<UserId, Vec<NotBefore>>,
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

struct Ended {
    reason: EndReason,
    forget_at: Timestamp,
}

struct NotBefore {
    moment: Timestamp,
    except: Option<SessionId>,
    reason: EndReason,
    forget_at: Timestamp,
}

/// What a reading of the log found for the caches of others.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Users of whom anything changed.
    pub users: Vec<UserId>,
    /// Whether the signing keys changed.
    pub signing_keys: bool,
    /// Whether everything must be forgotten: the database is not the one that was known.
    pub everything: bool,
}

impl ChangeLog {
    /// A log of which nothing is known yet: [`catch_up`](Self::catch_up) before serving.
    #[must_use]
    pub fn new(rows: Changes, families: Arc<dyn FamilyStore>) -> Self {
        Self {
            rows,
            families,
            known: Mutex::default(),
            reading: tokio::sync::Mutex::new(()),
            unreadable: AtomicBool::new(false),
        }
    }

    /// Reads what is new. The last known row is read again: where it is another one, the database
    /// was restored, and all is read from the beginning of the retention.
    pub async fn catch_up(&self, now: Timestamp) -> Result<News, StoreError> {
        let _reading = self.reading.lock().await;
        let news = self.read(now).await;
        self.unreadable.store(news.is_err(), Ordering::Relaxed);
        news
    }

    async fn read(&self, now: Timestamp) -> Result<News, StoreError> {
        let last = self.lock().last.clone();
        let mut news = News::default();
        let fresh = match &last {
            Some(last) => self.rows_from(last).await?,
            None => None,
        };
        news.everything = last.is_some() && fresh.is_none();
        let log = match fresh {
            Some(log) => log,
            None => self.reload(last.as_ref(), now).await?,
        };
        self.families.follow(&log).await;
        self.apply(log.rows, now, &mut news);
        Ok(news)
    }

    /// The rows from the last known one on; nothing where that one is not there as it was.
    async fn rows_from(&self, last: &Position) -> Result<Option<Log>, StoreError> {
        let log = self.rows.since(last.number).await?;
        let first = log.rows.first().map(Position::of);
        Ok((first.as_ref() == Some(last)).then_some(log))
    }

    /// All that is young enough to matter. Where another database was known, the numbers that it
    /// has given out are not given out again.
    async fn reload(&self, known: Option<&Position>, now: Timestamp) -> Result<Log, StoreError> {
        if let Some(known) = known {
            self.rows.raise(known.number).await?;
        }
        self.rows.younger_than(now.minus(RETENTION)).await
    }

    /// The number of the last row that this node has applied.
    pub fn seen(&self) -> i64 {
        self.lock().last.as_ref().map_or(0, |last| last.number)
    }

    /// Why a session's tokens no longer count, if they do not.
    pub fn ended(&self, session: SessionId, user: UserId) -> Option<EndReason> {
        let known = self.lock();
        if let Some(ended) = known.sessions.get(&session) {
            return Some(ended.reason);
        }
        let rows = known.users.get(&user)?;
        let over =
            |row: &&NotBefore| session.created_at() <= row.moment && row.except != Some(session);
        rows.iter().find(over).map(|row| row.reason)
    }

    /// Whether the log could not be read when it should have been: the database is in trouble.
    pub fn is_behind(&self, now: Timestamp) -> bool {
        self.unreadable.load(Ordering::Relaxed) || now.since(self.lock().read_at) > BEHIND_AFTER
    }

    /// Whether the log has not been read for so long that it must be before answering.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.since(self.lock().read_at) > STALE_AFTER
    }

    /// Whether the log has not been read for so long that the node is ill.
    pub fn is_degraded(&self, now: Timestamp) -> bool {
        now.since(self.lock().read_at) > DEGRADED_AFTER
    }

    fn apply(&self, rows: Vec<ChangeRow>, now: Timestamp, news: &mut News) {
        let mut known = self.lock();
        if news.everything {
            *known = Known::default();
        }
        known.read_at = now;
        for row in rows {
            known.last = Some(Position::of(&row));
            known.learn(&row.change, now.plus(RETENTION), news);
        }
        known.sessions.retain(|_, ended| now < ended.forget_at);
        known.users.retain(|_, rows| {
            rows.retain(|row| now < row.forget_at);
            !rows.is_empty()
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn learn(&mut self, change: &Change, forget_at: Timestamp, news: &mut News) {
        match *change {
            Change::SessionRevoked { session, reason } => {
                self.sessions.insert(session, Ended { reason, forget_at });
            }
            Change::UserNotBefore {
                user,
                not_before: moment,
                except,
                reason,
            } => {
                let rows = self.users.entry(user).or_default();
                if except.is_none() {
                    rows.clear();
                }
                rows.push(NotBefore {
                    moment,
                    except,
                    reason,
                    forget_at,
                });
                news.users.push(user);
            }
            Change::UserChanged { user } => news.users.push(user),
            Change::SigningKeysChanged => news.signing_keys = true,
        }
    }
}
