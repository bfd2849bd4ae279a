//! What is held in memory of the change log: bounded in time and in size, whoever writes how much.
//!
//! A row is held for the retention, counted from its receipt by the clock that nobody sets. Of one
//! user, and of all together, so many are held and no more: what does not fit is asked of the
//! store, and nobody is taken for ended who is not.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use super::{News, Position};
use crate::model::{
    change::{Change, ChangeRow, RETENTION},
    id::{SessionId, UserId},
    session::EndReason,
    time::Timestamp,
};

/// How much is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Rows of one user.
    pub(super) of_user: usize,
    /// Rows of all together.
    pub(super) rows: usize,
}

/// Some 60 MB at most: 66 ends of sessions a second for an hour.
const BOUNDS: Bounds = Bounds {
    of_user: 1_000,
    rows: 250_000,
};

/// Whether a session goes on, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// No row says that it does not.
    Alive,
    /// It is over.
    Over(EndReason),
    /// There were more rows than are held: the store knows.
    Untold,
}

/// Everything that is held.
pub(super) struct Known {
    pub(super) last: Option<Position>,
    /// When the log was last read to its end, by the clock that nobody sets.
    pub(super) read_at: Option<Duration>,
    bounds: Bounds,
    sessions: HashMap<SessionId, EndReason>,
    users: HashMap<UserId, OfUser>,
    everyone: Vec<NotBefore>,
    /// What was received when, the oldest first.
    received: VecDeque<(Duration, Held)>,
    /// Until when rows may be missing.
    incomplete_until: Option<Duration>,
}

/// What is held of a user.
#[derive(Default)]
struct OfUser {
    rows: usize,
    not_before: Vec<NotBefore>,
    /// There were too many rows: until when those that are not held may matter.
    crowded_until: Option<Duration>,
}

#[derive(Clone, Copy)]
struct NotBefore {
    moment: Timestamp,
    except: Option<SessionId>,
    reason: EndReason,
    number: i64,
}

impl NotBefore {
    fn ends(&self, session: SessionId) -> bool {
        session.created_at() <= self.moment && self.except != Some(session)
    }
}

/// What a row is held as.
#[derive(Clone, Copy)]
enum Held {
    Session(SessionId, Option<UserId>),
    User(UserId, i64),
    Everyone(i64),
    /// Not the row itself: that there were too many of this user.
    Crowd(UserId),
}

impl Default for Known {
    fn default() -> Self {
        Self::within(BOUNDS)
    }
}

impl Known {
    pub(super) fn within(bounds: Bounds) -> Self {
        Self {
            last: None,
            read_at: None,
            bounds,
            sessions: HashMap::new(),
            users: HashMap::new(),
            everyone: Vec::new(),
            received: VecDeque::new(),
            incomplete_until: None,
        }
    }

    /// Whether a session goes on.
    pub(super) fn standing(&self, session: SessionId, user: UserId) -> Standing {
        if let Some(reason) = self.sessions.get(&session) {
            return Standing::Over(*reason);
        }
        let of_user = self.users.get(&user);
        let mut rows = of_user.iter().flat_map(|of_user| &of_user.not_before);
        let over = |row: &&NotBefore| row.ends(session);
        if let Some(row) = self.everyone.iter().find(over).or_else(|| rows.find(over)) {
            return Standing::Over(row.reason);
        }
        let crowded = of_user.is_some_and(|of_user| of_user.crowded_until.is_some());
        if crowded || self.incomplete_until.is_some() || self.read_at.is_none() {
            return Standing::Untold;
        }
        Standing::Alive
    }

    /// How many rows are held.
    pub(super) fn rows(&self) -> usize {
        self.received.len()
    }

    /// Takes over rows that were read at a moment. The last one of the reading before is among
    /// them, and known.
    pub(super) fn learn(&mut self, rows: Vec<ChangeRow>, read_at: Duration, news: &mut News) {
        self.forget(read_at);
        for row in rows {
            if self.last.as_ref() == Some(&Position::of(&row)) {
                continue;
            }
            news.add_change(&row.change);
            self.hold(&row, read_at);
            self.last = Some(Position::of(&row));
        }
    }

    /// Notes that all rows are known that were there at a moment. Until it is so for the first time,
    /// the store is asked.
    pub(super) const fn complete(&mut self, read_at: Duration) {
        self.read_at = Some(read_at);
    }

    fn hold(&mut self, row: &ChangeRow, read_at: Duration) {
        let number = row.number;
        let not_before = |moment, except, reason| NotBefore {
            moment,
            except,
            reason,
            number,
        };
        match row.change {
            Change::SessionRevoked {
                session,
                user,
                reason,
            } => {
                let held = Held::Session(session, user);
                if !self.sessions.contains_key(&session) && self.has_room(user, held, read_at) {
                    self.sessions.insert(session, reason);
                }
            }
            Change::UserNotBefore {
                user,
                not_before: moment,
                except,
                reason,
            } => {
                if self.has_room(Some(user), Held::User(user, number), read_at) {
                    let rows = &mut self.users.entry(user).or_default().not_before;
                    rows.push(not_before(moment, except, reason));
                }
            }
            Change::EveryoneNotBefore {
                not_before: moment,
                reason,
            } => {
                self.received.push_back((read_at, Held::Everyone(number)));
                self.everyone.push(not_before(moment, None, reason));
            }
            Change::UserChanged { .. }
            | Change::ApiKeyChanged { .. }
            | Change::ClientChanged { .. }
            | Change::SigningKeysChanged
            | Change::ScopesChanged => {}
        }
    }

    /// Whether one more is held, which is counted then.
    fn has_room(&mut self, user: Option<UserId>, held: Held, read_at: Duration) -> bool {
        let until = read_at + RETENTION;
        if self.received.len() >= self.bounds.rows {
            if self.incomplete_until.is_none() {
                tracing::warn!("more sessions have ended than are held: the database is asked");
            }
            self.incomplete_until = Some(until);
            return false;
        }
        if let Some(user) = user {
            let of_user = self.users.entry(user).or_default();
            if of_user.rows >= self.bounds.of_user {
                if of_user.crowded_until.replace(until).is_none() {
                    self.received.push_back((read_at, Held::Crowd(user)));
                }
                return false;
            }
            of_user.rows += 1;
        }
        self.received.push_back((read_at, held));
        true
    }

    /// Forgets what was received too long ago to matter.
    fn forget(&mut self, now: Duration) {
        let old = |received: &Duration| now.saturating_sub(*received) >= RETENTION;
        while let Some((_, held)) = self.received.pop_front_if(|(received, _)| old(received)) {
            match held {
                Held::Session(session, user) => {
                    self.sessions.remove(&session);
                    self.forget_one_of(user);
                }
                Held::User(user, number) => {
                    if let Some(of_user) = self.users.get_mut(&user) {
                        of_user.not_before.retain(|row| row.number != number);
                    }
                    self.forget_one_of(Some(user));
                }
                Held::Everyone(number) => self.everyone.retain(|row| row.number != number),
                Held::Crowd(user) => self.disperse(user, now),
            }
        }
        self.incomplete_until = self.incomplete_until.filter(|until| now < *until);
    }

    fn forget_one_of(&mut self, user: Option<UserId>) {
        let Some(user) = user else { return };
        if let Some(of_user) = self.users.get_mut(&user) {
            of_user.rows -= 1;
            if of_user.rows == 0 && of_user.crowded_until.is_none() {
                self.users.remove(&user);
            }
        }
    }

    /// Ends the crowd of a user, unless more rows have come since.
    fn disperse(&mut self, user: UserId, now: Duration) {
        let Some(of_user) = self.users.get_mut(&user) else {
            return;
        };
        of_user.crowded_until = of_user.crowded_until.filter(|until| now < *until);
        if of_user.crowded_until.is_some() {
            self.received.push_back((now, Held::Crowd(user)));
        } else if of_user.rows == 0 {
            self.users.remove(&user);
        }
    }
}

#[cfg(test)]
mod tests;
