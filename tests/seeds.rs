//! What the users of the systems before Signet have, held: each row of the table of those systems
//! that can be shown has a test named after it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The rows that can be shown: all but those of a console in the browser (G7, A3, M7).
const ROWS: &str = "
    W1 W2 W3 W4 W5 W6 W7 W8 W9 W10
    G1 G2 G3 G4 G5 G6 G8 G9 G10 G11 G12
    D1 D2 D3 D4 D5 D6 D7 D8
    M1 M2 M3 M4 M5 M6
    A1 A2 A4 A5 A6 A7 A8 A9 A10
";

#[test]
fn every_row_has_a_test_named_after_it() {
    let rows: BTreeSet<String> = ROWS.split_whitespace().map(str::to_lowercase).collect();
    let shown = tests();
    let missing: Vec<_> = rows.difference(&shown).collect();
    assert!(missing.is_empty(), "no test is named after {missing:?}");
}

/// The rows that tests are named after: `fn w1_…`, or `fn d6_d8_…` of two.
fn tests() -> BTreeSet<String> {
    let mut shown = BTreeSet::new();
    for file in files(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")) {
        let text = fs::read_to_string(file).unwrap();
        for line in text.lines() {
            let line = line.trim_start();
            let line = line.strip_prefix("async ").unwrap_or(line);
            let Some(name) = line.strip_prefix("fn ") else {
                continue;
            };
            shown.extend(
                name.split('_')
                    .take_while(|part| is_row(part))
                    .map(str::to_owned),
            );
        }
    }
    shown
}

fn is_row(part: &str) -> bool {
    let mut letters = part.chars();
    letters.next().is_some_and(|first| "wgdma".contains(first))
        && !letters.as_str().is_empty()
        && letters.all(|letter| letter.is_ascii_digit())
}

fn files(folder: PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}
