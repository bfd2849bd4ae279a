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

/// Whether a request asks for the signed form: its `Accept` names it, and likes JSON less (RFC 9110
/// §12.5.1). Generated clients name all that the document has, and like all the same.
pub(super) fn is_signed_wanted(headers: &HeaderMap) -> bool {
    let signed = weight(headers, SIGNED).unwrap_or(0.0);
    signed > 0.0 && weight(headers, "application/json").is_none_or(|plain| plain < signed)
}

/// How much a request likes a type that its `Accept` names: from 0, not at all, to 1.
fn weight(headers: &HeaderMap, wanted: &str) -> Option<f32> {
    let values = headers.get_all(header::ACCEPT).iter();
    let mut ranges = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    ranges.find_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(wanted));
        let weight = parts.find_map(|part| {
            let weight = part
                .strip_prefix("q=")
                .or_else(|| part.strip_prefix("Q="))?;
            Some(weight.parse().unwrap_or(0.0))
        });
        named.then(|| weight.unwrap_or(1.0))
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
                "application/json; q=0.8",
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
            &["application/json, application/token-introspection+jwt"],
            &["application/json, application/token-introspection+jwt;q=0.1"],
        ] {
            assert!(!wanted(values), "{values:?}");
        }
    }
}
