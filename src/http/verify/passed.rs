//! The answer to a gateway, as the document describes it.

use http::{HeaderMap, HeaderName, StatusCode};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaResponses, Registry};

use crate::http::answer::{named, one};

/// The headers, by their usual names.
const HEADERS: [&str; 7] = [
    "x-auth-method",
    "x-auth-expires",
    "x-auth-token-id",
    "x-auth-user-id",
    "x-auth-username",
    "x-auth-scopes",
    "x-auth-jwt",
];

/// The request may pass. There is no body: gateways read headers.
pub(super) struct MayPass(pub(super) HeaderMap);

impl IntoResponse for MayPass {
    fn into_response(self) -> Response {
        let mut response = StatusCode::OK.into_response();
        response.headers_mut().extend(self.0);
        response
    }
}

impl ApiResponse for MayPass {
    fn meta() -> MetaResponses {
        let plain = one(StatusCode::OK, "The request may pass.", Vec::new());
        HEADERS.iter().fold(plain, |meta, name| {
            named(meta, &HeaderName::from_static(name))
        })
    }

    fn register(_registry: &mut Registry) {}
}
