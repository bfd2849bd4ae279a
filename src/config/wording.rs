//! What is wrong with a value, in words for whoever wrote it; and values as JSON.

use toml::Value as Toml;

use super::{Leaf, Value};

/// What `section.field (source)` and an error make together: a sentence whose subject is the
/// setting, unless the error brings its own.
pub(super) fn sentence(setting: &str, source: &str, error: &str) -> String {
    const VERBS: [&str; 4] = ["is ", "has ", "names ", "goes "];
    let colon = if VERBS.iter().any(|verb| error.starts_with(verb)) {
        ""
    } else {
        ":"
    };
    format!("{setting} ({source}){colon} {error}.")
}

/// What is wrong with the type of a value in the file, if that is what is wrong.
pub(super) fn wrong_type(leaf: &Leaf, given: &Toml) -> Option<String> {
    let example = leaf.example()?;
    // A duration of zero is written without a unit.
    let is_number = |value: &Toml| matches!(value, Toml::Integer(_));
    if given.same_type(&example) || (example.is_str() && is_number(given) && is_duration(leaf)) {
        return None;
    }
    let found = match given {
        Toml::String(_) => "text",
        Toml::Integer(_) => "a whole number",
        Toml::Float(_) => "a number with a fraction",
        Toml::Boolean(_) => "true or false",
        Toml::Datetime(_) => "a date",
        Toml::Array(_) => "a list",
        Toml::Table(_) => "a table",
    };
    Some(format!("is {found}, but {}", wanted(&example)))
}

/// What is wrong with one word of several that there are.
pub(super) fn reworded(error: &str) -> String {
    let words: Option<String> = error.strip_prefix("unknown variant `").and_then(|rest| {
        let (wrong, known) = rest.split_once("`, expected ")?;
        let known = known.strip_prefix("one of ").unwrap_or(known);
        let known = known.replace('`', "\"");
        Some(format!(
            "\"{wrong}\" is unknown; write {}",
            known.replace("\", \"", "\" or \"")
        ))
    });
    words.unwrap_or_else(|| error.to_owned())
}

fn is_duration(leaf: &Leaf) -> bool {
    leaf.doc.concat().contains("Duration")
}

fn wanted(example: &Toml) -> String {
    match example {
        Toml::String(_) => format!("it takes text in quotes, such as {example}"),
        Toml::Integer(_) => format!("it takes a whole number without quotes, such as {example}"),
        Toml::Boolean(_) => "it takes true or false, without quotes".to_owned(),
        Toml::Array(items) if items.is_empty() => "it takes a list in brackets".to_owned(),
        _ => format!("it takes a list in brackets, such as {example}"),
    }
}

impl Value {
    /// The value as JSON, of the setting's own type; null where there is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let Some(text) = &self.text else {
            return serde_json::Value::Null;
        };
        let read = format!("value = {text}").parse::<toml::Table>().ok();
        match read.and_then(|mut table| table.remove("value")) {
            Some(Toml::String(text)) => self.typed(text),
            Some(value) => serde_json::to_value(value).unwrap_or_default(),
            // What is hidden is no TOML.
            None => text.clone().into(),
        }
    }

    /// The text of a variable is of the setting's type.
    fn typed(&self, text: String) -> serde_json::Value {
        let number = || text.trim().parse::<u64>().ok();
        match self.leaf.example() {
            Some(Toml::Integer(_)) => number().map_or(text.clone().into(), Into::into),
            Some(Toml::Boolean(_)) => (text.trim() == "true").into(),
            // A list of tables is itself TOML.
            Some(Toml::Array(_)) if text.trim_start().starts_with('[') => {
                let listed = format!("value = {text}").parse::<toml::Table>();
                let listed = listed.ok().and_then(|mut table| table.remove("value"));
                listed.map_or(text.into(), |list| {
                    serde_json::to_value(list).unwrap_or_default()
                })
            }
            Some(Toml::Array(_)) => text.split(',').map(str::trim).collect(),
            _ => text.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_one_subject() {
        assert_eq!(
            sentence("a.b", "VAR", "is not a size"),
            "a.b (VAR) is not a size."
        );
        assert_eq!(
            sentence("a.b", "VAR", "\"x\" is not a size"),
            "a.b (VAR): \"x\" is not a size."
        );
    }

    #[test]
    fn words_that_there_are_not_are_told_with_those_that_there_are() {
        assert_eq!(
            reworded("unknown variant `x`, expected one of `a`, `b`"),
            "\"x\" is unknown; write \"a\" or \"b\""
        );
        assert_eq!(
            reworded("unknown variant `x`, expected `a` or `b`"),
            "\"x\" is unknown; write \"a\" or \"b\""
        );
        assert_eq!(reworded("something else"), "something else");
    }
}
