//! The answer of introspection: JSON, or signed for whoever accepts that (RFC 9701 §4, §5).

use http::{HeaderMap, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponses, Registry},
    types::Type,
};

use crate::http::{answer::Answer, api::introspection::TokenIntrospection};

const SIGNED: &str = "application/token-introspection+jwt";

/// What is said of a credential.
pub(super) enum Introspected {
    /// As JSON.
    Plain(Box<TokenIntrospection>),
    /// As a JWT.
    Signed(String),
}

/// Whether a request asks for the signed form: its `Accept` names it (RFC 9110 §12.5.1).
pub(super) fn is_signed_wanted(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter();
    let ranges = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    ranges
        .filter_map(|range| str::from_utf8(range).ok())
        .any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let named = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case(SIGNED));
            let refused = |part: &str| {
                let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
                weight.is_some_and(|weight| weight.trim_end_matches(['0', '.']).is_empty())
            };
            named && !parts.any(refused)
        })
}

impl IntoResponse for Introspected {
    fn into_response(self) -> Response {
        match self {
            Self::Plain(said) => Answer::new(*said).into_response(),
            Self::Signed(token) => {
                let response = Response::builder().content_type(SIGNED);
                response.status(StatusCode::OK).body(token)
            }
        }
    }
}

impl ApiResponse for Introspected {
    fn meta() -> MetaResponses {
        let mut meta = Answer::<TokenIntrospection>::meta();
        for response in &mut meta.responses {
            response.content.push(MetaMediaType {
                content_type: SIGNED,
                schema: String::schema_ref(),
            });
        }
        meta
    }

    fn register(registry: &mut Registry) {
        <Answer<TokenIntrospection> as ApiResponse>::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_signed_form_is_for_those_who_name_it() {
        let wanted = |values: &[&'static str]| {
            let named = values
                .iter()
                .map(|value| (header::ACCEPT, HeaderValue::from_static(value)));
            is_signed_wanted(&named.collect())
        };
        for values in [
            &["application/token-introspection+jwt"][..],
            &["application/json;q=0.5, Application/Token-Introspection+JWT"],
            &[
                "application/json",
                "application/token-introspection+jwt; q=0.9",
            ],
        ] {
            assert!(wanted(values), "{values:?}");
        }
        for values in [
            &[][..],
            &["*/*"],
            &["application/*"],
            &["application/json"],
            &["application/jwt"],
            &["application/token-introspection+jwt;q=0"],
        ] {
            assert!(!wanted(values), "{values:?}");
        }
    }
}
