//! A command line that cannot be understood, in the form that was asked for.

use std::{ffi::OsStr, process::ExitCode};

use clap::error::ErrorKind;

use super::failure::{Failure, Kind};

/// Tells what is wrong, or the help or version that was asked for.
pub(super) fn tell(error: &clap::Error) -> ExitCode {
    let asks = !error.use_stderr();
    if asks || !wants_json(std::env::args_os().skip(1)) {
        // Whoever closed the pipe wants to hear nothing.
        let _ = error.print();
        return ExitCode::from(if asks { 0 } else { 2 });
    }
    Failure::new(Kind::Usage, in_one_sentence(error)).tell(true)
}

fn wants_json(arguments: impl Iterator<Item = impl AsRef<OsStr>>) -> bool {
    arguments
        .take_while(|argument| argument.as_ref() != "--")
        .any(|argument| argument.as_ref() == "--json")
}

/// The first paragraph, which says what is wrong, and the tips.
fn in_one_sentence(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "A command is missing; `signet --help` names all.".to_owned();
    }
    let text = error.to_string();
    let mut paragraphs = text.split("\n\n");
    let what = paragraphs.next().unwrap_or_default();
    let what = what.strip_prefix("error: ").unwrap_or(what);
    let tips = paragraphs.filter(|part| part.trim_start().starts_with("tip: "));
    let parts: Vec<String> = std::iter::once(what)
        .chain(tips)
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    format!("{}; `--help` tells more.", parts.join("; "))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn what_clap_says_is_one_sentence() {
        let said = |arguments: &[&str]| {
            let arguments = [&["signet"], arguments].concat();
            in_one_sentence(&Cli::try_parse_from(arguments).err().unwrap())
        };
        assert_eq!(
            said(&[]),
            "A command is missing; `signet --help` names all."
        );
        assert_eq!(
            said(&["user", "frobnicate"]),
            "unrecognized subcommand 'frobnicate'; `--help` tells more."
        );
        assert_eq!(
            said(&["user", "lst"]),
            "unrecognized subcommand 'lst'; tip: a similar subcommand exists: 'list'; `--help` tells more."
        );
        assert_eq!(
            said(&["user", "show"]),
            "the following required arguments were not provided: <USER>; `--help` tells more."
        );
    }

    #[test]
    fn json_is_asked_for_by_the_option_alone() {
        assert!(wants_json(["user", "--json"].iter()));
        assert!(!wants_json(["user", "--", "--json"].iter()));
    }
}
