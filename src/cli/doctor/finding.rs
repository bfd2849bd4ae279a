//! What was looked at, and how it is.

use serde_json::{Value, json};

/// How a thing is, the better the less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// Well.
    Ok,
    /// Worth a look, or not to be seen from here.
    Note,
    /// Something has to be changed.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug)]
pub(super) struct Finding {
    /// What was looked at, in a word.
    pub(super) about: &'static str,
    pub(super) state: State,
    /// A sentence; where something is wrong, it says what to change.
    text: String,
}

impl Finding {
    pub(super) fn ok(about: &'static str, text: impl Into<String>) -> Self {
        Self::new(about, State::Ok, text)
    }

    pub(super) fn note(about: &'static str, text: impl Into<String>) -> Self {
        Self::new(about, State::Note, text)
    }

    pub(super) fn wrong(about: &'static str, text: impl Into<String>) -> Self {
        Self::new(about, State::Wrong, text)
    }

    fn new(about: &'static str, state: State, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { about, state, text }
    }

    /// For scripts.
    pub(super) fn json(&self) -> Value {
        json!({ "about": self.about, "state": self.state.as_str(), "text": self.text })
    }

    /// For people, on a line of its own.
    pub(super) fn line(&self) -> String {
        let Self { about, text, .. } = self;
        format!("{:5}  {about:13}  {text}\n", self.state.as_str())
    }
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Wrong => "wrong",
        }
    }
}
