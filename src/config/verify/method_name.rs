//! What a method of authentication is called to applications.

use serde::{Deserialize, Deserializer, de::Error};

use crate::model::forward::Accept;

const MAX_LENGTH: usize = 64;

/// A method and its name, written `header=HeaderTokenAuth`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodName {
    /// The method: one of [`Accept::KINDS`].
    pub kind: &'static str,
    /// What it is called.
    pub name: String,
}

impl MethodName {
    /// Reads one; the error is the end of a sentence that begins with the setting's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (kind, name) = text.split_once('=').unwrap_or((text, ""));
        let kind = Accept::KINDS.into_iter().find(|known| *known == kind);
        let is_name = (1..=MAX_LENGTH).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_graphic());
        match kind {
            Some(kind) if is_name => Ok(Self {
                kind,
                name: name.to_owned(),
            }),
            _ => Err(format!(
                "{text:?} is no method and name; write one of {}, `=` and 1 to 64 visible ASCII characters, such as \"header=HeaderTokenAuth\"",
                Accept::KINDS.join(", ")
            )),
        }
    }
}

/// For `#[config(deserialize_with = …)]`.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<MethodName>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts
        .iter()
        .map(|text| MethodName::parse(text).map_err(D::Error::custom))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_has_a_name_that_fits_a_header() {
        let read = MethodName::parse("header=HeaderTokenAuth").unwrap();
        assert_eq!(
            (read.kind, read.name.as_str()),
            ("header", "HeaderTokenAuth")
        );
        for text in [
            "header",
            "header=",
            "head=x",
            "header=a b",
            "header=ä",
            "=x",
        ] {
            assert!(MethodName::parse(text).is_err(), "{text}");
        }
    }
}
