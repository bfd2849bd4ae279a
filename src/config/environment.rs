//! The `SIGNET_…` variables of the process.

use std::{collections::BTreeMap, ffi::OsString, fs};

use super::catalogue::{Leaf, leaves, nearest, nearest_setting};

/// Variables that are ours but no setting: the file itself (read by the command line).
const OTHERS: &[&str] = &["SIGNET_CONFIG"];

/// A second, short name for a setting's variable.
const SHORT: (&str, &str) = ("SIGNET_LOG", "SIGNET_LOG__LEVEL");

/// Our variables that nobody has asked for yet.
pub(super) struct Environment {
    left: BTreeMap<String, String>,
}

/// The value a variable gives to a setting.
pub(super) struct Given {
    /// The text.
    pub(super) text: String,
    /// Which variable it was.
    pub(super) source: String,
}

impl Environment {
    /// Keeps what is ours. An empty variable counts as not set: that is what deployment tools
    /// make of a value nobody gave.
    pub(super) fn new(
        all: impl IntoIterator<Item = (OsString, OsString)>,
        problems: &mut Vec<String>,
    ) -> Self {
        let mut left = BTreeMap::new();
        for (name, value) in all {
            let Ok(name) = name.into_string() else {
                continue;
            };
            if !name.starts_with("SIGNET_") || OTHERS.contains(&name.as_str()) {
                continue;
            }
            match value.into_string() {
                Ok(value) if value.is_empty() || is_service_link(&name, &value) => {}
                Ok(value) => drop(left.insert(name, value)),
                Err(_) => problems.push(format!(
                    "{name} is not UTF-8; write its value as plain text."
                )),
            }
        }
        Self { left }
    }

    /// Takes the value of a setting out, if a variable gives one.
    pub(super) fn take(&mut self, leaf: &Leaf, problems: &mut Vec<String>) -> Option<Given> {
        let variable = leaf.variable();
        let direct = self.left.remove(&variable);
        let (other, from_file) = match leaf.file_variable() {
            Some(name) => (name, true),
            None if variable == SHORT.1 => (SHORT.0.to_owned(), false),
            None => {
                return direct.map(|text| Given {
                    text,
                    source: variable,
                });
            }
        };
        let indirect = self.left.remove(&other);
        if direct.is_some() && indirect.is_some() {
            problems.push(format!(
                "{variable} and {other} are both set; unset one of them."
            ));
            return None;
        }
        match (direct, indirect) {
            (None, Some(path)) if from_file => match fs::read_to_string(&path) {
                Ok(text) => Some(Given {
                    text,
                    source: other,
                }),
                Err(error) => {
                    problems.push(format!("{other} names {path}, which cannot be read ({error}); correct the path or its permissions."));
                    None
                }
            },
            (None, Some(text)) => Some(Given {
                text,
                source: other,
            }),
            (direct, _) => direct.map(|text| Given {
                text,
                source: variable,
            }),
        }
    }

    /// One sentence for each variable that is ours by name and no setting's.
    pub(super) fn unknown(&self) -> Vec<String> {
        let sentence = |wrong: &String| match nearest_variable(wrong) {
            Some(near) => {
                format!("The environment has an unknown variable {wrong}; did you mean {near}?")
            }
            None => format!(
                "The environment has an unknown variable {wrong}; unset it (signet.example.toml names all)."
            ),
        };
        self.left.keys().map(sentence).collect()
    }
}

/// The variable that was meant by an unknown one. All begin with the same word, which says nothing;
/// two underscores are easily written as one.
fn nearest_variable(wrong: &str) -> Option<String> {
    let name = wrong.strip_prefix("SIGNET_")?.to_lowercase();
    if let Some((section, field)) = name.split_once("__") {
        return nearest_setting(section, field).map(|leaf| leaf.variable());
    }
    let all = leaves();
    let flat: Vec<String> = all
        .iter()
        .map(|leaf| format!("{}_{}", leaf.section, leaf.field))
        .collect();
    let near = nearest(&name, flat.iter().map(String::as_str))?;
    let place = flat.iter().position(|one| one == near)?;
    all.get(place).map(Leaf::variable)
}

/// Kubernetes tells every container about a Service named `signet…` by variables of its own
/// (`SIGNET_PORT=tcp://10.0.0.1:80`, `SIGNET_SERVICE_HOST=10.0.0.1`): not ours, not a mistake.
fn is_service_link(name: &str, value: &str) -> bool {
    const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if name.contains("__") {
        return false;
    }
    if name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT") {
        return true;
    }
    let Some((_, rest)) = name.split_once("_PORT") else {
        return false;
    };
    let mut parts = rest.split('_').skip(1);
    match (parts.next(), parts.next()) {
        (None, _) => PROTOCOLS
            .iter()
            .any(|protocol| value.starts_with(&format!("{protocol}://"))),
        (Some(port), Some(protocol)) => {
            is_number(port) && PROTOCOLS.contains(&protocol.to_lowercase().as_str())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(variables: &[(&str, &str)]) -> Vec<String> {
        let all = variables
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let mut problems = Vec::new();
        problems.extend(Environment::new(all, &mut Vec::new()).unknown());
        problems
    }

    #[test]
    fn names_the_nearest_variable() {
        assert_eq!(
            unknown(&[("SIGNET_SERVER_LISTEN", "x"), ("PATH", "/bin")]),
            [
                "The environment has an unknown variable SIGNET_SERVER_LISTEN; did you mean SIGNET_SERVER__LISTEN?"
            ]
        );
    }

    #[test]
    fn ignores_what_kubernetes_sets_for_a_service_of_our_name() {
        let links = [
            ("SIGNET_SERVICE_HOST", "10.0.0.1"),
            ("SIGNET_SERVICE_PORT", "80"),
            ("SIGNET_SERVICE_PORT_HTTP", "80"),
            ("SIGNET_PORT", "tcp://10.0.0.1:80"),
            ("SIGNET_PORT_80_TCP", "tcp://10.0.0.1:80"),
            ("SIGNET_PORT_80_TCP_ADDR", "10.0.0.1"),
            ("SIGNET_METRICS_SERVICE_HOST", "10.0.0.1"),
        ];
        assert_eq!(unknown(&links), Vec::<String>::new());
        assert_eq!(unknown(&[("SIGNET_PORT", "8080")]).len(), 1);
        assert_eq!(
            unknown(&[("SIGNET_SERVER__PORT", "tcp://10.0.0.1:80")]).len(),
            1
        );
    }
}
