//! The programs of examples/resource-servers before the same credentials; the matrix stands in
//! docs/verifying.md.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod credentials;
#[path = "../forged/mod.rs"]
mod forged;
mod issuer;
#[path = "../processes/mod.rs"]
mod processes;
mod program;
#[path = "../servers/mod.rs"]
mod servers;

use std::fmt::Write as _;
use std::fs;
use std::io::{Write as _, stderr};
use std::path::Path;

use credentials::{Case, Credentials};
use futures_util::future::join_all;
use program::{LANGUAGES, Program};

const PAGE: &str = "docs/verifying.md";
/// How many lines of code a program may have: its imports, comments and empty lines apart.
const LINES: usize = 100;
/// How often a program may fetch the keys while it is sent tokens with keys that nobody knows.
const FETCHES: usize = 3;

#[tokio::test]
async fn five_programs_judge_every_credential_alike_and_as_the_page_says() {
    let mut credentials = Credentials::new().await;
    let (issuer, key) = (&credentials.issuer, &credentials.key);
    program::build(LANGUAGES);
    let programs = LANGUAGES.map(|language| Program::start(language, &issuer.url, key));
    join_all(programs.iter().map(Program::starts)).await;

    let mut matrix = Matrix::default();
    for case in credentials.cases().await {
        matrix.ask(&programs, case).await;
    }
    let fetches = credentials.issuer.fetches();
    assert!(fetches <= FETCHES * programs.len(), "{fetches} fetches");

    let next = credentials.next_key();
    join_all(
        programs
            .iter()
            .map(|program| program.accepts(&next.credential)),
    )
    .await;
    matrix.ask(&programs, next).await;
    for case in credentials.cases_without_signet() {
        matrix.ask(&programs, case).await;
    }
    matrix.print();
    matrix.holds();
}

#[test]
fn each_program_is_short() {
    for (path, comment, import) in [
        ("python/server.py", "#", &["import", "from"][..]),
        ("node/server.mjs", "//", &["import"]),
        ("go/main.go", "//", &["\t\"", "import", ")"]),
        ("java/src/main/java/notes/Server.java", "//", &["import"]),
        ("rust/src/main.rs", "//", &["use"]),
    ] {
        let text = fs::read_to_string(Path::new("examples/resource-servers").join(path)).unwrap();
        let lines = text.lines().filter(|line| {
            let bare = line.trim();
            let is_import = import.iter().any(|word| line.starts_with(word));
            let is_comment = [comment, "/**", "*"]
                .iter()
                .any(|mark| bare.starts_with(mark));
            !bare.is_empty() && !is_import && !is_comment
        });
        let lines = lines.count();
        assert!(lines <= LINES, "{path}: {lines} lines");
    }
}

/// What each program answered.
#[derive(Default)]
struct Matrix(Vec<(Case, Vec<u16>)>);

impl Matrix {
    async fn ask(&mut self, programs: &[Program], case: Case) {
        let answers = join_all(programs.iter().map(|program| program.judge(&case))).await;
        self.0.push((case, answers));
    }

    /// For whoever reads the log: tests' own output is not shown when they pass.
    fn print(&self) {
        let mut text = format!("\n{:60}", "");
        for language in LANGUAGES {
            write!(text, "{language:>8}").unwrap();
        }
        text.push('\n');
        for (case, answers) in &self.0 {
            write!(text, "{:60}", case.what).unwrap();
            for answer in answers {
                write!(text, "{answer:>8}").unwrap();
            }
            text.push('\n');
        }
        stderr().write_all(text.as_bytes()).unwrap();
    }

    fn holds(&self) {
        let wrong: Vec<String> = self
            .0
            .iter()
            .filter(|(case, answers)| answers.iter().any(|answer| *answer != case.answer))
            .map(|(case, answers)| format!("{}: {answers:?} for {}", case.what, case.answer))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let page = fs::read_to_string(PAGE).unwrap();
        let rows: Vec<&str> = page.lines().filter(|line| is_row(line)).collect();
        let expected: Vec<String> = self
            .0
            .iter()
            .map(|(case, _)| format!("| {} | {} |", case.what, case.answer))
            .collect();
        assert_eq!(
            rows,
            expected,
            "the matrix of {PAGE}; it should be\n{}",
            expected.join("\n")
        );
    }
}

/// Whether it is a row of the page's matrix: its last cell is a status.
fn is_row(line: &str) -> bool {
    let cell = line
        .strip_suffix(" |")
        .and_then(|line| line.rsplit_once("| "));
    cell.is_some_and(|(_, status)| status.len() == 3 && status.parse::<u16>().is_ok())
}
