//! The list of rules, from the file or from a variable.

use serde::{Deserialize, Deserializer, de::Error};
use toml::{Table, Value};

use super::rule;
use crate::model::forward::Rules;

/// For `#[config(deserialize_with = …)]`: a list of tables, or its text. The error has a line for
/// each mistake.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Rules, D::Error> {
    let given = match Value::deserialize(from)? {
        Value::String(text) => listed(&text).map_err(D::Error::custom)?,
        other => other,
    };
    read(given).map_err(|mistakes| D::Error::custom(mistakes.join("\n")))
}

/// The list that a variable holds.
fn listed(text: &str) -> Result<Value, String> {
    let table = format!("rules = {text}").parse::<Table>();
    table
        .ok()
        .and_then(|mut table| table.remove("rules"))
        .ok_or_else(|| {
            "is no TOML list of tables, such as [{ accept = [\"bearer_jwt\"] }]".to_owned()
        })
}

fn read(given: Value) -> Result<Rules, Vec<String>> {
    let Value::Array(items) = given else {
        return Err(vec![
            "is no list; begin each rule with [[verify.rules]]".to_owned(),
        ]);
    };
    let mut mistakes = Vec::new();
    let mut rules = Vec::new();
    for (item, number) in items.into_iter().zip(1..) {
        let of_rule = |mistake: String| format!("rule {number}: {mistake}");
        match item {
            Value::Table(table) => match rule::read(table) {
                Ok(rule) => rules.push(rule),
                Err(wrong) => mistakes.extend(wrong.into_iter().map(of_rule)),
            },
            _ => mistakes.push(of_rule(
                "is no table; begin it with [[verify.rules]]".to_owned(),
            )),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    Rules::new(rules).map_err(|error| error.to_string().lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::forward::Require;

    fn of(text: &str) -> Result<Rules, Vec<String>> {
        read(text.parse::<Table>().unwrap().remove("rules").unwrap())
    }

    #[test]
    fn a_rule_has_every_field_or_its_default() {
        let rules = of(r#"
            [[rules]]
            hosts = ["App.example.com"]
            path = "/api"
            methods = ["GET", "POST"]
            accept = ["bearer_jwt", "header:X-API-Key"]
            require = "all"
            scopes = ["pages.read"]
            base_scope = "api.access"
            audiences = ["https://api.example.com"]
            anonymous = ["GET"]
            public = ["/api/health"]
            token_audience = "https://app.internal"
            [[rules]]
            accept = ["basic"]
        "#)
        .unwrap();
        let rules: Vec<_> = rules.iter().collect();
        assert_eq!(rules[0].hosts[0].as_str(), "app.example.com");
        assert_eq!(rules[0].needs().to_string(), "api.access pages.read");
        assert_eq!(rules[0].require, Require::All);
        assert_eq!(rules[0].public[0].as_str(), "/api/health");
        assert_eq!(
            rules[0].token_audience.as_deref(),
            Some("https://app.internal")
        );
        assert_eq!(rules[1].path.as_str(), "/");
        assert!(rules[1].hosts.is_empty() && rules[1].methods.is_empty());
        assert_eq!(rules[1].require, Require::Any);
    }

    #[test]
    fn each_mistake_has_its_sentence() {
        let wrong = of(r#"
            [[rules]]
            acept = ["basic"]
            hosts = "app.example.com"
            methods = ["get"]
            [[rules]]
            path = "/a/"
            accept = ["jwt"]
            require = "some"
            scopes = ["a b"]
            token_audience = ""
        "#);
        assert_eq!(
            wrong.unwrap_err(),
            [
                "rule 1: `hosts` is text, but it takes a list in brackets",
                "rule 1: `methods` has \"get\": a method is 1 to 32 upper-case letters, digits and `-`, such as GET",
                "rule 1: `acept` is unknown; write `accept`",
                "rule 2: `path` has \"/a/\": write a path without the slash at its end: whole segments are meant anyway",
                "rule 2: `accept` has \"jwt\": there is no such method; write \"bearer_jwt\", \"bearer_api_key\", \"scheme:NAME\", \"header:NAME\", \"query:NAME\", \"basic\" or \"session_cookie\"",
                "rule 2: `require` has \"some\"; write \"any\" or \"all\"",
                "rule 2: `scopes` has \"a b\": a scope is 1 to 128 visible ASCII characters without space, `\"` and `\\`",
                "rule 2: `token_audience` is empty; name one or leave it out",
            ]
        );
        let wrong = of("rules = [1, { accept = [\"basic\"] }]").unwrap_err();
        assert_eq!(
            wrong,
            ["rule 1: is no table; begin it with [[verify.rules]]"]
        );
        let senseless = of("rules = [{ path = \"/x\" }, { }]").unwrap_err();
        assert_eq!(senseless.len(), 2);
    }

    #[test]
    fn a_variable_holds_the_same_list() {
        let value = listed("[{ accept = [\"basic\"] }]").unwrap();
        assert_eq!(read(value).unwrap().iter().count(), 1);
        assert!(listed("basic").is_err() && listed("[{").is_err());
    }
}
