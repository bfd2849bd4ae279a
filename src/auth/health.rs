//! Tells how the server is, part by part.

use std::time::Duration;

use super::{Auth, change_log::Freshness};

/// A system's clock that is further off the database's is an illness, though it is corrected.
const CLOCK_ERROR: Duration = Duration::from_secs(2);

/// How each part is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health(Vec<(&'static str, State)>);

/// How a part is, the better the less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Well.
    Ok,
    /// Ill; requests are answered rightly all the same.
    Degraded,
    /// Requests that need it cannot be answered.
    Unavailable,
}

impl State {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Unavailable => "unavailable",
        }
    }
}

impl Health {
    /// The parts by name, always the same ones in the same order; Redis where there is one.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, State)> {
        self.0.iter().copied()
    }

    /// How the whole is: as its worst part.
    #[must_use]
    pub fn worst(&self) -> State {
        let states = self.parts().map(|(_, state)| state);
        states.max().unwrap_or(State::Ok)
    }
}

impl Auth {
    /// How each part is that requests depend on.
    pub async fn health(&self) -> Health {
        let mut parts = vec![
            ("database", self.database_state().await),
            ("change_log", self.change_log_state()),
            ("clock", self.clock_state()),
            ("signing_keys", self.signing_keys_state()),
        ];
        parts.extend(self.redis_state().map(|state| ("redis", state)));
        Health(parts)
    }

    /// While Redis is away, or behind, the database does what it does otherwise.
    fn redis_state(&self) -> Option<State> {
        let redis = self.parts.redis.as_ref()?;
        Some(if redis.is_in_use() {
            State::Ok
        } else {
            State::Degraded
        })
    }

    async fn database_state(&self) -> State {
        match self.parts.database.ping().await {
            Ok(()) => State::Ok,
            Err(error) => {
                tracing::warn!(%error, "the database is ill");
                State::Unavailable
            }
        }
    }

    /// Where what is known is too old to be used, the log is read for each answer, and cannot be.
    fn change_log_state(&self) -> State {
        match self.parts.changes.freshness() {
            Freshness::Fresh => State::Ok,
            Freshness::Late => State::Degraded,
            Freshness::Stale => State::Unavailable,
        }
    }

    fn clock_state(&self) -> State {
        let error = self.parts.database.clock_error();
        if error <= CLOCK_ERROR {
            return State::Ok;
        }
        tracing::warn!(?error, "the system's clock is not the database's");
        State::Degraded
    }

    /// A key that signs is needed for every login and every refresh.
    fn signing_keys_state(&self) -> State {
        match self.signing_key(&self.terms.default_client) {
            Ok(_) => State::Ok,
            Err(_) => State::Unavailable,
        }
    }
}
