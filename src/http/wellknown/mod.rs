//! The public documents: keys and metadata, where verifiers look for them.

mod metadata;
mod shapes;

use std::sync::Arc;

use bytes::Bytes;
use poem::endpoint::{BoxEndpoint, make_sync};
use poem::{EndpointExt, Request, Response};
use poem_openapi::{OpenApi, Tags};

use super::issuer_path::IssuerPath;
use super::prepared::{Described, Prepared};
use crate::model::{scope::Registry, signing_key::Algorithm};
pub use shapes::{JsonWebKey, JwkSet, Metadata};

/// The media type of keys and metadata. RFC 7517 §8.5 allows `application/jwk-set+json` for the
/// keys; every verifier takes this one, some take only this one.
const JSON: &str = "application/json";
const METADATA: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";
const JWKS: &str = "/.well-known/jwks.json";

/// What these operations are grouped by.
#[derive(Tags)]
enum Tag {
    /// What verifiers and clients need to know about this server.
    Discovery,
}

/// A document as it is now.
pub type Current = Arc<dyn Fn() -> Prepared + Send + Sync>;

/// Answers from prepared bytes: nothing is made per request.
pub struct WellKnown {
    jwks: Current,
    metadata: Current,
}

impl WellKnown {
    /// These documents.
    #[must_use]
    pub fn new(jwks: Current, metadata: Current) -> Self {
        Self { jwks, metadata }
    }
}

/// A JWKS answer.
#[must_use]
pub fn jwks(bytes: Bytes, etag: &str, max_age: u32) -> Prepared {
    Prepared::with_etag(JSON, bytes, max_age, etag)
}

/// The metadata of `issuer`, with the scopes and the algorithms of signatures that there are; it may be cached for `max_age`
/// seconds.
#[must_use]
pub fn metadata(
    issuer: &str,
    registry: &Registry,
    algorithms: &[Algorithm],
    max_age: u32,
) -> Prepared {
    // Strings only: this cannot fail.
    let bytes =
        serde_json::to_vec(&metadata::metadata(issuer, registry, algorithms)).unwrap_or_default();
    Prepared::new(JSON, bytes.into(), max_age)
}

#[expect(
    clippy::unused_async,
    reason = "poem-openapi takes only async operations"
)]
#[OpenApi]
impl WellKnown {
    /// Public signing keys.
    ///
    /// Whoever verifies access tokens offline fetches this document, keeps it as long as
    /// `Cache-Control` says, and fetches it again when a token names an unknown `kid` (RFC 7517).
    #[oai(
        path = "/.well-known/jwks.json",
        method = "get",
        operation_id = "getJwks",
        tag = "Tag::Discovery"
    )]
    async fn jwks(&self, request: &Request) -> Described<JwkSet> {
        Described::new((self.jwks)().answer(request.headers()))
    }

    /// Server metadata.
    ///
    /// RFC 8414. Names only what exists.
    #[oai(
        path = "/.well-known/oauth-authorization-server",
        method = "get",
        operation_id = "getMetadata",
        tag = "Tag::Discovery"
    )]
    async fn metadata(&self, request: &Request) -> Described<Metadata> {
        Described::new((self.metadata)().answer(request.headers()))
    }

    /// Server metadata, where OpenID Connect clients look for it.
    ///
    /// The same document as `getMetadata`: many verifiers ask only here.
    #[oai(
        path = "/.well-known/openid-configuration",
        method = "get",
        operation_id = "getOpenidConfiguration",
        tag = "Tag::Discovery"
    )]
    async fn openid_configuration(&self, request: &Request) -> Described<Metadata> {
        Described::new((self.metadata)().answer(request.headers()))
    }
}

/// Where the metadata is beside the document's own paths if the issuer has a path: RFC 8414 §3.1
/// puts the well-known part before it. (OpenID Connect Discovery §4 puts it behind, where it is
/// found as every other route is.) These routes are the issuer's own business and not in the
/// document.
#[must_use]
pub fn beside(issuer: &str, metadata: &Current) -> Vec<(String, BoxEndpoint<'static, Response>)> {
    let path = IssuerPath::of(issuer);
    if path.as_str().is_empty() {
        return Vec::new();
    }
    let at = |document: &str| {
        let metadata = metadata.clone();
        let answer = make_sync(move |request: Request| metadata().answer(request.headers()));
        let path = format!("{document}{}", path.as_str());
        (path, answer.map_to_response().boxed())
    };
    vec![at(METADATA), at(OPENID)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_stands_before_the_path_of_an_issuer() {
        let document: Current = Arc::new(|| metadata("", &Registry::default(), &[], 300));
        let paths = |issuer| -> Vec<_> {
            let beside = beside(issuer, &document).into_iter();
            beside.map(|(path, _)| path).collect()
        };
        assert!(paths("https://id.example").is_empty());
        assert_eq!(
            paths("https://id.example/a/b"),
            [
                "/.well-known/oauth-authorization-server/a/b",
                "/.well-known/openid-configuration/a/b",
            ]
        );
    }
}
