//! Answers of operations that succeed: JSON with a status of 200 or 201, or nothing with 204.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::Payload;
use poem_openapi::registry::{
    MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;
use serde::Serialize;

/// A JSON answer. `T` derives `Object` for its schema and `Serialize` for its text.
pub struct Answer<T> {
    value: T,
    headers: HeaderMap,
}

impl<T> Answer<T> {
    /// Answers with `value`.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self {
            value,
            headers: HeaderMap::new(),
        }
    }

    /// Sends a header along; called again with the same name, it sends both.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }
}

impl<T: Serialize + Send> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let Ok(body) = serde_json::to_vec(&self.value) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let mut response = Response::builder()
            .content_type(Self::CONTENT_TYPE)
            .body(body);
        response.headers_mut().extend(self.headers);
        response
    }
}

impl<T> Answer<T> {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl<T: Type + Send> Payload for Answer<T> {
    const CONTENT_TYPE: &'static str = Self::CONTENT_TYPE;

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type> ApiResponse for Answer<T> {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType {
            content_type: Self::CONTENT_TYPE,
            schema: T::schema_ref(),
        }];
        one(StatusCode::OK, "Success.", content)
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// The answer to whoever had something made: as [`Answer`], with 201 (RFC 9110 §15.3.2).
pub struct Created<T>(Answer<T>);

impl<T> Created<T> {
    /// Answers with what was made.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Answer::new(value))
    }
}

impl<T: Serialize + Send> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        if response.status() == StatusCode::OK {
            response.set_status(StatusCode::CREATED);
        }
        response
    }
}

impl<T: Type> ApiResponse for Created<T> {
    fn meta() -> MetaResponses {
        let mut meta = Answer::<T>::meta();
        for response in &mut meta.responses {
            response.status = Some(StatusCode::CREATED.as_u16());
            response.description = "Created.";
        }
        meta
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// An answer without content.
#[derive(Default)]
pub struct NoContent {
    headers: HeaderMap,
}

impl NoContent {
    /// Sends a cookie along.
    #[must_use]
    pub fn cookie(mut self, value: HeaderValue) -> Self {
        self.headers.append(header::SET_COOKIE, value);
        self
    }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}

impl ApiResponse for NoContent {
    fn meta() -> MetaResponses {
        one(StatusCode::NO_CONTENT, "Done.", Vec::new())
    }

    fn register(_registry: &mut Registry) {}
}

/// An answer that sets or clears a cookie, where the refresh token travels in one.
pub struct WithCookie<R>(pub R);

impl<R: IntoResponse> IntoResponse for WithCookie<R> {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl<R: ApiResponse> ApiResponse for WithCookie<R> {
    fn meta() -> MetaResponses {
        named(R::meta(), &header::SET_COOKIE)
    }

    fn register(registry: &mut Registry) {
        R::register(registry);
    }
}

/// Says of all of these answers that they carry a header; the document knows what it means.
pub(super) fn named(mut meta: MetaResponses, header: &HeaderName) -> MetaResponses {
    for response in &mut meta.responses {
        response.headers.push(MetaHeader {
            name: header.as_str().to_owned(),
            description: None,
            required: false,
            deprecated: false,
            schema: String::schema_ref(),
        });
    }
    meta
}

/// One answer, as the document lists it.
pub(super) fn one(
    status: StatusCode,
    description: &'static str,
    content: Vec<MetaMediaType>,
) -> MetaResponses {
    MetaResponses {
        responses: vec![MetaResponse {
            description,
            status: Some(status.as_u16()),
            status_range: None,
            content,
            headers: Vec::new(),
        }],
    }
}
