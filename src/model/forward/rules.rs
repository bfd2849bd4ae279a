//! All rules, in order: the first that covers a request judges it, and none means no.

use std::fmt;

use super::{Original, Rule, RuleError};

/// Rules that make sense, each by itself and all together.
#[derive(Debug, Clone, Default)]
pub struct Rules(Vec<Rule>);

/// What a request is answered by.
#[derive(Debug, Clone, Copy)]
pub enum Found<'r> {
    /// A rule.
    Rule(&'r Rule),
    /// A path that a rule makes public.
    Public(&'r Rule),
    /// No rule: it is refused.
    Nothing,
}

/// What makes no sense about rules: which rule, counted from 1, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesError(pub Vec<(usize, RuleError)>);

impl fmt::Display for RulesError {
    /// A line for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self
            .0
            .iter()
            .map(|(number, error)| format!("rule {number} {error}"));
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

impl Rules {
    /// Takes rules that make sense.
    pub fn new(rules: Vec<Rule>) -> Result<Self, RulesError> {
        let mut mistakes = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            mistakes.extend(rule.mistakes().into_iter().map(|error| (at + 1, error)));
            let earlier = rules[..at].iter().zip(1..);
            mistakes.extend(conflict(rule, earlier).map(|error| (at + 1, error)));
        }
        if mistakes.is_empty() {
            return Ok(Self(rules));
        }
        Err(RulesError(mistakes))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rules in order.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter()
    }

    /// What judges a request.
    ///
    /// A request whose path differs from a rule's in case alone is covered by no rule from there
    /// on: an application that takes the two for one would let it pass by the laxer one. So is one
    /// that asks to be taken for another method where rules tell methods apart.
    #[must_use]
    pub fn find(&self, original: &Original) -> Found<'_> {
        for rule in &self.0 {
            let is_covered = rule.path.covers(&original.path);
            if original.overrides_method
                && is_covered
                && !rule.methods.is_empty()
                && rule.is_for_host(original)
            {
                return Found::Nothing;
            }
            if !rule.is_for(original) {
                continue;
            }
            if is_covered {
                let is_public = rule
                    .public
                    .iter()
                    .any(|public| public.covers(&original.path));
                return if is_public {
                    Found::Public(rule)
                } else {
                    Found::Rule(rule)
                };
            }
            if rule.path.covers_in_any_case(&original.path) {
                return Found::Nothing;
            }
        }
        Found::Nothing
    }
}

/// What stands between a rule and those before it.
fn conflict<'r>(
    rule: &Rule,
    mut earlier: impl Iterator<Item = (&'r Rule, usize)>,
) -> Option<RuleError> {
    earlier.find_map(|(other, number)| {
        let (one, two) = (rule.path.as_str(), other.path.as_str());
        if other.swallows(rule) {
            Some(RuleError::Unreachable(number))
        } else if one != two && one.to_lowercase() == two.to_lowercase() && other.meets(rule) {
            Some(RuleError::Case(number))
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests;
