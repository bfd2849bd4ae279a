//! The watermark: how far Redis has followed the change log.
//!
//! `rev` is the number and the mark of the newest row applied to it without a gap. A step is only
//! taken in a Redis that has followed at least as far as the node that asks (the scripts see to
//! that); this brings it there. Where the row that Redis knows is still in the log, the rows after
//! it are applied. Where it is not (Redis was flushed or rolled back, or the database restored, or
//! the rows are forgotten), every session that is over in the database is buried anew first. While the
//! database is away, what this node has [`heard`](super::heard) must do.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    front::Trouble,
    heard::{Heard, position},
    link::{Away, Line},
    scripts::{Applied, Scripts},
};
use crate::{
    crypto::random::{self, Rng},
    model::{
        change::{Change, ChangeRow},
        time::Timestamp,
    },
    store::{
        changes::{Changes, Log},
        error::StoreError,
        families::{SqlFamilies, Tomb},
    },
};

/// How many rows of the change log one step applies.
pub(super) const ROWS: usize = 128;
/// How many sessions one step buries.
pub(super) const TOMBS: u32 = 1_000;
/// How often another node may get in between.
pub(super) const TRIES: usize = 8;
/// Who has not gone on rebuilding for so long has given up.
const GIVEN_UP: Duration = Duration::from_secs(3);
/// What stands in a mark's place while a node rebuilds.
const REBUILDING: &str = "rebuild-";

/// Keeps `rev` at the end of the change log.
pub(super) struct Watermark {
    pub(super) sessions: SqlFamilies,
    changes: Changes,
    rng: Arc<dyn Rng>,
    /// The log as this node has heard of it.
    pub(super) heard: Mutex<Heard>,
    /// `rev` as this node last saw it.
    known: Mutex<Option<String>>,
    /// Only one of this node brings Redis up to date at a time.
    pub(super) working: tokio::sync::Mutex<()>,
}

/// What `rev` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rev<'t> {
    /// All rows up to this one are applied.
    At { number: i64, mark: &'t str },
    /// A node is rebuilding, and was at it at that moment.
    Rebuilding(Timestamp),
    /// Nothing that says anything.
    Unknown,
}

impl Watermark {
    /// The watermark of this database's log.
    pub(super) fn new(sessions: SqlFamilies, changes: Changes, rng: Arc<dyn Rng>) -> Self {
        Self {
            sessions,
            changes,
            rng,
            heard: Mutex::default(),
            known: Mutex::default(),
            working: tokio::sync::Mutex::default(),
        }
    }

    /// `rev` as this node last saw it.
    pub(super) fn known(&self) -> Option<String> {
        self.lock().clone()
    }

    /// Brings Redis up to date, whatever that takes. Where the database does not answer, it is told
    /// what this node has heard: a node that knows more will not use it.
    pub(super) async fn catch_up(&self, scripts: &Scripts, line: &Line) -> Result<(), Away> {
        let _working = self.working.lock().await;
        for _ in 0..TRIES {
            match self.try_to_catch_up(scripts, line).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(Trouble::Away(away)) => return Err(away),
                Err(Trouble::Store(error)) => {
                    tracing::warn!(%error, "Redis is brought up to date from what this node knows");
                    return self.tell(scripts, line).await;
                }
            }
        }
        Err(Away::new("other nodes are bringing it up to date"))
    }

    /// Applies what is new in the log, which was just read. Where that is not enough, the line is
    /// given up, so that Redis is away until it has been brought up to date.
    pub(super) async fn follow(&self, scripts: &Scripts, line: &Line, log: &Log) {
        let _working = self.working.lock().await;
        self.go_on(scripts, line, Some(log)).await;
    }

    /// The same, of a log that was not read yet; unless somebody is at it.
    pub(super) async fn nudge(&self, scripts: &Scripts, line: &Line) {
        if let Ok(_working) = self.working.try_lock() {
            self.go_on(scripts, line, None).await;
        }
    }

    /// Whether it came to the end.
    pub(super) async fn go_on(&self, scripts: &Scripts, line: &Line, log: Option<&Log>) -> bool {
        for _ in 0..TRIES {
            match self.try_to_go_on(scripts, line, log).await {
                Ok(Some(true)) => return true,
                Ok(Some(false)) => {}
                Ok(None) => {
                    line.give_up(Away::new("it does not know the change log as it is"));
                    return false;
                }
                Err(Trouble::Away(_)) => return false,
                Err(Trouble::Store(error)) => {
                    tracing::warn!(%error, "Redis could not be brought up to date");
                    return false;
                }
            }
        }
        false
    }

    /// Whether it is done; nothing where applying rows will not do.
    async fn try_to_go_on(
        &self,
        scripts: &Scripts,
        line: &Line,
        log: Option<&Log>,
    ) -> Result<Option<bool>, Trouble> {
        let text = self.rev(scripts, line).await?.unwrap_or_default();
        if log.is_some_and(|log| text == text_of(end_of(log))) {
            return Ok(Some(true));
        }
        if log.is_some()
            && let Some(done) = self.carry(scripts, line).await?
        {
            return Ok(Some(done));
        }
        self.apply_after(scripts, line, text).await
    }

    /// Applies all rows after the one that `rev` tells of, page by page. Whether it came to the end;
    /// nothing where that row is not there as it was.
    async fn apply_after(
        &self,
        scripts: &Scripts,
        line: &Line,
        mut rev: String,
    ) -> Result<Option<bool>, Trouble> {
        loop {
            let Rev::At { number, mark } = parse(&rev) else {
                return Ok(None);
            };
            let log = self.changes.since(number).await?;
            let Some(rows) = rows_after(&log, number, mark) else {
                return Ok(None);
            };
            match self.apply(scripts, line, &rev, rows).await? {
                Some(then) if log.more => rev = then,
                then => return Ok(Some(then.is_some())),
            }
        }
    }

    async fn try_to_catch_up(&self, scripts: &Scripts, line: &Line) -> Result<bool, Trouble> {
        let found = self.rev(scripts, line).await?;
        let text = found.clone().unwrap_or_default();
        let log = match parse(&text) {
            Rev::At { number, .. } => {
                if let Some(done) = self.apply_after(scripts, line, text.clone()).await? {
                    return Ok(done);
                }
                // What another database has given out is not given out again.
                self.changes.raise(number).await?;
                self.newest().await?
            }
            Rev::Unknown => self.newest().await?,
            Rev::Rebuilding(at) => {
                let log = self.newest().await?;
                if log.now.since(at) < GIVEN_UP {
                    let cause = "another node is bringing it up to date";
                    return Err(Trouble::Away(Away::new(cause)));
                }
                log
            }
        };
        self.rebuild(scripts, line, found.as_deref(), &log).await
    }

    /// Applies rows in their order. What `rev` is then; nothing where another node came in between.
    async fn apply(
        &self,
        scripts: &Scripts,
        line: &Line,
        rev: &str,
        rows: &[ChangeRow],
    ) -> Result<Option<String>, Trouble> {
        let mut rev = rev.to_owned();
        for part in rows.chunks(ROWS) {
            let Some(last) = part.last() else { continue };
            let tombs = self.sessions.tombs_of(part).await?;
            if tombs.len() > TOMBS as usize || part.iter().any(ends_everyones) {
                // Too many for one step, and rows are not applied by halves.
                let log = self.newest().await?;
                let done = self.rebuild(scripts, line, Some(&rev), &log).await?;
                return Ok(done.then(|| text_of(end_of(&log))));
            }
            let (number, mark) = position(last);
            let then = (number, mark.as_str());
            match self.put(scripts, line, Some(&rev), then, &tombs).await? {
                Some(then) => rev = then,
                None => return Ok(None),
            }
        }
        Ok(Some(rev))
    }

    /// Buries every session that is over in the database, and then says that Redis is where the
    /// log was before. Whether it came to the end: it does not where another node took over.
    async fn rebuild(
        &self,
        scripts: &Scripts,
        line: &Line,
        found: Option<&str>,
        log: &Log,
    ) -> Result<bool, Trouble> {
        let nonce = format!("{:016x}", u64::from_be_bytes(random::bytes(&*self.rng)));
        let began = tokio::time::Instant::now();
        let end = end_of(log);
        let (mut rev, mut after) = (found.map(str::to_owned), None);
        let (mut buried, mut tombs) = (0, Vec::new());
        loop {
            let claim = claim(&nonce, log.now.plus(began.elapsed()));
            let then = (0, claim.as_str());
            rev = match self
                .put(scripts, line, rev.as_deref(), then, &tombs)
                .await?
            {
                Some(then) => Some(then),
                None => return Ok(false),
            };
            buried += tombs.len();
            tombs = self.sessions.tombs_after(after, TOMBS).await?;
            match tombs.last() {
                Some(last) => after = Some(last.digest),
                None => break,
            }
        }
        let done = self.put(scripts, line, rev.as_deref(), end, &[]).await?;
        if done.is_some() {
            tracing::info!(buried, "Redis was brought up to date from the database");
        }
        Ok(done.is_some())
    }

    /// Buries sessions and moves `rev`, as one step. What it is then; nothing where it was not what
    /// it was expected to be.
    pub(super) async fn put(
        &self,
        scripts: &Scripts,
        line: &Line,
        rev: Option<&str>,
        then: (u64, &str),
        tombs: &[Tomb],
    ) -> Result<Option<String>, Away> {
        match scripts.apply(line, rev, then, tombs).await? {
            Applied::Done => {
                let text = text_of(then);
                *self.lock() = Some(text.clone());
                Ok(Some(text))
            }
            Applied::Moved(_) => Ok(None),
        }
    }

    pub(super) async fn rev(&self, scripts: &Scripts, line: &Line) -> Result<Option<String>, Away> {
        let rev = scripts.rev(line).await?;
        self.lock().clone_from(&rev);
        Ok(rev)
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log's newest row, and the moment.
    async fn newest(&self) -> Result<Log, StoreError> {
        self.changes
            .younger_than(Timestamp::from_millis(i64::MAX))
            .await
    }
}

/// The rows after the one that `rev` tells of, if that one is still there as it was.
fn rows_after<'l>(log: &'l Log, number: i64, mark: &str) -> Option<&'l [ChangeRow]> {
    if number == 0 {
        // Nothing was applied: all must be there from the first on.
        let whole = log.rows.first().is_none_or(|row| row.number == 1);
        return whole.then_some(&log.rows);
    }
    let (first, rest) = log.rows.split_first()?;
    (first.number == number && first.mark == mark).then_some(rest)
}

pub(super) fn ends_everyones(row: &ChangeRow) -> bool {
    matches!(row.change, Change::EveryoneNotBefore { .. })
}

/// What `rev` is when all of a log is applied.
pub(super) fn end_of(log: &Log) -> (u64, &str) {
    log.rows.last().map_or((0, ""), |row| {
        let number = u64::try_from(row.number).unwrap_or_default();
        (number, &row.mark)
    })
}

fn text_of((number, mark): (u64, &str)) -> String {
    format!("{number}:{mark}")
}

/// The mark while a node rebuilds; the number is older than any row's, so that no step is taken.
fn claim(nonce: &str, at: Timestamp) -> String {
    format!("{REBUILDING}{nonce}-{}", at.millis())
}

pub(super) fn parse(text: &str) -> Rev<'_> {
    let Some((number, mark)) = text.split_once(':') else {
        return Rev::Unknown;
    };
    if let Some(claim) = mark.strip_prefix(REBUILDING) {
        let at = claim.rsplit_once('-').and_then(|(_, at)| at.parse().ok());
        return at.map_or(Rev::Unknown, |at| {
            Rev::Rebuilding(Timestamp::from_millis(at))
        });
    }
    let number = number.parse();
    number.map_or(Rev::Unknown, |number| Rev::At { number, mark })
}

#[cfg(test)]
mod tests;
