//! How a command ends: exit codes that scripts can rely on, and one sentence that says what to do.

use std::{fmt::Display, io, process::ExitCode};

use crate::{
    auth::AuthError,
    config::ConfigError,
    store::error::StoreError,
    telemetry::{LoggingError, MetricsError},
};

/// Why a command did not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something broke.
    Failed,
    /// The command line or the configuration is wrong.
    Usage,
    /// No such user or session.
    NotFound,
    /// It would contradict what is there, or a rule forbids it.
    Refused,
    /// Something needed is not available now; later it may be.
    Unavailable,
}

/// The exit codes, as `signet --help` lists them.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  something broke
  2  the command line or the configuration is wrong
  3  no such user or session
  4  refused: it conflicts with what is there, or a rule forbids it
  5  not available now (database locked, port taken): try again later";

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Refused => 4,
            Self::Unavailable => 5,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }
}

/// The end of a command that did not do its work.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    kind: Kind,
    sentences: Vec<String>,
}

impl Failure {
    pub(super) fn new(kind: Kind, sentence: impl Display) -> Self {
        Self {
            kind,
            sentences: vec![sentence.to_string()],
        }
    }

    /// Says it on stderr, as text or as one JSON object, and gives the exit code.
    pub(super) fn tell(&self, json: bool) -> ExitCode {
        if json {
            let error = serde_json::json!({ "code": self.kind.name(), "messages": self.sentences });
            eprintln!("{}", serde_json::json!({ "error": error }));
        } else {
            for sentence in &self.sentences {
                eprintln!("error: {sentence}");
            }
        }
        ExitCode::from(self.kind.code())
    }

    #[cfg(test)]
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self {
            kind: Kind::Usage,
            sentences: error.problems,
        }
    }
}

/// Refusals of a verb. What concerns a field says which; passwords are never repeated.
impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Invalid(fields) => {
                let weak = fields.iter().all(|field| field.pointer == "/password");
                let kind = if weak { Kind::Refused } else { Kind::Usage };
                let sentences = fields
                    .iter()
                    .map(|field| {
                        format!(
                            "{}: {}",
                            field.pointer.trim_start_matches('/'),
                            field.detail
                        )
                    })
                    .collect();
                Self { kind, sentences }
            }
            AuthError::NotFound => Self::new(
                Kind::NotFound,
                "There is no such user or session (any more).",
            ),
            AuthError::Unavailable(trouble) => unavailable(&trouble.cause),
            AuthError::Internal(_) => Self::new(Kind::Failed, sentence(&error.to_string())),
            AuthError::InvalidCredentials(_)
            | AuthError::Throttled(_)
            | AuthError::RotationThrottled { .. }
            | AuthError::InvalidAccessToken
            | AuthError::InvalidRefreshToken
            | AuthError::SessionEnded(_)
            | AuthError::ReauthenticationRequired
            | AuthError::Conflict(_)
            | AuthError::TokenTooLarge => Self::new(Kind::Refused, sentence(&error.to_string())),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => unavailable(&cause),
            StoreError::Conflict(conflict) => {
                Self::new(Kind::Refused, sentence(&conflict.to_string()))
            }
            StoreError::Corrupt(_) => Self::new(Kind::Failed, sentence(&error.to_string())),
        }
    }
}

/// What keeps an app from opening.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        match error
            .chain()
            .find_map(|cause| cause.downcast_ref::<StoreError>())
        {
            Some(StoreError::Unavailable(cause)) => unavailable(cause),
            _ => Self::new(Kind::Failed, sentence(&format!("{error:#}"))),
        }
    }
}

impl From<LoggingError> for Failure {
    fn from(error: LoggingError) -> Self {
        Self::new(Kind::Failed, sentence(&error.to_string()))
    }
}

impl From<MetricsError> for Failure {
    fn from(error: MetricsError) -> Self {
        Self::new(Kind::Failed, sentence(&error.to_string()))
    }
}

fn unavailable(cause: &str) -> Failure {
    Failure::new(
        Kind::Unavailable,
        format_args!(
            "The database cannot be used now ({cause}); check store.database and who else holds it, then try again."
        ),
    )
}

/// An error's words as a sentence: a capital first, unless it begins with a name, and a stop last.
fn sentence(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let split = text.char_indices().nth(1).map_or(text.len(), |(at, _)| at);
    let (first, rest) = text.split_at(split);
    let is_word = word.chars().all(char::is_alphabetic);
    let first = if is_word {
        first.to_uppercase()
    } else {
        first.to_owned()
    };
    let stop = if text.ends_with(['.', '?', '!']) {
        ""
    } else {
        "."
    };
    format!("{first}{rest}{stop}")
}

/// Output that cannot be written; a reader that went away (`signet user list | head`) ends the
/// command without a word, as it does elsewhere.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self {
                kind: Kind::Failed,
                sentences: Vec::new(),
            };
        }
        Self::new(
            Kind::Failed,
            format_args!("The output cannot be written ({error}); check where it goes."),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errors_words_become_a_sentence() {
        assert_eq!(sentence("the username is taken"), "The username is taken.");
        assert_eq!(
            sentence("keys/master.key is gone"),
            "keys/master.key is gone."
        );
        assert_eq!(sentence("Done."), "Done.");
        assert_eq!(sentence(""), ".");
    }

    #[test]
    fn every_code_is_listed() {
        for kind in [
            Kind::Failed,
            Kind::Usage,
            Kind::NotFound,
            Kind::Refused,
            Kind::Unavailable,
        ] {
            assert!(EXIT_CODES.contains(&format!("\n  {}  ", kind.code())));
        }
    }
}
