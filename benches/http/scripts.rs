//! What each connection says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde::Deserialize;

pub(crate) const JWKS: &str = "GET /.well-known/jwks.json HTTP/1.1\r\nHost: bench\r\n\r\n";
pub(crate) const METADATA: &str =
    "GET /.well-known/openid-configuration HTTP/1.1\r\nHost: bench\r\n\r\n";
pub(crate) const BARE: &str = "GET /bare HTTP/1.1\r\nHost: bench\r\n\r\n";

pub(crate) const SIGN: &str = "GET /sign HTTP/1.1\r\nHost: bench\r\n\r\n";
pub(crate) const ASK_AND_SIGN: &str = "GET /ask-and-sign HTTP/1.1\r\nHost: bench\r\n\r\n";

/// One connection's part of a load.
pub(crate) trait Script: Send {
    /// Writes the next request.
    fn request(&mut self, into: &mut Vec<u8>);

    /// Whether an answer may have this status.
    fn expects(&self, status: u16) -> bool {
        status == 200
    }

    /// Takes the body of the answer.
    fn answered(&mut self, body: &[u8]);
}

/// The same request for ever.
#[derive(Clone)]
pub(crate) struct Same {
    request: Vec<u8>,
    expects: u16,
}

impl Same {
    pub(crate) fn get(request: &str) -> Self {
        Self::of(request.as_bytes().to_vec())
    }

    /// A gateway's question about a request that presents this, which is answered so.
    pub(crate) fn verify(token: &str, expects: u16) -> Self {
        let request = format!(
            "GET /v1/auth/verify HTTP/1.1\r\nHost: bench\r\nX-Forwarded-For: 203.0.113.9\r\n\
             X-Forwarded-Method: GET\r\nX-Forwarded-Proto: https\r\n\
             X-Forwarded-Host: app.example.com\r\nX-Forwarded-Uri: /pages/1\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        );
        Self {
            request: request.into_bytes(),
            expects,
        }
    }

    /// A resource server's question, which is answered so.
    pub(crate) fn introspect(asker: &str, token: &str, expects: u16) -> Self {
        let form = "application/x-www-form-urlencoded";
        let request = post_as(form, "/oauth/introspect", &format!("token={token}"));
        let credential = format!("Authorization: Bearer {asker}");
        Self {
            request: with_header(request, &credential),
            expects,
        }
    }

    /// JSON of the size of a refresh, given back as it is.
    pub(crate) fn echo() -> Self {
        Self::of(post(
            "/echo",
            &format!(r#"{{"refresh_token":"{:073}","client_id":"bench"}}"#, 0),
        ))
    }

    /// A person who logs in again and again.
    pub(crate) fn login(username: &str, password: &str) -> Self {
        let body = serde_json::json!({ "username": username, "password": password });
        Self::of(post("/v1/auth/login", &body.to_string()))
    }

    /// A client that gets tokens of its own again and again.
    pub(crate) fn client_credentials(credential: &str) -> Self {
        let body = "grant_type=client_credentials";
        let request = post_as("application/x-www-form-urlencoded", "/oauth/token", body);
        Self::of(with_header(
            request,
            &format!("Authorization: Basic {credential}"),
        ))
    }

    /// Makes a key of the person of whom this is an access token.
    pub(crate) fn create_key(access_token: &str, password: &str) -> Self {
        let body = serde_json::json!({ "name": "bench", "current_password": password });
        let request = post("/v1/me/api-keys", &body.to_string());
        Self {
            request: with_header(request, &format!("Authorization: Bearer {access_token}")),
            expects: 201,
        }
    }

    fn of(request: Vec<u8>) -> Self {
        Self {
            request,
            expects: 200,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.request
    }
}

impl Script for Same {
    fn request(&mut self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.request);
    }

    fn expects(&self, status: u16) -> bool {
        status == self.expects
    }

    fn answered(&mut self, _body: &[u8]) {}
}

/// Requests of which none is sent twice, dealt out to whoever is next.
#[derive(Clone)]
pub(crate) struct Each(Arc<Mutex<VecDeque<Vec<u8>>>>);

impl Each {
    /// Each of these, which are answered by 200.
    pub(crate) fn of(requests: impl Iterator<Item = Same>) -> Self {
        let requests = requests.map(|same| same.request).collect();
        Self(Arc::new(Mutex::new(requests)))
    }
}

impl Script for Each {
    fn request(&mut self, into: &mut Vec<u8>) {
        let mut rest = self.0.lock().unwrap();
        let next = rest.pop_front();
        into.extend(next.expect("more of them are needed on this machine"));
    }

    fn answered(&mut self, _body: &[u8]) {}
}

/// Sessions that are refreshed in turn, each as often as it may be at once.
pub(crate) struct Refresh {
    sessions: VecDeque<Session>,
    form: Form,
}

/// How a refresh is asked for.
#[derive(Clone)]
pub(crate) enum Form {
    /// In JSON, at `/v1/auth/refresh`.
    Json,
    /// As a form, at `/oauth/token`, by this client.
    Of(String),
}

struct Session {
    refresh_token: String,
    rotations: usize,
}

#[derive(Deserialize)]
struct Tokens {
    refresh_token: String,
}

/// A session may rotate 64 times at once; a few are left for the login itself.
pub(crate) const ROTATIONS: usize = 60;

impl Refresh {
    pub(crate) fn new() -> Self {
        Self::asking(Form::Json)
    }

    pub(crate) fn asking(form: Form) -> Self {
        Self {
            sessions: VecDeque::new(),
            form,
        }
    }

    /// Takes a session from the answer to a login.
    pub(crate) fn add(&mut self, login: &[u8]) {
        let Tokens { refresh_token } = serde_json::from_slice(login).unwrap();
        self.add_token(refresh_token);
    }

    /// Takes a session by its refresh token.
    pub(crate) fn add_token(&mut self, refresh_token: String) {
        self.sessions.push_back(Session {
            refresh_token,
            rotations: 0,
        });
    }
}

impl Script for Refresh {
    fn request(&mut self, into: &mut Vec<u8>) {
        let session = self
            .sessions
            .front()
            .expect("more REFRESHES are needed on this machine");
        let token = &session.refresh_token;
        into.extend_from_slice(&match &self.form {
            Form::Json => {
                let body = format!(r#"{{"refresh_token":"{token}"}}"#);
                post("/v1/auth/refresh", &body)
            }
            Form::Of(client) => {
                let asked = "grant_type=refresh_token&refresh_token=";
                let body = format!("{asked}{token}&client_id={client}");
                post_as("application/x-www-form-urlencoded", "/oauth/token", &body)
            }
        });
    }

    fn answered(&mut self, body: &[u8]) {
        let mut session = self.sessions.pop_front().unwrap();
        session.refresh_token = serde_json::from_slice::<Tokens>(body)
            .unwrap()
            .refresh_token;
        session.rotations += 1;
        if session.rotations < ROTATIONS {
            self.sessions.push_back(session);
        }
    }
}

fn post(path: &str, body: &str) -> Vec<u8> {
    post_as("application/json", path, body)
}

fn post_as(media_type: &str, path: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len(),
    )
    .into_bytes()
}

fn with_header(mut request: Vec<u8>, header: &str) -> Vec<u8> {
    let host = b"Host: bench\r\n";
    let at = request
        .windows(host.len())
        .position(|part| part == host)
        .unwrap();
    request.splice(at..at, format!("{header}\r\n").into_bytes());
    request
}
