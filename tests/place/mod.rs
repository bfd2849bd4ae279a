//! A folder of its own, in which the real binary is run.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// A folder of its own to run the real binary in.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().expect("a temporary folder"),
            variables: Vec::new(),
        }
    }

    pub(crate) fn with(name: &str, value: &str) -> Self {
        Self {
            variables: vec![(name.to_owned(), value.to_owned())],
            ..Self::new()
        }
    }

    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_signet"))
            .args(arguments)
            .current_dir(&self.folder)
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A command that does not read its input may be gone before it is written.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().expect("it ends")
    }

    /// The one JSON value that the command prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        let text = self.text(&arguments);
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).expect("JSON")
    }

    pub(crate) fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, "");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// The exit code, and the sentence on stderr, which is the same in both forms.
    pub(crate) fn ends(&self, arguments: &[&str]) -> (i32, String) {
        let text = self.run(arguments, "");
        let text_error = String::from_utf8(text.stderr).expect("UTF-8");
        let sentence = text_error
            .strip_prefix("error: ")
            .unwrap_or(&text_error)
            .trim_end();

        let json = self.run(&[arguments, &["--json"]].concat(), "");
        let json_error: Value = serde_json::from_slice(&json.stderr).expect("JSON");
        assert_eq!(
            json_error["error"]["messages"],
            serde_json::json!([sentence])
        );
        assert_eq!(text.status.code(), json.status.code());
        (text.status.code().expect("a code"), sentence.to_owned())
    }
}
