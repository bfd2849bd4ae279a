//! The public documents: keys and metadata, where verifiers look for them.

mod shapes;

use std::sync::Arc;

use bytes::Bytes;
use poem::endpoint::{BoxEndpoint, make_sync};
use poem::{EndpointExt, Request, Response};
use poem_openapi::{OpenApi, Tags};

use super::oauth::TOKEN_EXCHANGE;
use super::prepared::{Described, Prepared};
use crate::model::client::GrantType;
pub use shapes::{JsonWebKey, JwkSet, Metadata};

/// The media type of keys and metadata. RFC 7517 §8.5 allows `application/jwk-set+json` for the
/// keys; every verifier takes this one, some take only this one.
const JSON: &str = "application/json";
const METADATA: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";
const JWKS: &str = "/.well-known/jwks.json";
/// How clients authenticate (RFC 7591 §2).
const CLIENT_AUTHENTICATION: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// What these operations are grouped by.
#[derive(Tags)]
enum Tag {
    /// What verifiers and clients need to know about this server.
    Discovery,
}

/// The JWKS as it is now.
pub type CurrentJwks = Arc<dyn Fn() -> Prepared + Send + Sync>;

/// Answers from prepared bytes: nothing is made per request.
pub struct WellKnown {
    jwks: CurrentJwks,
    metadata: Prepared,
}

impl WellKnown {
    /// The documents of `issuer`; the metadata may be cached for `max_age` seconds.
    pub fn new(issuer: &str, max_age: u32, jwks: CurrentJwks) -> Self {
        Self {
            jwks,
            metadata: metadata(issuer, max_age),
        }
    }
}

/// A JWKS answer.
#[must_use]
pub fn jwks(bytes: Bytes, etag: &str, max_age: u32) -> Prepared {
    Prepared::with_etag(JSON, bytes, max_age, etag)
}

fn metadata(issuer: &str, max_age: u32) -> Prepared {
    let at = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let metadata = Metadata {
        issuer: issuer.to_owned(),
        jwks_uri: at(JWKS),
        token_endpoint: at("/oauth/token"),
        token_endpoint_auth_methods_supported: names(&CLIENT_AUTHENTICATION),
        grant_types_supported: GrantType::ALL
            .iter()
            .map(|one| one.as_str())
            .chain([TOKEN_EXCHANGE])
            .map(str::to_owned)
            .collect(),
        revocation_endpoint: at("/oauth/revoke"),
        revocation_endpoint_auth_methods_supported: names(&CLIENT_AUTHENTICATION),
        introspection_endpoint: at("/oauth/introspect"),
        response_types_supported: Vec::new(),
    };
    // Strings only: this cannot fail.
    let bytes = serde_json::to_vec(&metadata).unwrap_or_default();
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
        Described::new(self.metadata.answer(request.headers()))
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
        Described::new(self.metadata.answer(request.headers()))
    }
}

/// What answers beside the document's own paths where the issuer has a path: the keys where the
/// metadata says they are, and the metadata where it is looked for: RFC 8414 §3.1 inserts the
/// well-known part before the path, OpenID Connect Discovery §4 appends it. These routes are the
/// issuer's own business and not in the document.
#[must_use]
pub fn beside(
    issuer: &str,
    max_age: u32,
    jwks: &CurrentJwks,
) -> Vec<(String, BoxEndpoint<'static, Response>)> {
    let after_scheme = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    let path = after_scheme
        .split_once('/')
        .map_or("", |(_, path)| path.trim_end_matches('/'));
    if path.is_empty() {
        return Vec::new();
    }
    let jwks = jwks.clone();
    let keys = make_sync(move |request: Request| jwks().answer(request.headers()));
    let metadata = [
        format!("{METADATA}/{path}"),
        format!("{OPENID}/{path}"),
        format!("/{path}{OPENID}"),
        format!("/{path}{METADATA}"),
    ]
    .map(|path| {
        (
            path,
            metadata(issuer, max_age)
                .endpoint()
                .map_to_response()
                .boxed(),
        )
    });
    let keys = (format!("/{path}{JWKS}"), keys.map_to_response().boxed());
    metadata.into_iter().chain([keys]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_with_a_path_are_found_at_both_spellings() {
        let none: CurrentJwks = Arc::new(|| jwks(Bytes::new(), "\"none\"", 300));
        let paths = |issuer| -> Vec<_> {
            beside(issuer, 300, &none)
                .into_iter()
                .map(|(path, _)| path)
                .collect()
        };
        assert!(paths("https://id.example").is_empty());
        assert!(paths("https://id.example/").is_empty());
        assert_eq!(
            paths("https://id.example/a/b"),
            [
                "/.well-known/oauth-authorization-server/a/b",
                "/.well-known/openid-configuration/a/b",
                "/a/b/.well-known/openid-configuration",
                "/a/b/.well-known/oauth-authorization-server",
                "/a/b/.well-known/jwks.json",
            ]
        );
    }

    #[tokio::test]
    async fn metadata_names_what_exists() {
        let answer = metadata("https://id.example/a", 300).answer(&http::HeaderMap::new());
        assert_eq!(
            answer.into_body().into_string().await.unwrap(),
            "{\"issuer\":\"https://id.example/a\",\
             \"jwks_uri\":\"https://id.example/a/.well-known/jwks.json\",\
             \"token_endpoint\":\"https://id.example/a/oauth/token\",\
             \"token_endpoint_auth_methods_supported\":\
             [\"client_secret_basic\",\"client_secret_post\",\"none\"],\
             \"grant_types_supported\":[\"refresh_token\",\"client_credentials\",\
             \"urn:ietf:params:oauth:grant-type:token-exchange\"],\
             \"revocation_endpoint\":\"https://id.example/a/oauth/revoke\",\
             \"revocation_endpoint_auth_methods_supported\":\
             [\"client_secret_basic\",\"client_secret_post\",\"none\"],\
             \"introspection_endpoint\":\"https://id.example/a/oauth/introspect\",\
             \"response_types_supported\":[]}"
        );
    }
}
