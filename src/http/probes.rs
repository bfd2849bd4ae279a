//! What an orchestrator asks: is the process alive, may it get requests, how is it doing.

use std::future::Future;

use poem::endpoint::{make, make_sync};
use poem::{Endpoint, Response, Route, get};

use super::problem::Refusal;

const OK: &str = "{\"status\":\"ok\"}";

/// `/healthz`: the process answers. Looks at nothing else, so that a database outage restarts
/// nobody.
#[must_use]
pub fn alive() -> impl Endpoint {
    make_sync(|_| ok())
}

/// `/readyz`: what the process depends on answers as well.
pub fn ready<C, F>(check: C) -> impl Endpoint
where
    C: Fn() -> F + Send + Sync,
    F: Future<Output = Result<(), Refusal>> + Send,
{
    make(move |_| {
        let checked = check();
        async move { Ok::<_, poem::Error>(checked.await.map(|()| ok())?) }
    })
}

/// `/metrics`, and nothing else, for a listener of its own: numbers are for operators.
pub fn metrics<R>(render: R) -> impl Endpoint
where
    R: Fn() -> String + Send + Sync + 'static,
{
    let text = make_sync(move |_| {
        Response::builder()
            .content_type("text/plain; version=0.0.4")
            .body(render())
    });
    Route::new().at("/metrics", get(text))
}

fn ok() -> Response {
    Response::builder()
        .content_type("application/json")
        .body(OK)
}
