//! One rule, from its table.

use std::{fmt::Display, str::FromStr};

use toml::{Table, Value};

use crate::config::catalogue::nearest;
use crate::model::forward::{Prefix, Require, Rule};
use crate::model::scope::Scope;

const FIELDS: [&str; 11] = [
    "hosts",
    "path",
    "methods",
    "accept",
    "require",
    "scopes",
    "base_scope",
    "audiences",
    "anonymous",
    "public",
    "token_audience",
];

/// Reads a rule; or says what is wrong with it, in one piece of a sentence each.
pub(super) fn read(table: Table) -> Result<Rule, Vec<String>> {
    let mut fields = Fields {
        table,
        mistakes: Vec::new(),
    };
    let rule = Rule {
        hosts: fields.list("hosts"),
        path: fields.one("path").unwrap_or_else(Prefix::root),
        methods: fields.list("methods"),
        accept: fields.list("accept"),
        require: fields.require(),
        scopes: fields.list::<Scope>("scopes").into_iter().collect(),
        base_scope: fields.one("base_scope"),
        audiences: fields.audiences("audiences"),
        anonymous: fields.list("anonymous"),
        public: fields.list("public"),
        token_audience: fields.audience("token_audience"),
    };
    fields.refuse_unknown();
    if fields.mistakes.is_empty() {
        return Ok(rule);
    }
    Err(fields.mistakes)
}

struct Fields {
    table: Table,
    mistakes: Vec<String>,
}

impl Fields {
    /// The text of a field.
    fn text(&mut self, name: &str) -> Option<String> {
        match self.table.remove(name)? {
            Value::String(text) => Some(text),
            other => {
                let wanted = "but it takes text in quotes";
                self.wrong(name, format_args!("is {}, {wanted}", kind(&other)));
                None
            }
        }
    }

    /// The texts of a field.
    fn texts(&mut self, name: &str) -> Vec<String> {
        let items = match self.table.remove(name) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(other) => {
                let wanted = "but it takes a list in brackets";
                self.wrong(name, format_args!("is {}, {wanted}", kind(&other)));
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for item in items {
            match item {
                Value::String(text) => texts.push(text),
                other => {
                    let wanted = "but it takes texts in quotes";
                    self.wrong(name, format_args!("has {}, {wanted}", kind(&other)));
                }
            }
        }
        texts
    }

    fn one<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        self.parsed(name, &text)
    }

    fn list<T: FromStr<Err: Display>>(&mut self, name: &str) -> Vec<T> {
        let texts = self.texts(name);
        texts
            .iter()
            .filter_map(|text| self.parsed(name, text))
            .collect()
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str, text: &str) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(name, format_args!("has {text:?}: {error}"));
                None
            }
        }
    }

    fn require(&mut self) -> Require {
        match self.text("require").as_deref() {
            None | Some("any") => Require::Any,
            Some("all") => Require::All,
            Some(other) => {
                let other = other.to_owned();
                self.wrong(
                    "require",
                    format_args!("has {other:?}; write \"any\" or \"all\""),
                );
                Require::Any
            }
        }
    }

    fn audience(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        self.checked_audience(name, text)
    }

    fn audiences(&mut self, name: &str) -> Vec<String> {
        let texts = self.texts(name);
        texts
            .into_iter()
            .filter_map(|text| self.checked_audience(name, text))
            .collect()
    }

    fn checked_audience(&mut self, name: &str, text: String) -> Option<String> {
        if text.is_empty() {
            self.wrong(name, format_args!("is empty; name one or leave it out"));
            return None;
        }
        if text.chars().any(char::is_control) {
            self.wrong(
                name,
                format_args!("has control characters; write a plain name"),
            );
            return None;
        }
        Some(text)
    }

    fn refuse_unknown(&mut self) {
        let names: Vec<String> = self.table.keys().cloned().collect();
        for name in names {
            match nearest(&name, FIELDS.into_iter()) {
                Some(near) => self.wrong(&name, format_args!("is unknown; write `{near}`")),
                None => self.wrong(&name, format_args!("is unknown; remove it")),
            }
        }
    }

    fn wrong(&mut self, name: &str, what: std::fmt::Arguments<'_>) {
        self.mistakes.push(format!("`{name}` {what}"));
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "text",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}
