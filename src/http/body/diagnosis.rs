//! What is wrong with a body, field by field, by the published schema.
//!
//! Nothing here repeats a submitted value: people put passwords into wrong fields. Names of
//! unknown members are repeated, cut, because the pointer has to name them.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};

use super::shapes::Shapes;
use super::tree::Tree;
use crate::http::problem::{Code, FieldError, Refusal};

/// More entries help nobody.
const MOST: usize = 32;
/// How much of an unknown member's name is repeated, in characters.
const NAME_LENGTH: usize = 64;

/// Every field of `text` that does not fit `schema`; a refusal if `text` is not JSON.
pub(super) fn of(
    text: &str,
    schema: &MetaSchemaRef,
    shapes: &Shapes,
) -> Result<Vec<FieldError>, Refusal> {
    let tree = serde_json::from_str(text).map_err(|error| {
        Refusal::new(Code::MalformedBody).because(format!(
            "The body stops being valid JSON at line {}, column {}.",
            error.line(),
            error.column()
        ))
    })?;
    let mut examination = Examination {
        shapes,
        found: Vec::new(),
    };
    examination.value(&tree, schema, "");
    examination.found.truncate(MOST);
    Ok(examination.found)
}

struct Examination<'a> {
    shapes: &'a Shapes,
    found: Vec<FieldError>,
}

impl Examination<'_> {
    fn value(&mut self, tree: &Tree, schema: &MetaSchemaRef, pointer: &str) {
        let schema = self.shapes.resolve(schema);
        if matches!(tree, Tree::Null) && schema.nullable {
            return;
        }
        match (schema.ty, tree) {
            ("object", Tree::Object(members)) => self.object(members, &schema, pointer),
            ("array", Tree::Array(items)) => self.array(items, &schema, pointer),
            ("string", Tree::Text(text)) => self.text(text, &schema, pointer),
            ("boolean", Tree::Boolean)
            | ("integer" | "number", Tree::Integer)
            | ("number", Tree::Number)
            | ("", _) => {}
            (expected, _) => {
                let article = if expected.starts_with(['a', 'i', 'o']) {
                    "an"
                } else {
                    "a"
                };
                self.report(pointer, "wrong_type", format!("Send {article} {expected}."));
            }
        }
    }

    fn array(&mut self, items: &[Tree], schema: &MetaSchema, pointer: &str) {
        if let Some(most) = schema.max_items.filter(|most| items.len() > *most) {
            return self.report(pointer, "too_many", format!("Send at most {most} items."));
        }
        if let Some(least) = schema.min_items.filter(|least| items.len() < *least) {
            return self.report(pointer, "too_few", format!("Send at least {least} items."));
        }
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = &schema.items {
                self.value(item, schema, &format!("{pointer}/{index}"));
            }
        }
    }

    fn object(&mut self, members: &[(String, Tree)], schema: &MetaSchema, pointer: &str) {
        for (index, (name, value)) in members.iter().enumerate() {
            let here = format!("{pointer}/{}", escape(name));
            let known = schema.properties.iter().find(|(known, _)| known == name);
            if members[..index].iter().any(|(earlier, _)| earlier == name) {
                self.report(&here, "duplicate", "Send this field once.".to_owned());
            } else if let Some((name, property)) = known {
                // An optional field may be null: it is absent then. One with a default may not.
                let null = matches!(value, Tree::Null);
                if !null || schema.required.contains(name) || has_default(property) {
                    self.value(value, property, &here);
                }
            } else if let Some(property) = &schema.additional_properties {
                self.value(value, property, &here);
            } else {
                self.report(&here, "unknown_field", "Leave this field out.".to_owned());
            }
        }
        for name in &schema.required {
            if !members.iter().any(|(given, _)| given == name) {
                let here = format!("{pointer}/{name}");
                self.report(&here, "missing", "This field is required.".to_owned());
            }
        }
    }

    fn text(&mut self, text: &str, schema: &MetaSchema, pointer: &str) {
        let allowed = &schema.enum_items;
        let length = text.chars().count();
        let (code, detail) = if text.contains('\0') {
            ("nul_character", "Leave out the character NUL.".to_owned())
        } else if !allowed.is_empty() && !allowed.iter().any(|item| item == text) {
            let names: Vec<_> = allowed.iter().filter_map(|item| item.as_str()).collect();
            ("not_allowed", format!("Send one of: {}.", names.join(", ")))
        } else if let Some(most) = schema.max_length.filter(|most| length > *most) {
            ("too_long", format!("Send at most {most} characters."))
        } else if let Some(least) = schema.min_length.filter(|least| length < *least) {
            ("too_short", format!("Send at least {least} characters."))
        } else {
            return;
        };
        self.report(pointer, code, detail);
    }

    fn report(&mut self, pointer: &str, code: &str, detail: String) {
        self.found.push(FieldError {
            pointer: pointer.to_owned(),
            code: code.to_owned(),
            detail,
        });
    }
}

fn has_default(property: &MetaSchemaRef) -> bool {
    matches!(property, MetaSchemaRef::Inline(schema) if schema.default.is_some())
}

/// One token of a JSON pointer (RFC 6901 §3), cut.
fn escape(name: &str) -> String {
    let cut: String = name.chars().take(NAME_LENGTH).collect();
    cut.replace('~', "~0").replace('/', "~1")
}
