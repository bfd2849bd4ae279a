//! How far Redis has the change log.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    link::{Away, Line},
    scripts::{Applied, Scripts},
};
use crate::{
    crypto::random::Rng,
    store::{
        changes::{Changes, Log},
        families::SqlFamilies,
    },
};

pub(super) struct Watermark {
    sessions: SqlFamilies,
    changes: Changes,
    known: Mutex<Option<String>>,
}

impl Watermark {
    pub(super) fn new(sessions: SqlFamilies, changes: Changes, _rng: Arc<dyn Rng>) -> Self {
        Self {
            sessions,
            changes,
            known: Mutex::default(),
        }
    }

    pub(super) fn known(&self) -> Option<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }

    pub(super) async fn catch_up(&self, scripts: &Scripts, line: &Line) -> Result<(), Away> {
        loop {
            let rev = scripts.rev(line).await?;
            let from = rev
                .as_deref()
                .and_then(|rev| rev.split_once(':')?.0.parse().ok())
                .unwrap_or(0);
            let Ok(log) = self.changes.since(from).await else {
                return Ok(());
            };
            let (number, mark) = log
                .rows
                .last()
                .map_or((0, ""), |row| (row.number, row.mark.as_str()));
            let Ok(tombs) = self.sessions.tombs_of(&log.rows).await else {
                return Ok(());
            };
            let number = u64::try_from(number).unwrap_or(0);
            let applied = scripts
                .apply(line, rev.as_deref(), (number, mark), &tombs)
                .await?;
            if applied == Applied::Done {
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(format!("{number}:{mark}"));
                return Ok(());
            }
        }
    }

    pub(super) async fn follow(&self, scripts: &Scripts, line: &Line, _log: &Log) {
        self.catch_up(scripts, line).await.ok();
    }
}
