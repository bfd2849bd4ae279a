//! How a command ends: exit codes that scripts can rely on, and one sentence that says what is
//! wrong and what to do. Owns the codes and the form; [`causes`] has the words of each cause.

mod causes;

use std::{fmt::Display, io, process::ExitCode};

/// Why a command did not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something broke.
    Failed,
    /// The command line or the configuration is wrong.
    Usage,
    /// No such user, client, session or scope.
    NotFound,
    /// It would contradict what is there, or a rule forbids it.
    Refused,
    /// Something needed is not available now; later it may be.
    Unavailable,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

/// The exit codes, as `signet --help` lists them.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    something broke
  2    the command line or the configuration is wrong
  3    no such user, client, session or scope
  4    refused: it conflicts with what is there, or a rule forbids it
  5    not available now (database locked, port taken): try again later
  130  interrupted with Ctrl-C; nothing is half done";

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Refused => 4,
            Self::Unavailable => 5,
            Self::Interrupted => 130,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The end of a command that did not do its work.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    kind: Kind,
    words: Words,
}

#[derive(Clone, Debug)]
enum Words {
    Sentences(Vec<String>),
    /// What ails the database; its name is not known here yet.
    Database(String),
}

impl Failure {
    pub(super) fn new(kind: Kind, sentence: impl Display) -> Self {
        Self::all(kind, vec![sentence.to_string()])
    }

    /// Several sentences.
    pub(super) fn all(kind: Kind, sentences: Vec<String>) -> Self {
        Self {
            kind,
            words: Words::Sentences(sentences),
        }
    }

    /// Output that cannot be written; a reader that went away (`signet user list | head`) ends the
    /// command without a word, as it does elsewhere.
    pub(super) fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::all(Kind::Failed, Vec::new());
        }
        Self::new(
            Kind::Failed,
            format_args!("The output cannot be written ({error}); look at where it goes."),
        )
    }

    /// The same, naming the database where that is what it is about.
    pub(super) fn about(self, database: &impl Display) -> Self {
        match self.words {
            Words::Sentences(_) => self,
            Words::Database(cause) => {
                let url = database.to_string();
                let name = url.strip_prefix("sqlite://").unwrap_or(&url);
                Self::new(self.kind, of_database(&format!(" {name}"), &cause))
            }
        }
    }

    fn database(cause: &str) -> Self {
        Self {
            kind: Kind::Unavailable,
            words: Words::Database(cause.to_owned()),
        }
    }

    /// What is wrong, a sentence each.
    pub(super) fn sentences(&self) -> Vec<String> {
        match &self.words {
            Words::Sentences(sentences) => sentences.clone(),
            Words::Database(cause) => vec![of_database("", cause)],
        }
    }

    /// Says it on stderr, as text or as one JSON object, and gives the exit code.
    pub(super) fn tell(&self, json: bool) -> ExitCode {
        let sentences = self.sentences();
        if json && !sentences.is_empty() {
            let error = serde_json::json!({ "code": self.kind.name(), "messages": sentences });
            eprintln!("{}", serde_json::json!({ "error": error }));
        } else {
            for sentence in &sentences {
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

/// Causes that begin with "it" are the database's own.
fn of_database(name: &str, cause: &str) -> String {
    match cause.strip_prefix("it ") {
        Some(predicate) => format!("The database{name} {predicate}; try again when that is over."),
        None => format!("The database{name} cannot be used now ({cause}); try again later."),
    }
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
            Kind::Interrupted,
        ] {
            assert!(EXIT_CODES.contains(&format!("\n  {}  ", kind.code())));
        }
    }

    #[test]
    fn trouble_with_the_database_names_it() {
        let said = |cause: &str| match Failure::database(cause).about(&"sqlite://a.db").words {
            Words::Sentences(sentences) => sentences.concat(),
            Words::Database(cause) => cause,
        };
        assert_eq!(
            said("it is locked by another process"),
            "The database a.db is locked by another process; try again when that is over."
        );
        assert_eq!(
            said("the writer has stopped"),
            "The database a.db cannot be used now (the writer has stopped); try again later."
        );
    }
}
