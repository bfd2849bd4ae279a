//! What an import came to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::fields::Place;
use crate::{
    cli::{
        failure::{Failure, Kind},
        output::Output,
    },
    model::text::misleads,
};

/// Counts, and what was refused or left.
pub(super) struct Report {
    dry_run: bool,
    /// Whether lines need the name of their file.
    many_files: bool,
    created: u64,
    existing: u64,
    without_password: u64,
    refused: Vec<Value>,
    not_granted: Vec<Value>,
    ignored: BTreeSet<String>,
}

impl Report {
    pub(super) fn new(dry_run: bool, many_files: bool) -> Self {
        Self {
            dry_run,
            many_files,
            created: 0,
            existing: 0,
            without_password: 0,
            refused: Vec::new(),
            not_granted: Vec::new(),
            ignored: BTreeSet::new(),
        }
    }

    pub(super) fn is_rehearsal(&self) -> bool {
        self.dry_run
    }

    /// How many users were read.
    pub(super) fn read(&self) -> u64 {
        self.created + self.existing + self.refused.len() as u64
    }

    pub(super) fn created(&mut self, with_password: bool) {
        self.created += 1;
        self.without_password += u64::from(!with_password);
    }

    pub(super) fn existing(&mut self) {
        self.existing += 1;
    }

    pub(super) fn ignored(&mut self, fields: Vec<String>) {
        self.ignored.extend(fields);
    }

    /// Notes a refusal; the line that tells people of it.
    pub(super) fn refused(&mut self, place: Place, field: &str, reason: &str) -> String {
        let told = self.told(&place, &format!("{field}: {reason}"));
        let Place { file, line } = place;
        let refused = json!({ "file": file, "line": line, "field": field, "reason": reason });
        self.refused.push(refused);
        told
    }

    /// Notes what a line says is not granted; the line that tells people of it.
    pub(super) fn not_granted(&mut self, place: &Place, grants: &[String]) -> Option<String> {
        if grants.is_empty() {
            return None;
        }
        let told = self.told(place, &format!("not granted: {}", grants.join(" ")));
        let Place { file, line } = place;
        let noted = json!({ "file": file, "line": line, "grants": grants });
        self.not_granted.push(noted);
        Some(told)
    }

    fn told(&self, place: &Place, what: &str) -> String {
        let Place { file, line } = place;
        let told = if self.many_files {
            format!("{file}:{line}: {what}")
        } else {
            format!("line {line}: {what}")
        };
        let shown = |char| if misleads(char) { '\u{fffd}' } else { char };
        told.chars().map(shown).collect()
    }

    pub(super) fn print(&self, out: Output) -> Result<(), Failure> {
        let report = json!({
            "dry_run": self.dry_run,
            "read": self.read(),
            "created": self.created,
            "existing": self.existing,
            "without_password": self.without_password,
            "refused": self.refused,
            "not_granted": self.not_granted,
            "ignored_fields": self.ignored,
        });
        out.print(&report, || self.text())
    }

    fn text(&self) -> String {
        let would = if self.dry_run { "would be " } else { "" };
        let mut lines = vec![format!(
            "{} read: {} {would}created, {} there already, {} refused.",
            grouped(self.read()),
            grouped(self.created),
            grouped(self.existing),
            grouped(self.refused.len() as u64),
        )];
        if self.without_password > 0 {
            lines.push(format!(
                "{} of them without a password: they cannot log in until one is set.",
                grouped(self.without_password)
            ));
        }
        if !self.ignored.is_empty() {
            let fields: Vec<&str> = self.ignored.iter().map(String::as_str).collect();
            lines.push(format!("Left where they were: {}.", fields.join(", ")));
        }
        if self.dry_run {
            lines.push("Nothing was done (--dry-run).".to_owned());
        }
        lines.join("\n") + "\n"
    }

    /// A refused line makes the whole command one that did not do all its work.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        let refused = match self.refused.len() {
            0 => return Ok(()),
            1 => "1 user was".to_owned(),
            many => format!("{} users were", grouped(many as u64)),
        };
        Err(Failure::new(
            Kind::Refused,
            format_args!(
                "{refused} refused; put the lines right and run it again: whoever is there is \
                 left as they are."
            ),
        ))
    }
}

/// A number with a comma before each three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn numbers_are_grouped() {
        let grouped = [0, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(grouped, ["0", "999", "1,000", "1,234,567"]);
    }
}
