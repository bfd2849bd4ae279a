//! How long something may live at most, or without end.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

use super::duration;

/// A duration, or `never`: there is no most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxExpiry(Option<Duration>);

impl MaxExpiry {
    /// Reads `never` or a duration.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self(None));
        }
        let length = duration::parse(text);
        length
            .map(|length| Self(Some(length)))
            .map_err(|error| format!("{error}, or \"never\""))
    }

    /// The most; none where there is none.
    #[must_use]
    pub const fn length(self) -> Option<Duration> {
        self.0
    }
}

impl<'de> Deserialize<'de> for MaxExpiry {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}
