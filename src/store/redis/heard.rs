//! What this node has heard of the change log: enough to bring Redis up to date without the
//! database.
//!
//! The newest rows and the sessions that they ended, without a gap. A Redis that lost some of them,
//! or was out of reach when they came, is told of them as soon as it is there, also while the
//! database is away: what a node has acknowledged is known wherever the node can tell it.

use std::collections::VecDeque;

use crate::{model::change::ChangeRow, store::families::Tomb};

/// How many rows are kept at most.
const ROWS: usize = 16_384;
/// How many ended sessions are kept at most.
const TOMBS: usize = 65_536;

/// Where a row stands: its number and its mark, as `rev` has them.
pub(super) type Position = (u64, String);

/// The newest rows of the log.
#[derive(Default)]
pub(super) struct Heard {
    /// The row before the first part; nothing before anything was heard.
    base: Option<Position>,
    parts: VecDeque<Part>,
}

/// Rows that were heard together.
#[derive(Clone)]
pub(super) struct Part {
    rows: Vec<Position>,
    /// The sessions that they ended.
    pub(super) tombs: Vec<Tomb>,
}

impl Part {
    /// Rows, and the sessions that they ended.
    pub(super) fn new(rows: &[ChangeRow], tombs: Vec<Tomb>) -> Self {
        Self {
            rows: rows.iter().map(position).collect(),
            tombs,
        }
    }

    /// The last of the rows.
    pub(super) fn end(&self) -> Option<&Position> {
        self.rows.last()
    }
}

impl Heard {
    /// Up to which row everything was heard.
    pub(super) fn end(&self) -> Option<&Position> {
        let last = self.parts.back().and_then(Part::end);
        last.or(self.base.as_ref())
    }

    /// The rows of a log that were not heard yet; nothing where it does not go on from what was.
    pub(super) fn new_rows<'l>(&self, log: &'l [ChangeRow]) -> Option<&'l [ChangeRow]> {
        let (number, mark) = self.end()?;
        if *number == 0 {
            let whole = log.first().is_none_or(|row| row.number == 1);
            return whole.then_some(log);
        }
        let mut rows = log.iter().map(position);
        let known = rows.position(|row| row.0 == *number && row.1 == *mark)?;
        log.get(known + 1..)
    }

    /// Forgets everything: from now on is heard what comes after this row.
    pub(super) fn begin(&mut self, base: Position) {
        self.base = Some(base);
        self.parts.clear();
    }

    /// Adds what was heard next.
    pub(super) fn add(&mut self, part: Part) {
        self.parts.push_back(part);
        let count = |of: fn(&Part) -> usize| self.parts.iter().map(of).sum::<usize>();
        let (mut rows, mut tombs) = (
            count(|part| part.rows.len()),
            count(|part| part.tombs.len()),
        );
        while rows > ROWS || tombs > TOMBS {
            let Some(oldest) = self.parts.pop_front() else {
                return;
            };
            rows -= oldest.rows.len();
            tombs -= oldest.tombs.len();
            self.base = oldest.end().cloned();
        }
    }

    /// What a Redis lacks that is at this row; nothing where that row is not known.
    pub(super) fn after(&self, number: i64, mark: &str) -> Option<Vec<Part>> {
        let is_it = |row: &Position| i64::try_from(row.0) == Ok(number) && row.1 == mark;
        let from = if self.base.as_ref().is_some_and(is_it) {
            0
        } else {
            let within = |part: &Part| part.rows.iter().any(is_it);
            let at = self.parts.iter().position(within)?;
            // Of a part that is known by halves all is told again: what is over stays over.
            let whole = self.parts.get(at).and_then(Part::end).is_some_and(is_it);
            at + usize::from(whole)
        };
        Some(self.parts.iter().skip(from).cloned().collect())
    }

    /// All ended sessions that were heard of.
    pub(super) fn tombs(&self) -> Vec<Tomb> {
        let parts = self.parts.iter();
        parts.flat_map(|part| part.tombs.iter().copied()).collect()
    }
}

/// Where a row stands.
pub(super) fn position(row: &ChangeRow) -> Position {
    let number = u64::try_from(row.number).unwrap_or_default();
    (number, row.mark.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        change::Change,
        session::{EndReason, SessionDigest},
        time::Timestamp,
    };

    fn rows(numbers: std::ops::RangeInclusive<i64>) -> Vec<ChangeRow> {
        let row = |number| ChangeRow {
            number,
            mark: format!("m{number}"),
            change: Change::SigningKeysChanged,
        };
        numbers.map(row).collect()
    }

    fn part(numbers: std::ops::RangeInclusive<i64>, tombs: usize) -> Part {
        let tomb = Tomb {
            digest: SessionDigest([1; 32]),
            reason: EndReason::Logout,
            absolute_expires_at: Timestamp::default(),
        };
        Part::new(&rows(numbers), vec![tomb; tombs])
    }

    fn ends(heard: &Heard, number: i64, mark: &str) -> Option<Vec<u64>> {
        let parts = heard.after(number, mark)?;
        Some(parts.iter().map(|part| part.end().unwrap().0).collect())
    }

    #[test]
    fn it_goes_on_only_from_the_row_that_it_knows() {
        let mut heard = Heard::default();
        assert_eq!(heard.new_rows(&rows(1..=3)), None);
        heard.begin((3, "m3".to_owned()));
        assert_eq!(heard.new_rows(&rows(1..=5)), Some(&rows(4..=5)[..]));
        assert_eq!(heard.new_rows(&rows(3..=3)), Some(&[][..]));
        assert_eq!(heard.new_rows(&rows(4..=5)), None);
        heard.begin((3, "other".to_owned()));
        assert_eq!(heard.new_rows(&rows(1..=5)), None);
        heard.begin((0, String::new()));
        assert_eq!(heard.new_rows(&rows(1..=2)), Some(&rows(1..=2)[..]));
        assert_eq!(heard.new_rows(&rows(2..=2)), None);
    }

    #[test]
    fn it_tells_all_that_is_missing_and_nothing_where_it_cannot_know() {
        let mut heard = Heard::default();
        heard.begin((3, "m3".to_owned()));
        heard.add(part(4..=6, 1));
        heard.add(part(7..=7, 1));
        assert_eq!(ends(&heard, 3, "m3"), Some(vec![6, 7]));
        assert_eq!(ends(&heard, 5, "m5"), Some(vec![6, 7]));
        assert_eq!(ends(&heard, 6, "m6"), Some(vec![7]));
        assert_eq!(ends(&heard, 7, "m7"), Some(vec![]));
        assert_eq!(ends(&heard, 7, "other"), None);
        assert_eq!(ends(&heard, 2, "m2"), None);
        assert_eq!(heard.tombs().len(), 2);
    }

    #[test]
    fn of_too_much_the_newest_is_kept() {
        let mut heard = Heard::default();
        heard.begin((0, String::new()));
        heard.add(part(1..=2, TOMBS));
        heard.add(part(3..=3, 1));
        assert_eq!(ends(&heard, 0, ""), None);
        assert_eq!(ends(&heard, 2, "m2"), Some(vec![3]));
    }
}
