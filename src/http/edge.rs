//! The outermost layer: every request comes in through it, every answer leaves through it.
//!
//! Owns what holds for all routes alike: the request's name and address, the time limit, panics,
//! preflights, the shape of errors, the log line of a refusal, and the headers that each answer
//! carries. It knows no route by name.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use poem::{Endpoint, IntoResponse, Request, Response};

use super::address::TrustedProxies;
use super::arrival::Arrival;
use super::cors::{self, Audience};
use super::errors::{self, Outcome};
use super::headers;
use super::problem::{Code, Problem, Refusal};
use super::query;
use super::routes::Routes;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What a client is told when its request ran out of time, in seconds.
const TRY_AGAIN: u64 = 1;

/// Names a request; app.rs gives it its randomness.
pub type NewRequestId = Arc<dyn Fn() -> String + Send + Sync>;

/// What the edge is told by the configuration and by the routes below it.
pub struct Settings {
    /// Whether the issuer is https.
    pub https: bool,
    /// The origins whose pages may read answers.
    pub origins: Vec<String>,
    /// Whose forwarded headers are believed.
    pub proxies: TrustedProxies,
    /// Bytes of body that are read.
    pub body_limit: usize,
    /// From the end of a request's head to its answer.
    pub request_limit: Duration,
    /// All routes below.
    pub routes: Routes,
    /// Names a request.
    pub new_request_id: NewRequestId,
}

/// The edge around everything else.
pub struct Edge<E> {
    inner: E,
    settings: Settings,
}

impl<E: Endpoint> Edge<E> {
    /// Puts the edge around `inner`.
    pub fn new(inner: E, settings: Settings) -> Self {
        Self { inner, settings }
    }

    async fn outcome(&self, request: Request, arrival: &Arrival) -> Outcome {
        if let Err(refusal) = self.admit(&request) {
            return Outcome::Refused(refusal);
        }
        let uri = request.uri().clone();
        let work = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        match tokio::time::timeout(self.settings.request_limit, work).await {
            Ok(Ok(Ok(answer))) => errors::from_response(answer.into_response()),
            Ok(Ok(Err(error))) => errors::from_error(error, self.settings.routes.allow(uri.path())),
            Ok(Err(_panic)) => {
                Outcome::Refused(Refusal::new(Code::InternalError).caused_by("panicked"))
            }
            Err(_elapsed) if arrival.is_reading_body() => {
                let close = HeaderValue::from_static("close");
                Outcome::Refused(
                    Refusal::new(Code::RequestTimeout).header(header::CONNECTION, close),
                )
            }
            Err(_elapsed) => {
                Outcome::Refused(Refusal::unavailable(TRY_AGAIN).caused_by("out of time"))
            }
        }
    }

    /// What is refused before any route looks at it.
    fn admit(&self, request: &Request) -> Result<(), Refusal> {
        query::refuse_duplicates(request.uri())?;
        let declared = request
            .header("content-length")
            .and_then(|value| value.parse().ok());
        if declared.is_some_and(|length: usize| length > self.settings.body_limit) {
            return Err(Refusal::new(Code::BodyTooLarge));
        }
        Ok(())
    }

    /// The answer to a preflight of a route that other origins may use at all.
    fn preflight(&self, request: &Request, grant: &cors::Grant) -> Option<Response> {
        if !grant.is_open() || !cors::is_preflight(request.method(), request.headers()) {
            return None;
        }
        let methods = self.settings.routes.allow(request.uri().path())?;
        let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
        grant.permit(methods, response.headers_mut());
        Some(response)
    }
}

impl<E: Endpoint> Endpoint for Edge<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let settings = &self.settings;
        let arrival = Arrival::new(&request, &settings.proxies, settings.body_limit, || {
            (settings.new_request_id)()
        });
        let audience = Audience::of(request.uri().path());
        let grant = cors::Grant::decide(audience, request.headers(), &settings.origins);
        let mut response = if let Some(response) = self.preflight(&request, &grant) {
            response
        } else {
            let (method, uri) = (request.method().clone(), request.uri().clone());
            request.set_data(arrival.clone());
            match self.outcome(request, &arrival).await {
                Outcome::Answer(response) => response,
                Outcome::Refused(refusal) => refuse(refusal, &method, &uri, &arrival),
            }
        };
        let headers = response.headers_mut();
        grant.apply(headers);
        headers::secure(headers, settings.https);
        if let Ok(id) = HeaderValue::from_str(arrival.request_id()) {
            headers.insert(REQUEST_ID, id);
        }
        Ok(response)
    }
}

/// Logs a refusal under the id that its answer carries, and shapes the answer.
fn refuse(refusal: Refusal, method: &Method, uri: &Uri, arrival: &Arrival) -> Response {
    let (request_id, path, status) = (
        arrival.request_id(),
        uri.path(),
        refusal.code().status().as_u16(),
    );
    match refusal.code() {
        // The path is ours to print: it has led to one of our routes.
        Code::InternalError => {
            tracing::error!(request_id, %method, path, status, cause = %refusal, "failed");
        }
        Code::Unavailable => {
            tracing::warn!(request_id, %method, path, status, cause = %refusal, "unavailable");
        }
        _ => tracing::info!(
            request_id,
            status,
            code = refusal.code().row().name,
            "refused"
        ),
    }
    Problem::response(refusal, path, request_id)
}

#[cfg(test)]
mod tests;
