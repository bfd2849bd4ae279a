//! The whole of Signet as it is served: the operations, what they answer when they refuse, and the
//! listeners.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ipnet::IpNet;
use poem::{Endpoint, EndpointExt, Response};
use tokio::net::TcpListener;

use super::address::TrustedProxies;
use super::api::{self, Api};
use super::codes::codes;
use super::edge::NewRequestId;
use super::oauth::{self, OAuth};
use super::prepared::Prepared;
use super::server::{self, Limits};
use super::surface::{self, Options};
use super::verify::{Gateway, VerifyApi};
use super::wellknown::{self, Current, WellKnown};
use super::works::Works;
use super::{document, probes};
use crate::auth::Auth;
use crate::model::scope::Registry;

/// What the HTTP layer works with.
pub struct Site {
    /// The verbs.
    pub auth: Arc<Auth>,
    /// Whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether `/docs` is there.
    pub docs: bool,
    /// Bytes of body that are read.
    pub body_limit: usize,
    /// From the end of a request's head to its answer.
    pub request_limit: Duration,
    /// How long verifiers may keep the JWKS and the metadata.
    pub jwks_max_age: Duration,
    /// What the configuration says of forward-auth.
    pub gateway: Gateway,
    /// What connections may take.
    pub limits: Limits,
    /// Names a request.
    pub new_request_id: NewRequestId,
}

/// Every operation, in the document's order: the JSON API, OAuth, what gateways ask, the public
/// documents.
type Operations = (Api, OAuth, VerifyApi, WellKnown);

/// The OpenAPI document, as it is served and exported. Needs no server.
#[must_use]
pub fn openapi() -> String {
    document::of::<Operations>(codes)
}

/// Serves on `listeners` until `shutdown` resolves and requests in flight have finished.
pub async fn serve(listeners: Vec<TcpListener>, site: Site, shutdown: impl Future<Output = ()>) {
    let limits = site.limits;
    let works = Works::default();
    let endpoint = endpoint(site, works.clone());
    server::run(listeners, endpoint, works, limits, shutdown).await;
}

/// Serves `/metrics` on a listener of its own: numbers are for operators.
pub async fn serve_metrics(
    listener: TcpListener,
    render: impl Fn() -> String + Send + Sync + 'static,
    shutdown: impl Future<Output = ()>,
) {
    server::run(
        vec![listener],
        probes::metrics(render),
        Works::default(),
        Limits::default(),
        shutdown,
    )
    .await;
}

/// All routes behind the edge.
fn endpoint(site: Site, works: Works) -> impl Endpoint<Output = Response> {
    let terms = site.auth.terms();
    let max_age = u32::try_from(site.jwks_max_age.as_secs()).unwrap_or(u32::MAX);
    let jwks = current_jwks(site.auth.clone(), max_age);
    let metadata = current_metadata(site.auth.clone(), max_age);
    let beside = wellknown::beside(&terms.issuer, &metadata);
    let known = WellKnown::new(jwks, metadata);
    let verify = VerifyApi::new(site.auth.clone(), site.gateway);
    let options = Options {
        issuer: terms.issuer.clone(),
        origins: {
            let auth = site.auth.clone();
            Arc::new(move |origin| auth.knows_origin(origin))
        },
        proxies: TrustedProxies::new(site.trusted_proxies),
        body_limit: site.body_limit,
        request_limit: site.request_limit,
        beside,
        gateways: Some(verify.clone().beside().boxed()),
        docs: site.docs,
        new_request_id: site.new_request_id,
        works,
    };
    let operations: Operations = (
        api::api(&site.auth),
        oauth::oauth(&site.auth),
        verify,
        known,
    );
    let auth = site.auth.clone();
    let ready = move || {
        let auth = auth.clone();
        async move { auth.health().await }
    };
    surface::assemble(operations, codes, ready, options)
        .data(site.auth)
        .map_to_response()
}

/// The JWKS answer, prepared anew when the keys have changed.
fn current_jwks(auth: Arc<Auth>, max_age: u32) -> Current {
    let prepare = move |auth: &Auth| {
        let keys = auth.keys();
        let etag = keys.jwks_etag().to_owned();
        let answer = wellknown::jwks(keys.jwks_json(), &etag, max_age);
        (etag, answer)
    };
    let newest: Mutex<(String, Prepared)> = Mutex::new(prepare(&auth));
    Arc::new(move || {
        let mut newest = newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.0 != auth.keys().jwks_etag() {
            *newest = prepare(&auth);
        }
        newest.1.clone()
    })
}

/// The metadata answer, prepared anew when the registry of scopes has changed.
fn current_metadata(auth: Arc<Auth>, max_age: u32) -> Current {
    let prepare = move |auth: &Auth| {
        let registry = auth.registry();
        let terms = auth.terms();
        let algorithms = &terms.signing_keys.algorithms;
        let answer = wellknown::metadata(&terms.issuer, &registry, algorithms, max_age);
        (registry, answer)
    };
    let newest: Mutex<(Arc<Registry>, Prepared)> = Mutex::new(prepare(&auth));
    Arc::new(move || {
        let mut newest = newest.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&newest.0, &auth.registry()) {
            *newest = prepare(&auth);
        }
        newest.1.clone()
    })
}
