//! Signet as the programs see it: the real one, but for one more key in the set.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use poem::http::StatusCode;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::{Data, Json};
use poem::{Body, EndpointExt, Request, Response, Route, Server, get, handler, post};
use serde_json::{Value, json};

/// Answers under the issuer's URL, with the keys of Signet and the test's own.
pub(crate) struct Issuer {
    pub(crate) url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Where Signet is.
    signet: Mutex<String>,
    keys: Mutex<Vec<Value>>,
    fetches: AtomicUsize,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(State::default());
        let v4 = TcpListener::bind("127.0.0.1:0")
            .into_acceptor()
            .await
            .unwrap();
        let address = v4.local_addr().remove(0);
        let app = Route::new()
            .at("/.well-known/jwks.json", get(jwks))
            .at("/oauth/introspect", post(introspect))
            .data(Arc::clone(&state));
        tokio::spawn(Server::new_with_acceptor(v4).run(app));
        Self {
            url: format!("http://{}", address.as_socket_addr().unwrap()),
            state,
        }
    }

    /// Says where Signet is.
    pub(crate) fn is_at(&self, address: &str) {
        *self.state.signet.lock().unwrap() = format!("http://{address}");
    }

    pub(crate) fn publish(&self, key: Value) {
        self.state.keys.lock().unwrap().push(key);
    }

    /// How often the keys were fetched.
    pub(crate) fn fetches(&self) -> usize {
        self.state.fetches.load(Ordering::Relaxed)
    }
}

#[handler]
fn jwks(Data(state): Data<&Arc<State>>) -> Json<Value> {
    state.fetches.fetch_add(1, Ordering::Relaxed);
    Json(json!({ "keys": *state.keys.lock().unwrap() }))
}

#[handler]
async fn introspect(Data(state): Data<&Arc<State>>, request: &Request, body: Body) -> Response {
    let signet = state.signet.lock().unwrap().clone();
    let asked = reqwest::Client::new()
        .post(format!("{signet}/oauth/introspect"))
        .headers(request.headers().clone())
        .body(body.into_bytes().await.unwrap())
        .send();
    let Ok(answer) = asked.await else {
        return StatusCode::BAD_GATEWAY.into();
    };
    Response::builder()
        .status(answer.status())
        .content_type("application/json")
        .body(answer.bytes().await.unwrap())
}
