//! docs/standards.md, held: each item that is due has one row, and each row a test named after it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The items due so far. A row may be marked as not met; none may be missing.
const DUE: &str = "
    RT-01 RT-02 RT-03 RT-04 RT-05 RT-06 RT-07 RT-08 RT-09 RT-10 RT-11 RT-12 RT-13 RT-14 RT-15 RT-16 RT-17 RT-18 RT-20
    BT-01 BT-02 BT-03 BT-04 BT-05 BT-06 BT-07 BT-08 BT-09 BT-10
    TE-01 TE-02 TE-03 TE-04 TE-05 TE-06 TE-07 TE-08 TE-09 TE-10 TE-11 TE-12 TE-13 TE-14 TE-15 TE-16 TE-17 TE-18 TE-19 TE-20 TE-21 TE-22 TE-23 TE-24 TE-25
    RV-01 RV-02 RV-03 RV-04 RV-05 RV-06 RV-07 RV-08 RV-09 RV-10 RV-11
    JK-01 JK-02 JK-03 JK-04 JK-05 JK-06 JK-07 JK-08 JK-09 JK-10 JK-11 JK-12 JK-13 JK-14
    JT-01 JT-02 JT-03 JT-04 JT-05 JT-06 JT-07 JT-08 JT-09 JT-10 JT-11 JT-12 JT-13 JT-14 JT-15 JT-16
    JV-01 JV-02 JV-03 JV-04 JV-05 JV-06 JV-07 JV-08 JV-09 JV-10 JV-11 JV-12 JV-13 JV-14
    MD-01 MD-02 MD-03 MD-04 MD-06 MD-07 MD-08 MD-10
    LG-01 LG-02 LG-03 LG-04 LG-05 LG-07 LG-08 LG-09 LG-10 LG-11 LG-12 LG-13 LG-14
    PW-01 PW-02 PW-03 PW-04 PW-05 PW-06 PW-07 PW-09
    RL-01 RL-02 RL-03 RL-04
    CK-01 CK-02 CK-03 CK-04 CK-05
    CS-01 CS-02 CS-03 CS-04 CS-05
    CO-01 CO-02 CO-03 CO-04 CO-05 CO-06
    AK-01 AK-02 AK-03 AK-04 AK-05 AK-06 AK-07 AK-08 AK-09 AK-10 AK-11
    IN-01 IN-02 IN-03 IN-04 IN-05 IN-06 IN-07 IN-08 IN-09 IN-10 IN-11 IN-12
    IJ-01 IJ-02 IJ-03
    TX-01
    PD-01 PD-02 PD-03 PD-04 PD-05
    HD-01 HD-02 HD-03
    OB-01 OB-02 OB-03 OB-04 OB-05 OB-06
";

#[test]
fn every_item_due_has_one_row() {
    let rows = rows();
    let due: BTreeSet<&str> = DUE.split_whitespace().collect();
    let listed: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(due, listed);
    assert_eq!(listed.len(), rows.len(), "an item is listed twice");
}

#[test]
fn every_row_names_tests_that_exist() {
    let tests = tests_by_path();
    let mut offences = Vec::new();
    for Row { id, shown_by } in rows() {
        if shown_by
            .strip_prefix("not met: ")
            .is_some_and(|reason| !reason.is_empty())
        {
            continue;
        }
        for test in shown_by
            .split("<br>")
            .map(|test| test.trim().trim_matches('`'))
        {
            let exists = test.rsplit_once("::").is_some_and(|(path, name)| {
                named_after(name, &id) && tests.get(path).is_some_and(|names| names.contains(name))
            });
            if !exists {
                offences.push(format!("{id}: no test {test:?}"));
            }
        }
    }
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

#[test]
fn every_test_named_after_an_item_is_listed() {
    let rows = rows();
    let mut offences = Vec::new();
    for (path, names) in tests_by_path() {
        for name in names {
            let test = format!("`{path}::{name}`");
            let row = rows.iter().find(|row| named_after(&name, &row.id));
            if row.is_some_and(|row| !row.shown_by.contains(&test)) {
                offences.push(test);
            }
        }
    }
    assert!(
        offences.is_empty(),
        "not in docs/standards.md:\n{}",
        offences.join("\n")
    );
}

struct Row {
    id: String,
    shown_by: String,
}

/// The rows of all tables whose first cell is an id.
fn rows() -> Vec<Row> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/standards.md");
    let page = fs::read_to_string(page).unwrap();
    page.lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line
                .strip_prefix('|')?
                .strip_suffix('|')?
                .split('|')
                .map(str::trim)
                .collect();
            let [id, _what, _source, shown_by] = cells[..] else {
                return None;
            };
            (id != "id" && !id.starts_with('-')).then(|| Row {
                id: id.to_owned(),
                shown_by: shown_by.to_owned(),
            })
        })
        .collect()
}

/// The test functions of each source file of the project.
fn tests_by_path() -> BTreeMap<String, BTreeSet<String>> {
    let mut paths = Vec::new();
    for folder in ["src", "tests"] {
        collect(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
            &mut paths,
        );
    }
    paths
        .into_iter()
        .map(|path| {
            let tests = tests_in(&fs::read_to_string(&path).unwrap());
            let path = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            (path.display().to_string(), tests)
        })
        .collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The names of the functions under an attribute like `#[test]` or `#[tokio::test(…)]`.
fn tests_in(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(rest) = line.trim_start_matches("async ").strip_prefix("fn ") {
            if is_test {
                names.extend(rest.split_once('(').map(|(name, _)| name.to_owned()));
            }
            is_test = false;
        }
    }
    names
}

/// Whether a test is called `jv_01_…` for `JV-01`.
fn named_after(test: &str, id: &str) -> bool {
    let prefix = id.to_lowercase().replace('-', "_");
    test.strip_prefix(&prefix)
        .is_some_and(|rest| rest.starts_with('_'))
}
