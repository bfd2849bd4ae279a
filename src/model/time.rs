//! Points in time, and where they come from.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// Where the present comes from. Nothing reads the system's clock but the implementation that
/// `app` chooses, so that a test can hold time still and move it.
pub trait Clock: Send + Sync {
    /// The present. Never earlier than an earlier answer of the same clock, and never slower than
    /// half as fast as time passes.
    fn now(&self) -> Timestamp;

    /// The time since a start of no meaning. It runs on steadily, however the present is set,
    /// followed or corrected; a clock that nobody sets needs no other than its present.
    fn steady(&self) -> Duration {
        self.now().since(Timestamp::default())
    }

    /// Told that the store's clock, which all nodes share, shows `store` just now. Answers by how
    /// many milliseconds that is ahead of the system's clock. A clock that has nothing to do with
    /// either stays as it is.
    fn follow(&self, store: Timestamp) -> i64 {
        let _ = store;
        0
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The timestamp of that many milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The timestamp of that many seconds since the epoch.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down: a JWT's `iat` is never ahead (RFC 7519 §4.1.6).
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and `duration` more.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// This moment less `duration`.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// How long after `earlier` this is; nothing where it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let age = self.0.saturating_sub(earlier.0);
        Duration::from_millis(u64::try_from(age).unwrap_or(0))
    }
}

/// RFC 3339 in UTC, to the millisecond: `2026-01-31T09:05:00.250Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
        );
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000);
        let text = moment.ok().and_then(|moment| moment.format(format).ok());
        out.pad(&text.ok_or(fmt::Error)?)
    }
}

/// Why a text is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a date and a time with its offset, as in 2026-01-31T09:05:00Z (RFC 3339)")]
pub struct TimestampError;

/// RFC 3339, with any offset; what is finer than a millisecond is cut off.
impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| TimestampError)?;
        let millis = moment.unix_timestamp_nanos().div_euclid(1_000_000);
        i64::try_from(millis).map(Self).map_err(|_| TimestampError)
    }
}

/// A duration as signed milliseconds, as SQL and [`Timestamp`] count them.
#[must_use]
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_down_on_both_sides_of_the_epoch() {
        assert_eq!(Timestamp::from_millis(1999).seconds(), 1);
        assert_eq!(Timestamp::from_millis(-1).seconds(), -1);
    }

    #[test]
    fn it_is_written_as_rfc_3339_in_utc() {
        let moment = Timestamp::from_millis(1_769_850_300_250);
        assert_eq!(moment.to_string(), "2026-01-31T09:05:00.250Z");
    }

    #[test]
    fn it_is_read_as_rfc_3339_with_any_offset() {
        let moment = Ok(Timestamp::from_millis(1_769_850_300_250));
        for text in [
            "2026-01-31T09:05:00.250Z",
            "2026-01-31T10:05:00.250999+01:00",
        ] {
            assert_eq!(text.parse(), moment, "{text}");
        }
        for text in [
            "",
            "2026-01-31",
            "2026-01-31T09:05:00",
            "yesterday",
            "1769850300",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(TimestampError), "{text}");
        }
    }

    #[test]
    fn an_age_is_never_negative() {
        let (early, late) = (Timestamp::from_millis(5), Timestamp::from_millis(8));
        assert_eq!(late.since(early), Duration::from_millis(3));
        assert_eq!(early.since(late), Duration::ZERO);
    }
}
