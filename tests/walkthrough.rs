//! What the README tells a newcomer to type, typed.
//!
//! A block of the README that follows the line `<!-- walkthrough -->` is run, and has to print what
//! the block of text behind it says, where `…` stands for anything. The first starts the demo; the
//! others run one after the other in one bash, where `NAME='…'` becomes what the demo printed as that
//! name, and port 8080 the demo's own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod demo;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use demo::{Card, Demo};

const MARK: &str = "<!-- walkthrough -->";
const START: &str = "cargo run -- demo";

#[test]
fn a10_the_readme_can_be_followed_from_a_login_to_a_key_that_is_used_and_checked() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let steps = steps(&readme);
    assert_eq!(steps[0].command, START);
    let demo = Demo::start(&[]);
    let card = &demo.card;
    let commands: Vec<String> = steps[1..]
        .iter()
        .map(|step| fill(&step.command, card))
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
        let expected = fill(&step.prints, card);
        assert!(
            step.prints.is_empty() || fits(expected.trim(), output.trim()),
            "{command}\nis said to print\n{expected}\nand prints\n{output}",
        );
    }
}

/// Commands of the README, and what they are said to print.
struct Step {
    command: String,
    prints: String,
}

fn steps(readme: &str) -> Vec<Step> {
    let parts = readme.split(MARK).skip(1);
    let step = |part| {
        let (command, rest) = block(part, "bash").expect("a block of bash");
        let prints = block(rest, "text").map(|(prints, _)| prints);
        Step {
            command: command.to_owned(),
            prints: prints.unwrap_or_default().to_owned(),
        }
    };
    parts.map(step).collect()
}

/// The block of that language with which a text begins, and the rest.
fn block<'a>(text: &'a str, language: &str) -> Option<(&'a str, &'a str)> {
    let block = text.trim_start().strip_prefix("```")?;
    let block = block.strip_prefix(language)?.strip_prefix('\n')?;
    block.split_once("\n```")
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

/// The README's text with what only this demo knows.
fn fill(
    text: &str,
    Card {
        url,
        username,
        password,
        client_id,
    }: &Card,
) -> String {
    let names = [
        ("USERNAME", username),
        ("PASSWORD", password),
        ("CLIENT_ID", client_id),
    ];
    names.into_iter().fold(
        text.replace("http://localhost:8080", url),
        |text, (name, value)| text.replace(&format!("{name}='…'"), &format!("{name}='{value}'")),
    )
}
