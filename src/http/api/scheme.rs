//! What poem-openapi asks of an extractor that is a security scheme in the document.

/// The members of such an `ApiExtractor`, but for what it takes from a request.
macro_rules! described_as {
    ($name:ident, $scheme:expr) => {
        const TYPES: &'static [poem_openapi::ApiExtractorType] =
            &[poem_openapi::ApiExtractorType::SecurityScheme];

        type ParamType = ();
        type ParamRawType = ();

        fn register(registry: &mut poem_openapi::registry::Registry) {
            registry.create_security_scheme($name, $scheme);
        }

        fn security_schemes() -> Vec<&'static str> {
            vec![$name]
        }
    };
}

pub(super) use described_as;
