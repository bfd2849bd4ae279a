//! What poem-openapi asks of a type that stands in the document where it is used.

/// Describes a type by a name and a schema.
macro_rules! inline_type {
    ($name:ty, $called:expr, $schema:expr $(, $parameter:ident: $bound:path)?) => {
        impl$(<$parameter: $bound>)? poem_openapi::types::Type for $name {
            const IS_REQUIRED: bool = true;

            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> std::borrow::Cow<'static, str> {
                $called.into()
            }

            fn schema_ref() -> poem_openapi::registry::MetaSchemaRef {
                poem_openapi::registry::MetaSchemaRef::Inline(Box::new($schema))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }
    };
}

/// Describes a type as a string of a format.
macro_rules! string_type {
    ($name:ty, $format:literal) => {
        $crate::http::inline_type::inline_type!(
            $name,
            concat!("string_", $format),
            poem_openapi::registry::MetaSchema::new_with_format("string", $format)
        );
    };
}

pub(super) use {inline_type, string_type};
