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
    examination.value(&tree, &shapes.resolve(schema), "");
    Ok(examination.found)
}

struct Examination<'a> {
    shapes: &'a Shapes,
    found: Vec<FieldError>,
}

/// Anybody may send anything, so a body is gone through once, and no further than there is
/// something to report.
impl Examination<'_> {
    fn value(&mut self, tree: &Tree, schema: &MetaSchema, pointer: &str) {
        if matches!(tree, Tree::Null) && schema.nullable {
            return;
        }
        match (schema.ty, tree) {
            ("object", Tree::Object(members)) => self.object(members.iter(), schema, pointer),
            ("array", Tree::Array(items)) => self.array(items, schema, pointer),
            ("string", Tree::Text(text)) => self.text(text, schema, pointer),
            ("integer" | "number", Tree::Integer(value)) => self.integer(*value, schema, pointer),
            ("boolean", Tree::Boolean) | ("number", Tree::Number) | ("", _) => {}
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
        let Some(schema) = &schema.items else {
            return;
        };
        let schema = self.shapes.resolve(schema);
        for (index, item) in items.iter().enumerate() {
            if self.is_full() {
                return;
            }
            self.value(item, &schema, &format!("{pointer}/{index}"));
        }
    }

    fn object<'t>(
        &mut self,
        members: impl Iterator<Item = &'t (String, Tree)>,
        schema: &MetaSchema,
        pointer: &str,
    ) {
        let others = schema.additional_properties.as_deref();
        let others = others.map(|schema| self.shapes.resolve(schema));
        // Known names only, each once: never longer than the schema.
        let mut given = Vec::new();
        let mut unknown = false;
        for (name, value) in members {
            if self.is_full() {
                return;
            }
            let Some((known, property)) = schema.properties.iter().find(|(known, _)| known == name)
            else {
                match &others {
                    // The names are the caller's own words.
                    Some(property) => self.value(value, property, pointer),
                    None => unknown = true,
                }
                continue;
            };
            let here = format!("{pointer}/{known}");
            if given.contains(known) {
                self.report(&here, "duplicate", "Send this field once.".to_owned());
            } else {
                given.push(*known);
                self.value(value, &self.shapes.resolve(property), &here);
            }
        }
        if unknown {
            let names: Vec<_> = schema.properties.iter().map(|(name, _)| *name).collect();
            let detail = format!("Leave out every field but these: {}.", names.join(", "));
            self.report(pointer, "unknown_field", detail);
        }
        for name in &schema.required {
            if !given.contains(name) {
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

    #[expect(
        clippy::cast_precision_loss,
        reason = "bounds are whole and far below 2^53; what is rounded is far beyond them"
    )]
    fn integer(&mut self, value: i128, schema: &MetaSchema, pointer: &str) {
        let value = value as f64;
        let detail = match (schema.minimum, schema.maximum) {
            (Some(least), _) if value < least => format!("Send {least} or more."),
            (_, Some(most)) if value > most => format!("Send {most} or less."),
            _ => return,
        };
        self.report(pointer, "out_of_range", detail);
    }

    fn is_full(&self) -> bool {
        self.found.len() >= MOST
    }

    fn report(&mut self, pointer: &str, code: &str, detail: String) {
        if self.is_full() {
            return;
        }
        self.found.push(FieldError {
            pointer: pointer.to_owned(),
            code: code.to_owned(),
            detail,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of these members are looked at.
    fn looked_at(names: impl Iterator<Item = String>) -> usize {
        let members: Vec<_> = names.map(|name| (name, Tree::Boolean)).collect();
        let mut schema = MetaSchema::new("object");
        schema.properties = vec![("known", MetaSchemaRef::Inline(Box::new(MetaSchema::ANY)))];
        let shapes = Shapes::default();
        let mut examination = Examination {
            shapes: &shapes,
            found: Vec::new(),
        };
        let mut looks = 0;
        let counted = members.iter().inspect(|_| looks += 1);
        examination.object(counted, &schema, "");
        assert!(examination.found.len() <= MOST);
        looks
    }

    #[test]
    fn a_body_is_gone_through_once() {
        for count in [1_000, 4_000] {
            assert_eq!(looked_at((0..count).map(|n| n.to_string())), count);
            let known = std::iter::repeat_n("known".to_owned(), count);
            assert_eq!(looked_at(known), MOST + 2, "enough is enough");
        }
    }
}
