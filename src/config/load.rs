//! Where values come from: default, then the file, then the environment.

use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

use confique::{Config, Layer};
use serde::{
    Deserialize,
    de::{IntoDeserializer, value::MapDeserializer},
};

use super::{
    DatabaseUrl, LogLevel, Settings,
    catalogue::{Leaf, leaves},
    check,
    env_text::EnvText,
    environment::{Environment, Given},
    file::SettingsFile,
    wording,
};
use crate::store::redis::RedisAddress;

type SettingsLayer = <Settings as Config>::Layer;

/// Settings that may be used, and what is worth telling about them.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Each setting's value as text and where it came from, in the order of the example file.
    pub values: Vec<Value>,
    /// What is allowed but deserves a second look, a sentence each.
    pub warnings: Vec<String>,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
}

impl Loaded {
    /// The settings for a command whose result is not its log: unless somebody asked for more, it
    /// says warnings only.
    #[must_use]
    pub fn quiet(self) -> Settings {
        let is_level = |value: &&Value| value.leaf.name() == "log.level";
        let level = self.values.iter().find(is_level);
        let mut settings = self.settings;
        if level.is_none_or(|value| value.source == Source::Default) {
            settings.log.level = LogLevel::Warn;
        }
        settings
    }
}

/// A setting's value as text.
#[derive(Clone, Debug)]
pub struct Value {
    /// Which setting.
    pub leaf: Leaf,
    /// The value as TOML; none where an optional setting has no value; secrets are replaced.
    pub text: Option<String>,
    /// Where it came from.
    pub source: Source,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Variable(name) => out.write_str(name),
        }
    }
}

/// Why there are no settings: one sentence for each problem, all of them at once.
#[derive(Debug, thiserror::Error)]
#[error("{}", problems.join("\n"))]
pub struct ConfigError {
    /// The sentences.
    pub problems: Vec<String>,
}

/// Which file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileChoice {
    /// This one; it must exist.
    Named(PathBuf),
    /// `signet.toml` in the working directory, if it is there.
    Usual,
    /// None.
    Nothing,
}

/// Reads all settings. `environment` is all variables of the process.
pub fn load(
    file: &FileChoice,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded, ConfigError> {
    let mut problems = Vec::new();
    let file = SettingsFile::read(file).map_err(|problem| ConfigError {
        problems: vec![problem],
    })?;
    problems.extend(file.unknown());
    let mut environment = Environment::new(environment, &mut problems);

    let mut layer = SettingsLayer::empty();
    let mut values = Vec::new();
    for leaf in leaves() {
        let (one, value) = match environment.take(&leaf, &mut problems) {
            Some(Given { text, source }) => from_variable(leaf, text, source),
            None => match file.get(&leaf) {
                Some(given) => from_file(leaf, given.clone(), file.path()),
                None => (Ok(SettingsLayer::empty()), by_default(leaf)),
            },
        };
        match one {
            Ok(one) => layer = one.with_fallback(layer),
            Err(error) => {
                let source = value.source.to_string();
                let each = |line| wording::sentence(&leaf.name(), &source, line);
                problems.extend(error.lines().map(each));
            }
        }
        values.push(value);
    }
    problems.extend(environment.unknown());

    let settings = finish(layer)?;
    let verdict = check::check(&settings);
    problems.extend(verdict.refusals);
    if !problems.is_empty() {
        return Err(ConfigError { problems });
    }
    Ok(Loaded {
        settings,
        values,
        warnings: verdict.warnings,
        file: file.into_path(),
    })
}

impl Settings {
    /// Every setting at its default: what `signet demo` and tests start from.
    pub fn defaults() -> Result<Self, ConfigError> {
        finish(SettingsLayer::empty())
    }
}

fn finish(layer: SettingsLayer) -> Result<Settings, ConfigError> {
    Settings::from_layer(layer.with_fallback(SettingsLayer::default_values())).map_err(|error| {
        ConfigError {
            problems: vec![error.to_string()],
        }
    })
}

type Read = (Result<SettingsLayer, String>, Value);

fn from_variable(leaf: Leaf, text: String, source: String) -> Read {
    let shown = shown(&leaf, || toml::Value::String(text.clone()).to_string());
    let layer = one_setting(&leaf, EnvText(text))
        .map_err(|error: serde::de::value::Error| explained(&leaf, &error.to_string()));
    (
        layer,
        Value {
            leaf,
            text: Some(shown),
            source: Source::Variable(source),
        },
    )
}

fn from_file(leaf: Leaf, given: toml::Value, path: &Path) -> Read {
    let shown = shown(&leaf, || given.to_string());
    let wrong_type = wording::wrong_type(&leaf, &given);
    let layer = one_setting(&leaf, given).map_err(|error: toml::de::Error| {
        explained(&leaf, wrong_type.as_deref().unwrap_or(error.message()))
    });
    (
        layer,
        Value {
            leaf,
            text: Some(shown),
            source: Source::File(path.to_owned()),
        },
    )
}

fn by_default(leaf: Leaf) -> Value {
    Value {
        leaf,
        text: leaf.default_text(),
        source: Source::Default,
    }
}

fn shown(leaf: &Leaf, text: impl FnOnce() -> String) -> String {
    if leaf.is_secret() {
        return "(hidden)".to_owned();
    }
    let text = text();
    let url = text.trim_matches('"');
    let shown = match leaf.name().as_str() {
        "store.database" if !url.starts_with("sqlite:") => {
            DatabaseUrl::parse(url).map(|url| url.to_string())
        }
        "store.redis" => RedisAddress::parse(url).map(|url| url.to_string()),
        _ => return text,
    };
    // Of one that does not parse, nobody knows where in it the password is.
    shown.map_or_else(
        |_| "(hidden)".to_owned(),
        |shown| toml::Value::String(shown).to_string(),
    )
}

/// A secret's value must not come back in an error message.
fn explained(leaf: &Leaf, error: &str) -> String {
    let error = if leaf.is_secret() {
        "is not a text in quotes"
    } else {
        error
    };
    wording::reworded(error.trim().trim_end_matches('.'))
}

/// A layer that holds one value, so that an error belongs to exactly one setting.
fn one_setting<'de, E, V>(leaf: &Leaf, value: V) -> Result<SettingsLayer, E>
where
    E: serde::de::Error,
    V: IntoDeserializer<'de, E>,
{
    let section = MapDeserializer::new(std::iter::once((leaf.field, value)));
    SettingsLayer::deserialize(MapDeserializer::new(std::iter::once((
        leaf.section,
        section,
    ))))
}
