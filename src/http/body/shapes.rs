//! The schemas of an API, and which of them ask for more than serde checks.

use std::collections::{BTreeMap, HashSet};

use poem_openapi::OpenApi;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};

/// Schemas by name. Made once for a server, and once for a single body in tests.
#[derive(Debug, Default)]
pub struct Shapes {
    schemas: BTreeMap<String, MetaSchema>,
    bounded: HashSet<String>,
}

impl Shapes {
    /// The schemas of `T`.
    #[must_use]
    pub fn of<T: OpenApi>() -> Self {
        Self::collect(T::register)
    }

    /// The schemas that `register` names.
    pub(super) fn collect(register: impl FnOnce(&mut Registry)) -> Self {
        let mut registry = Registry::new();
        register(&mut registry);
        let mut shapes = Self {
            schemas: registry.schemas,
            bounded: HashSet::new(),
        };
        // A schema is bounded by itself or by one that it names, however deep.
        loop {
            let found: Vec<String> = shapes
                .schemas
                .iter()
                .filter(|(name, schema)| {
                    !shapes.bounded.contains(*name) && shapes.is_bounded(schema)
                })
                .map(|(name, _)| name.clone())
                .collect();
            if found.is_empty() {
                return shapes;
            }
            shapes.bounded.extend(found);
        }
    }

    /// Whether values of a schema must be looked at even after serde took them.
    pub(super) fn is_ref_bounded(&self, schema: &MetaSchemaRef) -> bool {
        match schema {
            MetaSchemaRef::Reference(name) => self.bounded.contains(name),
            MetaSchemaRef::Inline(schema) => self.is_bounded(schema),
        }
    }

    fn is_bounded(&self, schema: &MetaSchema) -> bool {
        let lengths = [
            schema.max_length,
            schema.min_length,
            schema.max_items,
            schema.min_items,
        ];
        let sizes = [schema.minimum, schema.maximum];
        let inner = schema.properties.iter().map(|(_, property)| property);
        let inner = inner.chain(schema.items.as_deref()).chain(&schema.all_of);
        lengths.iter().any(Option::is_some)
            || sizes.iter().any(Option::is_some)
            || inner
                .chain(schema.additional_properties.as_deref())
                .any(|schema| self.is_ref_bounded(schema))
    }

    /// A schema behind a name, or behind `allOf` of a name and a description.
    pub(super) fn resolve(&self, schema: &MetaSchemaRef) -> MetaSchema {
        match schema {
            MetaSchemaRef::Reference(name) => {
                self.schemas.get(name).cloned().unwrap_or(MetaSchema::ANY)
            }
            MetaSchemaRef::Inline(schema) => match schema.all_of.first() {
                Some(named) => {
                    let nullable = schema.nullable;
                    MetaSchema {
                        nullable,
                        ..self.resolve(named)
                    }
                }
                None => (**schema).clone(),
            },
        }
    }
}
