//! What the README and the demo tell a newcomer to type, typed.
//!
//! A block of the README that follows the line `<!-- walkthrough -->` is run. In it, `$ ` begins a
//! command (a trailing `\` continues it), other lines are what it prints, and `…` stands for
//! anything. The first command starts the demo; the others run one after the other in one bash,
//! where `NAME='…'` becomes what the demo printed as that name, and port 8080 the demo's own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const MARK: &str = "<!-- walkthrough -->";
const START: &str = "cargo run -- demo";

#[test]
fn the_lines_that_the_demo_prints_work_when_pasted() {
    let demo = Demo::start();
    let answers = bash(&demo.steps);
    let answers: Vec<&str> = answers.lines().collect();
    let [login, refresh, me, jwks, logout] = answers[..] else {
        panic!("{answers:#?}")
    };
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let (login, refresh) = (json(login), json(refresh));
    assert_ne!(login["refresh_token"], refresh["refresh_token"]);
    assert!(refresh["access_token"].is_string());
    assert_eq!(json(me)["username"], demo.facts["USERNAME"].as_str());
    assert!(json(jwks)["keys"][0]["kid"].is_string());
    assert_eq!(logout, "204");
}

#[test]
fn the_readme_can_be_followed() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let steps = steps(&readme);
    assert_eq!(steps[0].command, START);
    let demo = Demo::start();
    let commands: Vec<String> = steps[1..]
        .iter()
        .map(|step| demo.fill(&step.command))
        .collect();
    assert!(
        !commands.is_empty(),
        "the README shows how to start a demo, and nothing to do with it"
    );

    // A line of its own between the outputs of two commands.
    let end = "\necho '<end>'\n";
    let printed = bash(&format!("{}{end}", commands.join(end)));
    let outputs: Vec<&str> = printed.split("<end>\n").collect();
    for ((step, command), output) in steps[1..].iter().zip(&commands).zip(outputs) {
        let expected = demo.fill(&step.prints);
        assert!(
            step.prints.is_empty() || fits(expected.trim(), output.trim()),
            "{command}\nis said to print\n{expected}\nand prints\n{output}",
        );
    }
}

/// A command of the README, and what it is said to print.
#[derive(Default)]
struct Step {
    command: String,
    prints: String,
}

fn steps(readme: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in readme.split(MARK).skip(1) {
        let block = part
            .trim_start()
            .strip_prefix("```console\n")
            .expect("a block of console");
        let block = block.split_once("\n```").unwrap().0;
        let mut step: Option<Step> = None;
        for line in block.lines() {
            match (line.strip_prefix("$ "), &mut step) {
                (Some(command), _) => {
                    steps.extend(step.take());
                    step = Some(Step {
                        command: command.to_owned(),
                        prints: String::new(),
                    });
                }
                (None, Some(step)) if step.command.ends_with('\\') => {
                    step.command.push('\n');
                    step.command.push_str(line);
                }
                (None, Some(step)) => {
                    step.prints.push_str(line);
                    step.prints.push('\n');
                }
                (None, None) => panic!("the block begins with no command: {line}"),
            }
        }
        steps.extend(step);
    }
    steps
}

/// Whether `text` is `pattern`, where `…` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some((_, behind)) = rest.split_once(part) else {
            return false;
        };
        rest = behind;
    }
    rest.ends_with(last)
}

/// Runs a script as if it were pasted, and returns what it prints. `cargo run --` is the binary.
fn bash(script: &str) -> String {
    let prelude = r#"set -euo pipefail; cargo() { shift 2; "$SIGNET" "$@"; };"#;
    let output = Command::new("bash")
        .args(["-c", &format!("{prelude}\n{script}")])
        .env("SIGNET", env!("CARGO_BIN_EXE_signet"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{script}\nprints\n{printed}\nand complains\n{complaints}"
    );
    printed
}

/// A demo as a person starts it.
struct Demo {
    /// What it prints as `Name  value`, the names in capitals.
    facts: BTreeMap<String, String>,
    /// The lines that it prints to be pasted.
    steps: String,
    child: Child,
}

impl Demo {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_signet"))
            .args(["demo", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let facts = lines
            .by_ref()
            .take_while(|line| !line.starts_with("Try it"))
            .filter_map(|line| {
                let (name, value) = line.trim().split_once("  ")?;
                Some((name.to_uppercase(), value.trim().to_owned()))
            })
            .collect();
        let mut demo = Self {
            facts,
            steps: String::new(),
            child,
        };
        // The last step is to log out: a comment, and one command over several lines.
        let mut last = false;
        for line in lines {
            demo.steps.push_str(&line);
            demo.steps.push('\n');
            last |= line.starts_with('#') && line.contains("Log out");
            if last && !line.starts_with('#') && !line.ends_with('\\') {
                break;
            }
        }
        demo
    }

    /// The README's text with what only this demo knows.
    fn fill(&self, text: &str) -> String {
        let mut text = text.replace("http://localhost:8080", &self.facts["URL"]);
        for (name, value) in &self.facts {
            text = text.replace(&format!("{name}='…'"), &format!("{name}='{value}'"));
        }
        text
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
