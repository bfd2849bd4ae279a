//! `signet user import`: users of another system, from files.
//!
//! A thread reads and understands the files ([`source`], one file a form, [`fields`] for what they
//! share); groups of users go to one verb, each in one transaction; [`report`] keeps count and
//! [`progress`] shows it. Ctrl-C is heard between groups: nobody is there by half.

mod access;
mod csv;
mod fields;
mod json_lines;
mod progress;
mod report;
mod source;
mod yaml;

use std::{
    path::PathBuf,
    pin::pin,
    sync::{Arc, atomic::AtomicU64},
};

use clap::{Args, ValueEnum};
use tokio::sync::mpsc;

use self::{
    fields::{Entry, Refusal},
    progress::Progress,
    report::Report,
    source::{Message, Source},
};
use crate::{
    auth::import::{Arrived, Rehearsal},
    cli::{
        admin::Admin,
        failure::{Failure, Kind},
        signals,
    },
};

/// How many users share a transaction: few enough for a server beside us to get its turn within
/// some hundredths of a second.
const GROUP: usize = 200;
/// How many groups are read ahead.
const AHEAD: usize = 4;

#[derive(Args)]
pub(in crate::cli) struct ImportUsers {
    /// Files of users; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The form of the files, where their names do not tell
    #[arg(long, value_name = "FORM")]
    format: Option<Form>,
    /// Only say what would be done; write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// The form of a file.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One JSON object a line (.jsonl, .ndjson)
    Jsonl,
    /// Comma-separated values with a heading (.csv)
    Csv,
    /// Accounts of Grav: one document a user, named like the file (.yaml, .yml)
    Yaml,
}

pub(super) async fn import(admin: &Admin, arguments: ImportUsers) -> Result<(), Failure> {
    let sources = source::sources(&arguments.files, arguments.format)?;
    let mut report = Report::new(arguments.dry_run, sources.len() > 1);
    let ended = take_over(admin, sources, &mut report).await;
    if ended.is_ok() || report.read() > 0 {
        report.print(admin.out)?;
    }
    ended?;
    report.verdict()
}

/// Reads and imports until the end, or the first trouble.
async fn take_over(
    admin: &Admin,
    sources: Vec<Source>,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut stop = pin!(signals::stop()?);
    let read = Arc::new(AtomicU64::new(0));
    let mut progress = Progress::new(admin.out, &sources, read.clone());
    let mut rehearsal = report.is_rehearsal().then(Rehearsal::default);
    let (sender, mut groups) = mpsc::channel(AHEAD);
    // Not waited for: it may hang in a read of standard input.
    std::thread::spawn(move || source::read_all(sources, GROUP, &read, &sender));
    loop {
        let message = tokio::select! {
            biased;
            () = &mut stop => {
                let done = "Interrupted; run it again to go on: whoever was created is left as they are.";
                return Err(Failure::new(Kind::Interrupted, done));
            }
            message = groups.recv() => message,
        };
        match message {
            Some(Message::Group(group)) => {
                let told = settle(admin, group, &mut rehearsal, report).await?;
                progress.show(report.read(), &told);
            }
            Some(Message::Failed(failure)) => return Err(failure),
            None => return Ok(()),
        }
    }
}

/// Imports a group and notes what became of each; the notes that people are to see.
async fn settle(
    admin: &Admin,
    group: Vec<Entry>,
    rehearsal: &mut Option<Rehearsal>,
    report: &mut Report,
) -> Result<Vec<String>, Failure> {
    let (mut lines, mut arrivals) = (Vec::new(), Vec::new());
    for Entry { place, found } in group {
        let line = found.map(|found| {
            report.ignored(found.ignored);
            arrivals.push(found.arrival);
            found.not_granted
        });
        lines.push((place, line));
    }
    let auth = admin.auth();
    let outcomes = auth.import_users(&arrivals, rehearsal.as_mut()).await?;
    let mut settled = arrivals.iter().zip(outcomes);
    let mut told = Vec::new();
    for (place, line) in lines {
        let outcome = match line {
            Ok(not_granted) => settled.next().map(|settled| (not_granted, settled)),
            Err(Refusal { field, reason }) => {
                told.push(report.refused(place, field, &reason));
                continue;
            }
        };
        match outcome {
            Some((not_granted, (arrival, Arrived::Created))) => {
                report.created(arrival.password_hash.is_some());
                told.extend(report.not_granted(&place, &not_granted));
            }
            Some((_, (_, Arrived::Existing))) => report.existing(),
            Some((_, (_, Arrived::Refused { field, reason }))) => {
                told.push(report.refused(place, field, &reason));
            }
            None => {}
        }
    }
    Ok(told)
}
