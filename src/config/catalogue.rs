//! The list of all settings, and the nearest one to a mistyped name.

use confique::{
    Config,
    meta::{Expr, FieldKind, LeafKind, Meta},
};

use super::{Settings, example::EXAMPLE};

/// Settings that are secrets: hidden by `config show`, and readable from a file that the
/// variable with `_FILE` names.
const SECRETS: &[&str] = &["keys.master"];
/// Settings that may hold a secret in part: that is hidden, and they too are readable from a file.
const PARTLY_SECRET: &[&str] = &["store.database", "store.redis"];

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Leaf {
    /// The section it stands in.
    pub section: &'static str,
    /// Its name within the section.
    pub field: &'static str,
    /// What it means, in lines.
    pub doc: &'static [&'static str],
    /// Its default; none where it is optional.
    pub default: Option<Expr>,
}

impl Leaf {
    /// `section.field`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.section, self.field)
    }

    /// The environment variable: `SIGNET_SECTION__FIELD`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("SIGNET_{}__{}", self.section, self.field).to_uppercase()
    }

    /// The variable that names a file with the value, for what is or holds a secret.
    #[must_use]
    pub fn file_variable(&self) -> Option<String> {
        let in_part = PARTLY_SECRET.contains(&self.name().as_str());
        (self.is_secret() || in_part).then(|| self.variable() + "_FILE")
    }

    /// Whether its value is never shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        SECRETS.contains(&self.name().as_str())
    }

    /// A value as it may look: its default, or the example of its doc comment.
    #[must_use]
    pub fn example(&self) -> Option<toml::Value> {
        if let Some(default) = self.default {
            return toml::Value::try_from(default).ok();
        }
        let text = self
            .doc
            .iter()
            .find_map(|line| line.strip_prefix(EXAMPLE))?;
        let line = format!("example = {}", text.trim().trim_matches('`'));
        line.parse::<toml::Table>().ok()?.remove("example")
    }

    /// Its default as TOML; none where it is optional.
    #[must_use]
    pub fn default_text(&self) -> Option<String> {
        let value = toml::Value::try_from(self.default?).ok()?;
        Some(value.to_string())
    }
}

/// All settings, in the order of the example file.
#[must_use]
pub fn leaves() -> Vec<Leaf> {
    sections()
        .flat_map(|(section, meta)| {
            meta.fields
                .iter()
                .filter_map(move |field| match field.kind {
                    FieldKind::Leaf { kind, .. } => {
                        let default = match kind {
                            LeafKind::Required { default } => default,
                            LeafKind::Optional => None,
                        };
                        Some(Leaf {
                            section,
                            field: field.name,
                            doc: field.doc,
                            default,
                        })
                    }
                    FieldKind::Nested { .. } => None,
                })
        })
        .collect()
}

/// All sections with what they hold; the doc of each is at its field in [`Settings`].
pub(super) fn sections() -> impl Iterator<Item = (&'static str, &'static Meta)> {
    Settings::META
        .fields
        .iter()
        .filter_map(|field| match field.kind {
            FieldKind::Nested { meta } => Some((field.name, meta)),
            FieldKind::Leaf { .. } => None,
        })
}

/// The setting that was meant by an unknown one: a field of the same section that looks like it, or
/// the very field of another section. That names begin alike says nothing.
pub(super) fn nearest_setting(section: &str, field: &str) -> Option<Leaf> {
    let all = leaves();
    let within = || all.iter().filter(|leaf| leaf.section == section);
    let near = nearest(field, within().map(|leaf| leaf.field));
    let near = near.and_then(|near| within().find(|leaf| leaf.field == near));
    near.or_else(|| all.iter().find(|leaf| leaf.field == field))
        .copied()
}

/// The known name that `wrong` most resembles, if any is close.
pub(super) fn nearest<'n>(wrong: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    known
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, name)| *distance * 2 <= name.len())
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_documented_and_every_duration_names_its_unit() {
        for leaf in leaves() {
            assert!(!leaf.doc.is_empty(), "{} has no doc comment", leaf.name());
            let doc = leaf.doc.concat();
            if leaf.default_text().is_some_and(|text| {
                crate::config::duration::parse(text.trim_matches('"')).is_ok()
                    && text.contains(['s', 'h', 'd'])
            }) {
                assert!(
                    doc.contains("Duration"),
                    "{} does not say that it is a duration",
                    leaf.name()
                );
            }
        }
    }

    #[test]
    fn every_setting_has_an_example() {
        for leaf in leaves() {
            assert!(leaf.example().is_some(), "{}", leaf.name());
        }
    }

    #[test]
    fn every_secret_exists() {
        for secret in SECRETS {
            assert!(
                leaves().iter().any(|leaf| leaf.name() == *secret),
                "{secret}"
            );
        }
    }

    #[test]
    fn names_its_variables() {
        let master = leaves().into_iter().find(Leaf::is_secret).unwrap();
        assert_eq!(master.name(), "keys.master");
        assert_eq!(master.variable(), "SIGNET_KEYS__MASTER");
        assert_eq!(master.file_variable().unwrap(), "SIGNET_KEYS__MASTER_FILE");
    }

    #[test]
    fn a_setting_is_near_by_its_own_name() {
        let near = |section, field| nearest_setting(section, field).map(|leaf| leaf.name());
        assert_eq!(near("server", "lisen").as_deref(), Some("server.listen"));
        assert_eq!(near("server", "idle").as_deref(), Some("sessions.idle"));
        assert_eq!(near("signing_keys", "colour"), None);
        assert_eq!(near("", "issuer").as_deref(), Some("server.issuer"));
    }

    #[test]
    fn finds_the_nearest_name() {
        let known = || ["server.listen", "server.issuer", "tokens.prefix"].into_iter();
        assert_eq!(nearest("server.lisen", known()), Some("server.listen"));
        assert_eq!(nearest("server.isuer", known()), Some("server.issuer"));
        assert_eq!(nearest("xyz", known()), None);
    }
}
