//! What an orchestrator asks: is the process alive, may it get requests, how is it doing.

use std::future::Future;

use http::{StatusCode, header};
use poem::endpoint::{make, make_sync};
use poem::{Endpoint, Response, Route, get};
use serde_json::{Map, json};

use crate::auth::health::{Health, State};

/// When to ask again, in seconds.
const RETRY_AFTER: u32 = 1;
const OK: &str = "{\"status\":\"ok\"}";

/// `/healthz`: the process answers. Looks at nothing else, so that a database outage restarts
/// nobody.
#[must_use]
pub fn alive() -> impl Endpoint {
    make_sync(|_| ok())
}

/// `/readyz`: how everything is that requests depend on, part by part. 503 where some of them
/// cannot be answered, so that a load balancer asks another node.
pub fn ready<C, F>(check: C) -> impl Endpoint
where
    C: Fn() -> F + Send + Sync,
    F: Future<Output = Health> + Send,
{
    make(move |_| {
        let checked = check();
        async move { Ok::<_, poem::Error>(readiness(&checked.await)) }
    })
}

fn readiness(health: &Health) -> Response {
    let parts = health.parts().map(|(part, state)| (part, state.as_str()));
    let parts: Map<_, _> = parts
        .map(|(part, state)| (part.into(), state.into()))
        .collect();
    let body = json!({ "status": health.worst().as_str(), "parts": parts });
    let response = Response::builder().content_type("application/json");
    let response = match health.worst() {
        State::Ok | State::Degraded => response,
        State::Unavailable => response
            .status(StatusCode::SERVICE_UNAVAILABLE)
            .header(header::RETRY_AFTER, RETRY_AFTER),
    };
    response.body(body.to_string())
}

/// `/metrics`, and nothing else, for a listener of its own: numbers are for operators.
pub fn metrics<R>(render: R) -> impl Endpoint
where
    R: Fn() -> String + Send + Sync + 'static,
{
    let text = make_sync(move |_| {
        Response::builder()
            .content_type("text/plain; version=0.0.4; charset=utf-8")
            .body(render())
    });
    Route::new().at("/metrics", get(text))
}

fn ok() -> Response {
    Response::builder()
        .content_type("application/json")
        .body(OK)
}
