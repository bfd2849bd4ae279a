//! Public documents as bytes that are made once and answered many times (RFC 9110 §8.8, RFC 9111).

use std::hash::{DefaultHasher, Hash, Hasher};
use std::marker::PhantomData;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::endpoint::make_sync;
use poem::{Endpoint, IntoResponse, Request, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::types::Type;

use super::answer::{self, Answer};

/// A document with its validator. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Prepared {
    bytes: Bytes,
    headers: HeaderMap,
}

impl Prepared {
    /// A document that caches may keep for `max_age` seconds; its validator is made from its bytes.
    #[must_use]
    pub fn new(media_type: &'static str, bytes: Bytes, max_age: u32) -> Self {
        // Only equality matters, and only between our own answers.
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let etag = format!("\"{:016x}\"", hasher.finish());
        Self::with_etag(media_type, bytes, max_age, &etag)
    }

    /// A document that comes with its validator: a strong entity tag, quotes included.
    #[must_use]
    pub fn with_etag(media_type: &'static str, bytes: Bytes, max_age: u32, etag: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        let cache = HeaderValue::try_from(format!("public, max-age={max_age}"));
        headers.extend(cache.ok().map(|cache| (header::CACHE_CONTROL, cache)));
        headers.extend(
            HeaderValue::try_from(etag)
                .ok()
                .map(|etag| (header::ETAG, etag)),
        );
        Self { bytes, headers }
    }

    /// Sends a header along.
    #[must_use]
    pub fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The answer to a request with these headers: the document, or 304 if the caller has it.
    #[must_use]
    pub fn answer(&self, request: &HeaderMap) -> Response {
        if self.is_known(request) {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            response.headers_mut().extend(self.headers.clone());
            response.headers_mut().remove(header::CONTENT_LENGTH);
            return response;
        }
        let mut response = Response::from(self.bytes.clone());
        *response.headers_mut() = self.headers.clone();
        response
    }

    /// An endpoint that answers every request with this document.
    pub fn endpoint(self) -> impl Endpoint {
        make_sync(move |request: Request| self.answer(request.headers()))
    }

    /// RFC 9110 §13.1.2: a list of tags, compared weakly, or `*`.
    fn is_known(&self, request: &HeaderMap) -> bool {
        let Some(etag) = self.headers.get(header::ETAG) else {
            return false;
        };
        request
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .any(|tag| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag.as_bytes())
    }
}

/// A prepared answer of an operation, described in the document as `T`.
pub struct Described<T>(Response, PhantomData<fn() -> T>);

impl<T> Described<T> {
    /// Says of `response` that it holds a `T`.
    #[must_use]
    pub fn new(response: Response) -> Self {
        Self(response, PhantomData)
    }
}

impl<T> IntoResponse for Described<T> {
    fn into_response(self) -> Response {
        self.0
    }
}

impl<T: Type> ApiResponse for Described<T> {
    fn meta() -> MetaResponses {
        let mut meta = Answer::<T>::meta();
        let known = answer::one(
            StatusCode::NOT_MODIFIED,
            "The caller has it already: the validator in `If-None-Match` still holds.",
            Vec::new(),
        );
        meta.responses.extend(known.responses);
        answer::named(meta, &header::ETAG)
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(document: &Prepared, known: &[&str]) -> StatusCode {
        let request = known
            .iter()
            .map(|value| (header::IF_NONE_MATCH, HeaderValue::from_str(value).unwrap()))
            .collect();
        let response = document.answer(&request);
        assert!(response.headers().contains_key(header::ETAG));
        assert_eq!(
            response.headers()[header::CACHE_CONTROL],
            "public, max-age=300"
        );
        response.status()
    }

    #[test]
    fn a_known_document_is_not_sent_again() {
        let document =
            Prepared::with_etag("application/json", Bytes::from_static(b"{}"), 300, "\"a\"");
        for known in [
            &["\"a\""][..],
            &["W/\"a\""],
            &["*"],
            &["\"b\", \"a\""],
            &["\"b\"", "\"a\""],
        ] {
            assert_eq!(
                status(&document, known),
                StatusCode::NOT_MODIFIED,
                "{known:?}"
            );
        }
        for unknown in [&[][..], &["\"b\""], &["a"], &["\"a"]] {
            assert_eq!(status(&document, unknown), StatusCode::OK, "{unknown:?}");
        }
    }

    #[test]
    fn validators_follow_the_bytes() {
        let etag = |text: &'static str| {
            let document = Prepared::new("text/plain", Bytes::from_static(text.as_bytes()), 1);
            document.headers[header::ETAG].clone()
        };
        assert_eq!(etag("a"), etag("a"));
        assert_ne!(etag("a"), etag("b"));
    }
}
