//! `signet config`: is it right, what holds, what is there to set.

use clap::Subcommand;
use serde_json::json;

use super::{
    Shared,
    admin::block_on,
    failure::Failure,
    output::{Output, table},
};
use crate::{
    app::{self, Ambient},
    config::{Loaded, example, leaves},
};

#[derive(Subcommand)]
pub(super) enum ConfigCommand {
    /// Say whether a server would start with this configuration
    #[command(after_help = "\
Examples:
  signet config check
  signet --config /etc/signet.toml config check && systemctl restart signet")]
    Check,
    /// Print every setting, its value and where it comes from; secrets are hidden
    #[command(after_help = "\
Examples:
  signet config show
  SIGNET_LOG=debug signet config show | grep log
  signet config show --json")]
    Show,
    /// Print signet.example.toml: every setting with its meaning, default and variable
    #[command(after_help = "\
Examples:
  signet config example > signet.toml
  signet config example --json")]
    Example,
}

impl ConfigCommand {
    pub(super) fn run(self, shared: &Shared) -> Result<(), Failure> {
        let out = shared.output();
        match self {
            Self::Check => check(&shared.load()?, out),
            Self::Show => show(&shared.load()?, out),
            Self::Example => print_example(out),
        }
    }
}

fn check(loaded: &Loaded, out: Output) -> Result<(), Failure> {
    let plans = block_on(async {
        let plans = app::check(&loaded.settings, &Ambient::system()).await;
        plans.map_err(|error| Failure::from(error).about(&loaded.settings.store.database))
    })?;
    let file = loaded.file.as_ref().map(|path| path.display().to_string());
    let warnings = &loaded.warnings;
    let report = json!({ "ok": true, "file": file, "warnings": warnings, "plans": plans });
    out.print(&report, || {
        let read = file
            .as_deref()
            .unwrap_or("no file; defaults and environment");
        let first = format!("A server would start with this configuration ({read}).");
        let warnings = warnings.iter().map(|warning| format!("warning: {warning}"));
        let lines = [first].into_iter().chain(plans.iter().cloned());
        lines.chain(warnings).map(|line| line + "\n").collect()
    })
}

fn show(loaded: &Loaded, out: Output) -> Result<(), Failure> {
    let rows: Vec<[String; 3]> = loaded
        .values
        .iter()
        .map(|value| {
            let text = value.text.clone().unwrap_or_default();
            [value.leaf.name(), text, value.source.to_string()]
        })
        .collect();
    let list = loaded.values.iter().map(|value| {
        json!({ "setting": value.leaf.name(), "value": value.json(), "from": value.source.to_string() })
    });
    out.print(&list.collect(), || {
        table(["SETTING", "VALUE", "FROM"], &rows)
    })
}

fn print_example(out: Output) -> Result<(), Failure> {
    let list = leaves().into_iter().map(|leaf| {
        let meaning: Vec<&str> = leaf.doc.iter().map(|line| line.trim()).collect();
        json!({
            "setting": leaf.name(),
            "variable": leaf.variable(),
            "file_variable": leaf.file_variable(),
            "default": leaf.default_text(),
            "meaning": meaning.join(" "),
        })
    });
    out.print(&list.collect(), example)
}
