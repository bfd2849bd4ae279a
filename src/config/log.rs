//! How much is logged, and in which form.

use serde::Deserialize;

/// How much Signet says; each level includes those before it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What needs a human now.
    Error,
    /// What will need one.
    Warn,
    /// What happens once in a while.
    Info,
    /// What happens with each request.
    Debug,
    /// Everything.
    Trace,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Text,
    /// One object a line, for machines.
    Json,
}
