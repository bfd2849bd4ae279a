//! All routes under one edge.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use poem::endpoint::BoxEndpoint;
use poem::{Endpoint, IntoEndpoint, Request, Response, Result, RouteMethod, get};
use poem_openapi::{OpenApi, OpenApiService};

use super::address::TrustedProxies;
use super::body::Shapes;
use super::document::{self, Codes};
use super::edge::{Edge, NewRequestId, Settings};
use super::issuer_path::IssuerPath;
use super::prepared::Prepared;
use super::routes::Routes;
use super::works::Works;
use super::{cors, docs, probes, verify};
use crate::auth::health::Health;

/// How long the API description may be cached, in seconds.
const DOCUMENT_MAX_AGE: u32 = 300;

/// Where bodies may be larger than elsewhere: a hundred tokens.
const LARGE_BODIES: [(&str, usize); 1] = [("/v1/introspect", 256 * 1024)];

/// What the surface is told by the configuration.
pub struct Options {
    /// The issuer, without a trailing slash.
    pub issuer: String,
    /// The origins whose pages may read answers.
    pub origins: cors::KnownOrigin,
    /// Whose forwarded headers are believed.
    pub proxies: TrustedProxies,
    /// Bytes of body that are read.
    pub body_limit: usize,
    /// From the end of a request's head to its answer.
    pub request_limit: Duration,
    /// What answers beside the operations, by path.
    pub beside: Vec<(String, BoxEndpoint<'static, Response>)>,
    /// What answers gateways where the document has no words for it: other methods, and paths
    /// behind [`verify::PATH`].
    pub gateways: Option<BoxEndpoint<'static, Response>>,
    /// Whether `/docs` is there.
    pub docs: bool,
    /// Names a request.
    pub new_request_id: NewRequestId,
    /// Where requests that may change something go on to their end.
    pub works: Works,
}

/// The operations of `api` and everything beside them, behind the edge.
pub fn assemble<T, C, F>(
    api: T,
    codes: Codes,
    ready: C,
    options: Options,
) -> impl Endpoint<Output = Response>
where
    T: OpenApi + 'static,
    C: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = Health> + Send + 'static,
{
    let document = Prepared::new(
        "application/json",
        document::of::<T>(codes).into(),
        DOCUMENT_MAX_AGE,
    );
    let mut plain = Plain::default()
        .with("/healthz", probes::alive())
        .with("/readyz", probes::ready(ready))
        .with("/openapi.json", document.endpoint());
    for (path, endpoint) in options.beside {
        plain = plain.with(&path, endpoint);
    }
    if options.docs {
        for (path, file) in docs::files() {
            plain = plain.with(path, file.endpoint());
        }
        for (path, signpost) in docs::signposts() {
            plain = plain.with(path, signpost);
        }
    }
    let routes = plain.0.keys().fold(Routes::of::<T>(), |routes, path| {
        routes.with(path, [Method::GET])
    });
    let api = OpenApiService::new(api, "", "").into_endpoint();
    let gateways = options.gateways;
    let behind = gateways.is_some().then_some(verify::PATH);
    let inner = Beside {
        plain,
        gateways,
        api,
    };
    Edge::new(
        inner,
        Settings {
            https: options.issuer.starts_with("https://"),
            issuer_path: IssuerPath::of(&options.issuer),
            origins: options.origins,
            proxies: options.proxies,
            body_limit: options.body_limit,
            large_bodies: &LARGE_BODIES,
            request_limit: options.request_limit,
            routes,
            behind,
            shapes: Arc::new(Shapes::of::<T>()),
            new_request_id: options.new_request_id,
            works: options.works,
        },
    )
}

/// Routes that are not in the document, each with GET alone, by their exact path.
#[derive(Default)]
struct Plain(HashMap<String, RouteMethod>);

impl Plain {
    fn with(mut self, path: &str, endpoint: impl Endpoint + 'static) -> Self {
        self.0.insert(path.to_owned(), get(endpoint));
        self
    }
}

/// The plain routes, and the API for everything else. Nesting one router in another would parse
/// each request's path once more.
struct Beside<A> {
    plain: Plain,
    gateways: Option<BoxEndpoint<'static, Response>>,
    api: A,
}

impl<A: Endpoint<Output = Response>> Endpoint for Beside<A> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let path = request.uri().path();
        if let Some(endpoint) = self.plain.0.get(path) {
            return endpoint.call(request).await;
        }
        match &self.gateways {
            Some(endpoint) if verify::is_undocumented(request.method(), path) => {
                endpoint.call(request).await
            }
            _ => self.api.call(request).await,
        }
    }
}

#[cfg(test)]
mod tests;
