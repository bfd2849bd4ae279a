//! The outermost layer: every request comes in through it, every answer leaves through it.
//!
//! Owns what holds for all routes alike: the request's name and address, the time limit, panics,
//! preflights, the shape of errors, the log line of a refusal, and the headers that each answer
//! carries. It knows no route by name.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use poem::{Endpoint, IntoResponse, Request, Response};
use poem_openapi::OperationId;
use tokio::time::{error::Elapsed, timeout};

use crate::auth::acting::Acting;

use super::address::TrustedProxies;
use super::arrival::Arrival;
use super::body::Shapes;
use super::cors::{self, Audience};
use super::errors::{self, Outcome};
use super::headers;
use super::host;
use super::issuer_path::IssuerPath;
use super::problem::{self, Code, Refusal};
use super::query;
use super::routes::Routes;
use super::works::Works;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What a client is told when its request ran out of time, in seconds.
const TRY_AGAIN: u64 = 1;

/// What an answer is counted under when no operation gave it.
const NO_OPERATION: &str = "none";

/// Names a request; `app` gives it its randomness.
pub type NewRequestId = Arc<dyn Fn() -> String + Send + Sync>;

/// What the edge is told by the configuration and by the routes below it.
pub struct Settings {
    /// Whether the issuer is https.
    pub https: bool,
    /// What stands before our paths where the proxy leaves it on.
    pub issuer_path: IssuerPath,
    /// The origins whose pages may read answers.
    pub origins: cors::KnownOrigin,
    /// Whose forwarded headers are believed.
    pub proxies: TrustedProxies,
    /// Bytes of body that are read.
    pub body_limit: usize,
    /// The paths at which more is read, and how much.
    pub large_bodies: &'static [(&'static str, usize)],
    /// From the end of a request's head to its answer.
    pub request_limit: Duration,
    /// All routes below.
    pub routes: Routes,
    /// The path at which others tell of requests of their own: what comes with those or stands
    /// behind it is not ours to judge by form, and not ours to print.
    pub behind: Option<&'static str>,
    /// The schemas of the routes below.
    pub shapes: Arc<Shapes>,
    /// Names a request.
    pub new_request_id: NewRequestId,
    /// Where requests that may change something go on to their end.
    pub works: Works,
}

impl Settings {
    /// Where a request goes whose path has the issuer's before it. A path that is a route of ours
    /// as it stands is one: a proxy has taken the issuer's path off.
    fn below_issuer(&self, uri: &Uri) -> Option<Uri> {
        let below = self.issuer_path.below(uri)?;
        (!self.is_behind(uri) && self.routes.allow(uri.path()).is_none()).then_some(below)
    }

    fn is_behind(&self, uri: &Uri) -> bool {
        let rest = self.behind.and_then(|path| uri.path().strip_prefix(path));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The path of a request as far as it is ours.
    fn shown<'u>(&self, uri: &'u Uri) -> &'u str {
        match self.behind {
            Some(path) if self.is_behind(uri) => path,
            _ => uri.path(),
        }
    }

    /// How many bytes of body are read at a path.
    fn body_limit_of(&self, path: &str) -> usize {
        let larger = self.large_bodies.iter().find(|(at, _)| *at == path);
        larger.map_or(self.body_limit, |(_, most)| self.body_limit.max(*most))
    }
}

/// The edge around everything else.
pub struct Edge<E> {
    inner: Arc<E>,
    settings: Settings,
}

impl<E: Endpoint + 'static> Edge<E> {
    /// Puts the edge around `inner`.
    pub fn new(inner: E, settings: Settings) -> Self {
        let inner = Arc::new(inner);
        Self { inner, settings }
    }

    /// What the routes make of a request, or a panic; within the time limit. A request that may
    /// change something goes on beyond it, and when its client has gone: dropped in the midst, it
    /// might change things and not say so in the log.
    async fn worked(
        &self,
        request: Request,
        arrival: &Arrival,
    ) -> Result<thread::Result<poem::Result<E::Output>>, Elapsed> {
        let is_safe = request.method().is_safe();
        let inner = Arc::clone(&self.inner);
        let work = async move { AssertUnwindSafe(inner.call(request)).catch_unwind().await };
        let acting = Acting::of(arrival.request_id().to_owned(), arrival.address());
        let work = acting.doing(work);
        let limit = self.settings.request_limit;
        if is_safe {
            return timeout(limit, work).await;
        }
        let mut task = self.settings.works.begin(work);
        let ended = timeout(limit, &mut task).await;
        // Nothing is begun before its body is there, and a slow body must not keep it.
        if ended.is_err() && arrival.is_reading_body() {
            task.abort();
        }
        Ok(match ended? {
            Ok(Some(done)) => done,
            // It was given up for the end of the server.
            Ok(None) => Ok(Err(StatusCode::SERVICE_UNAVAILABLE.into())),
            Err(failed) => Err(Box::new(failed)),
        })
    }

    async fn outcome(&self, request: Request, arrival: &Arrival) -> (Outcome, &'static str) {
        let uri = request.uri().clone();
        let refusal = match self.worked(request, arrival).await {
            Ok(Ok(Ok(answer))) => {
                let answer = answer.into_response();
                let operation = answer.data().map_or(NO_OPERATION, |OperationId(id)| *id);
                return (errors::from_response(answer), operation);
            }
            Ok(Ok(Err(error))) => {
                let operation = error.data().map_or(NO_OPERATION, |OperationId(id)| *id);
                let allow = self.settings.routes.allow(uri.path());
                return (errors::from_error(error, allow), operation);
            }
            Ok(Err(_panic)) => Refusal::new(Code::InternalError).caused_by("panicked"),
            Err(_elapsed) if arrival.is_reading_body() => Refusal::new(Code::RequestTimeout),
            Err(_elapsed) => Refusal::unavailable(TRY_AGAIN).caused_by("out of time"),
        };
        (Outcome::Refused(refusal), NO_OPERATION)
    }

    /// What is refused before any route looks at it.
    fn admit(&self, request: &Request) -> Result<(), Refusal> {
        host::check(request.version(), request.headers())?;
        if self.settings.is_behind(request.uri()) {
            return Ok(());
        }
        query::refuse_duplicates(request.uri())?;
        let declared = request
            .header("content-length")
            .and_then(|value| value.parse().ok());
        let most = self.settings.body_limit_of(request.uri().path());
        if declared.is_some_and(|length: usize| length > most) {
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

impl<E: Endpoint + 'static> Endpoint for Edge<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let settings = &self.settings;
        let arrived = Instant::now();
        if let Some(below) = settings.below_issuer(request.uri()) {
            *request.uri_mut() = below;
        }
        let arrival = Arrival::new(
            &request,
            &settings.proxies,
            settings.body_limit_of(request.uri().path()),
            Some(Arc::clone(&settings.shapes)),
            || (settings.new_request_id)(),
        );
        let audience = Audience::of(request.uri().path());
        let grant = cors::Grant::decide(audience, request.headers(), &*settings.origins);
        let admitted = self
            .admit(&request)
            .map(|()| self.preflight(&request, &grant));
        let mut response = if let Ok(Some(response)) = admitted {
            response
        } else {
            let (method, uri) = (request.method().clone(), request.uri().clone());
            request.set_data(arrival.clone());
            let (outcome, operation) = match admitted {
                Ok(_) => self.outcome(request, &arrival).await,
                Err(refusal) => (Outcome::Refused(refusal), NO_OPERATION),
            };
            let response = match outcome {
                Outcome::Answer(response) => response,
                Outcome::Refused(refusal) => {
                    refuse(refusal, &method, settings.shown(&uri), &arrival)
                }
            };
            count(operation, response.status(), arrived.elapsed());
            response
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

/// Counts an answer. Paths are not counted: anybody can make up any number of them.
fn count(operation: &'static str, status: StatusCode, took: Duration) {
    metrics::counter!(
        "signet_requests_total", "operation" => operation, "status" => status.as_str().to_owned()
    )
    .increment(1);
    metrics::histogram!("signet_request_seconds", "operation" => operation).record(took);
}

/// Logs a refusal under the id that its answer carries, and shapes the answer.
fn refuse(refusal: Refusal, method: &Method, path: &str, arrival: &Arrival) -> Response {
    let (request_id, status) = (arrival.request_id(), refusal.code().status().as_u16());
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
    problem::shape(refusal, path, request_id)
}

#[cfg(test)]
mod tests;
