//! The configuration file, before anybody knows what its values mean.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{
    catalogue::{Leaf, leaves, nearest, nearest_setting, sections},
    load::FileChoice,
};

/// Read from the working directory when no other file is named.
const USUAL_PATH: &str = "signet.toml";

/// The content of the file; empty if there is none.
#[derive(Default)]
pub(super) struct SettingsFile {
    path: Option<PathBuf>,
    table: Table,
}

impl SettingsFile {
    /// Reads the file. The error is one sentence.
    pub(super) fn read(choice: &FileChoice) -> Result<Self, String> {
        let (path, optional) = match choice {
            FileChoice::Named(path) => (path.as_path(), false),
            FileChoice::Usual => (Path::new(USUAL_PATH), true),
            FileChoice::Nothing => return Ok(Self::default()),
        };
        let shown = path.display();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if optional && error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => {
                return Err(format!(
                    "{shown} cannot be read ({error}); name a readable file with --config."
                ));
            }
        };
        let table = text.parse::<Table>().map_err(|error| {
            let line = error.span().map_or(1, |span| {
                1 + text[..span.start.min(text.len())].matches('\n').count()
            });
            let message = error
                .message()
                .trim()
                .lines()
                .collect::<Vec<_>>()
                .join("; ");
            format!("{shown}, line {line}: this is not TOML ({message}).")
        })?;
        let file = Self {
            path: Some(path.to_owned()),
            table,
        };
        file.refuse_shared_secrets()?;
        Ok(file)
    }

    /// The value of a setting.
    pub(super) fn get(&self, leaf: &Leaf) -> Option<&Value> {
        self.table.get(leaf.section)?.as_table()?.get(leaf.field)
    }

    /// Where it was read; the default's name if it was not.
    pub(super) fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new(USUAL_PATH))
    }

    /// Where it was read, if it was.
    pub(super) fn into_path(self) -> Option<PathBuf> {
        self.path
    }

    /// One sentence for each name that is not a setting.
    pub(super) fn unknown(&self) -> Vec<String> {
        let names: Vec<String> = leaves().iter().map(Leaf::name).collect();
        let mut unknown = Vec::new();
        for (section, value) in &self.table {
            let is_section = sections().any(|(name, _)| name == section);
            match value.as_table() {
                Some(fields) if is_section => {
                    let wrong = fields.keys().map(|field| format!("{section}.{field}"));
                    unknown.extend(wrong.filter(|name| !names.contains(name)));
                }
                Some(_) => unknown.push(format!("[{section}]")),
                None => unknown.push(section.clone()),
            }
        }
        unknown
            .iter()
            .map(|wrong| self.unknown_sentence(wrong))
            .collect()
    }

    fn unknown_sentence(&self, wrong: &str) -> String {
        let file = self.path().display();
        if let Some(section) = wrong
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            return match nearest(section, sections().map(|(name, _)| name)) {
                Some(near) => {
                    format!("{file} has an unknown section [{section}]; did you mean [{near}]?")
                }
                None => format!(
                    "{file} has an unknown section [{section}]; remove it (signet.example.toml names all)."
                ),
            };
        }
        let (section, field) = wrong.split_once('.').unwrap_or(("", wrong));
        match nearest_setting(section, field) {
            Some(near) => {
                let near = near.name();
                format!("{file} has an unknown setting {wrong}; did you mean {near}?")
            }
            None => format!(
                "{file} has an unknown setting {wrong}; remove it (signet.example.toml names all)."
            ),
        }
    }

    /// A file with secrets is for its owner only.
    fn refuse_shared_secrets(&self) -> Result<(), String> {
        use std::os::unix::fs::PermissionsExt;

        let Some(secret) = leaves()
            .into_iter()
            .find(|leaf| leaf.is_secret() && self.get(leaf).is_some())
        else {
            return Ok(());
        };
        let path = self.path();
        let mode = fs::metadata(path).map_or(0o777, |data| data.permissions().mode());
        let others = mode & 0o077;
        if others == 0 {
            return Ok(());
        }
        Err(format!(
            "{} holds {} and others can read it; run `chmod 600 {}`.",
            path.display(),
            secret.name(),
            path.display()
        ))
    }
}
