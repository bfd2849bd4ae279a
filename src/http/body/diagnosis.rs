//! What is wrong with a body, field by field, by the published schema.
//!
//! Nothing here repeats what was sent, neither values nor names: people put passwords into wrong
//! fields, and once in a while where a name belongs. An unknown member is told at the object that
//! it is in, with the names that are known there.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};

use super::shapes::Shapes;
use super::tree::Tree;
use crate::http::problem::{Code, FieldError, Refusal};

/// More entries help nobody.
const MOST: usize = 32;

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
        let mut unknown = false;
        for (index, (name, value)) in members.iter().enumerate() {
            let Some((known, property)) = schema.properties.iter().find(|(known, _)| known == name)
            else {
                match &schema.additional_properties {
                    // The names are the caller's own words.
                    Some(property) => self.value(value, property, pointer),
                    None => unknown = true,
                }
                continue;
            };
            let here = format!("{pointer}/{known}");
            if members[..index].iter().any(|(earlier, _)| earlier == name) {
                self.report(&here, "duplicate", "Send this field once.".to_owned());
            } else {
                self.value(value, property, &here);
            }
        }
        if unknown {
            let names: Vec<_> = schema.properties.iter().map(|(name, _)| *name).collect();
            let detail = format!("Leave out every field but these: {}.", names.join(", "));
            self.report(pointer, "unknown_field", detail);
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
            let detail = match least {
                1 => "Do not leave this empty.".to_owned(),
                least => format!("Send at least {least} characters."),
            };
            ("too_short", detail)
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
