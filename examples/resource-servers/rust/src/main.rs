//! A resource server with axum and jsonwebtoken.
//!
//!     ISSUER=http://localhost:8080 AUDIENCE=https://notes.example.com API_KEY=signet_ak_... \
//!         PORT=3000 cargo run
//!
//! `API_KEY` is an API key with the scope `signet.introspect`, for `AUDIENCE`.

use std::{env, error::Error, net::SocketAddr, sync::Arc, time::Duration, time::Instant};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::get};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, sync::Mutex};

struct Signet {
    issuer: String,
    audience: String,
    key: String,
    http: reqwest::Client,
    keys: Mutex<Option<(JwkSet, Instant)>>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Caller {
    active: bool,
    sub: String,
    scope: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let [issuer, audience, key, port] =
        ["ISSUER", "AUDIENCE", "API_KEY", "PORT"].map(|name| env::var(name).expect(name));
    let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
    let signet = Arc::new(Signet { issuer, audience, key, http, keys: Mutex::default() });
    let app = Router::new().route("/notes", get(notes).delete(notes)).with_state(signet);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(TcpListener::bind(format!("127.0.0.1:{port}")).await?, app).await?)
}

async fn notes(
    State(signet): State<Arc<Signet>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
) -> Result<Json<Caller>, Refusal> {
    // Before what cannot be undone Signet is asked about access tokens too: a session that has ended counts at once.
    let (deletes, token) = (request.method() == Method::DELETE, presented(&request)?);
    let scope = if deletes { "notes.write" } else { "notes.read" };
    let caller = if deletes || token.starts_with("signet_ak_") {
        signet.introspect(token, request.method(), from).await?
    } else {
        signet.verify(token).await?
    };
    let allowed = caller.scope.split(' ').any(|has| has == scope);
    allowed.then_some(Json(caller)).ok_or(Refusal(403, " error=\"insufficient_scope\""))
}

/// The one credential of the Authorization header.
fn presented(request: &Request) -> Result<&str, Refusal> {
    let mut values = request.headers().get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(Refusal(401, ""))?;
    values.next().is_none().then_some(()).ok_or(Refusal(400, " error=\"invalid_request\""))?;
    let (scheme, token) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(INVALID)?;
    scheme.eq_ignore_ascii_case("Bearer").then_some(token).ok_or(INVALID)
}

impl Signet {
    /// Reads an access token without asking anybody.
    async fn verify(&self, token: &str) -> Result<Caller, Refusal> {
        let header = decode_header(token)?;
        let ours = header.typ.as_deref() == Some("at+jwt") && header.crit.is_none();
        let kid = header.kid.filter(|_| ours).ok_or(INVALID)?;
        let mut validation = Validation::new(Algorithm::ES256); // as in signing_keys.algorithms
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        Ok(decode(token, &self.signer(&kid).await?, &validation)?.claims)
    }

    /// Fetches the keys again when they are 300 s old, and for an unknown `kid` every 5 s at most.
    async fn signer(&self, kid: &str) -> Result<DecodingKey, Refusal> {
        let mut kept = self.keys.lock().await;
        let known = kept.as_ref().is_some_and(|(keys, _)| keys.find(kid).is_some());
        let lasts = Duration::from_secs(if known { 300 } else { 5 });
        if kept.as_ref().is_none_or(|(_, fetched)| fetched.elapsed() > lasts) {
            let url = format!("{}/.well-known/jwks.json", self.issuer);
            let fetched = async { self.http.get(url).send().await?.error_for_status()?.json().await }.await;
            match fetched {
                Ok(keys) => *kept = Some((keys, Instant::now())),
                Err(error) if kept.is_none() => return Err(error.into()),
                Err(_) => {} // the old ones stay
            }
        }
        let key = kept.as_ref().and_then(|(keys, _)| keys.find(kid)).ok_or(INVALID)?;
        Ok(DecodingKey::from_jwk(key)?)
    }

    /// Asks Signet what an API key or an access token is worth now.
    async fn introspect(&self, token: &str, method: &Method, from: SocketAddr) -> Result<Caller, Refusal> {
        let form = [("token", token), ("method", method.as_str()), ("address", &from.ip().to_string())];
        let asked = self.http.post(format!("{}/oauth/introspect", self.issuer)).bearer_auth(&self.key).form(&form);
        let caller: Caller = asked.send().await?.error_for_status()?.json().await?;
        caller.active.then_some(caller).ok_or(INVALID)
    }
}

/// A status, and the rest of the challenge.
struct Refusal(u16, &'static str);
const INVALID: Refusal = Refusal(401, " error=\"invalid_token\"");

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0).expect("one of ours");
        (status, [(header::WWW_AUTHENTICATE, format!("Bearer{}", self.1))]).into_response()
    }
}

impl From<jsonwebtoken::errors::Error> for Refusal {
    fn from(_: jsonwebtoken::errors::Error) -> Self {
        INVALID
    }
}

/// Signet does not answer.
impl From<reqwest::Error> for Refusal {
    fn from(_: reqwest::Error) -> Self {
        Self(503, "")
    }
}
