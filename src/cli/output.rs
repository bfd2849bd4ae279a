//! What a command prints on stdout: aligned text for people, one JSON value for scripts.

use std::io::{self, Write};

use serde_json::Value;

use super::failure::Failure;
use crate::model::text::misleads;

/// Where results go, and in which form.
#[derive(Clone, Copy)]
pub(super) struct Output {
    pub(super) json: bool,
}

impl Output {
    /// Prints `json` on one line, or what `text` makes.
    pub(super) fn print(self, json: &Value, text: impl FnOnce() -> String) -> Result<(), Failure> {
        self.write(json, text)
            .map_err(|error| Failure::output(&error))
    }

    /// Says below a table how much of a list it shows, and how to see the rest. Scripts read that in
    /// the JSON.
    pub(super) fn tally(self, shown: usize, total: u64, things: &str, next: Option<&str>) {
        match next {
            _ if self.json => {}
            Some(next) => eprintln!("{shown} of {total} {things}; the next ones: --after {next}"),
            None => eprintln!("{shown} of {total} {things}"),
        }
    }

    fn write(self, json: &Value, text: impl FnOnce() -> String) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{json}")?;
        } else {
            out.write_all(text().as_bytes())?;
        }
        out.flush()
    }
}

/// Rows under a heading, each column as wide as its widest cell.
pub(super) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<[String; N]> = std::iter::once(heading.map(str::to_owned))
        .chain(
            rows.iter()
                .map(|row| row.each_ref().map(|cell| shown(cell))),
        )
        .collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    rows.iter().map(|row| line(row, &widths)).collect()
}

/// Names and values, a pair a line.
pub(super) fn pairs(pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, value): &(&str, String)| format!("{name:width$}  {}\n", shown(value));
    pairs.iter().map(line).collect::<Vec<_>>().concat()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells: Vec<String> = row
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.chars().count())))
        .collect();
    format!("{}\n", cells.join("  ").trim_end())
}

/// A cell as a terminal may see it: an empty one as a dash, and nothing that moves the cursor.
fn shown(cell: &str) -> String {
    if cell.is_empty() {
        return "-".to_owned();
    }
    cell.chars()
        .map(|char| if misleads(char) { '\u{fffd}' } else { char })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_trails() {
        let rows = [
            ["ada".to_owned(), "1".to_owned()],
            ["grace".to_owned(), String::new()],
        ];
        assert_eq!(
            table(["NAME", "N"], &rows),
            "NAME   N\nada    1\ngrace  -\n"
        );
        assert_eq!(
            pairs(&[("id", "1".to_owned()), ("name", "Ärger".to_owned())]),
            "id    1\nname  Ärger\n"
        );
    }

    #[test]
    fn cells_cannot_move_the_cursor() {
        assert_eq!(
            table(["A"], &[["x\u{1b}[2J\n".to_owned()]]),
            "A\nx\u{fffd}[2J\u{fffd}\n"
        );
    }
}
