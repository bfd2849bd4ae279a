//! What each connection says.

use std::collections::VecDeque;

use serde::Deserialize;

pub(crate) const JWKS: &str = "GET /.well-known/jwks.json HTTP/1.1\r\nHost: bench\r\n\r\n";
pub(crate) const BARE: &str = "GET /bare HTTP/1.1\r\nHost: bench\r\n\r\n";

pub(crate) const ASK_AND_SIGN: &str = "GET /ask-and-sign HTTP/1.1\r\nHost: bench\r\n\r\n";

/// One connection's part of a load.
pub(crate) trait Script: Send {
    /// Writes the next request.
    fn request(&mut self, into: &mut Vec<u8>);

    /// Takes the body of the answer, which was 200.
    fn answered(&mut self, body: &[u8]);
}

/// The same request for ever.
#[derive(Clone)]
pub(crate) struct Same(Vec<u8>);

impl Same {
    pub(crate) fn get(request: &str) -> Self {
        Self(request.as_bytes().to_vec())
    }

    /// JSON of the size of a refresh, given back as it is.
    pub(crate) fn echo() -> Self {
        Self(post(
            "/echo",
            &format!(r#"{{"refresh_token":"{:073}","client_id":"bench"}}"#, 0),
        ))
    }

    /// A person who logs in again and again.
    pub(crate) fn login(username: &str, password: &str) -> Self {
        let body = serde_json::json!({ "username": username, "password": password });
        Self(post("/v1/auth/login", &body.to_string()))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Script for Same {
    fn request(&mut self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.0);
    }

    fn answered(&mut self, _body: &[u8]) {}
}

/// Sessions that are refreshed in turn, each as often as it may be at once.
pub(crate) struct Refresh {
    sessions: VecDeque<Session>,
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
        Self {
            sessions: VecDeque::new(),
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
        let body = format!(r#"{{"refresh_token":"{}"}}"#, session.refresh_token);
        into.extend_from_slice(&post("/v1/auth/refresh", &body));
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
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len(),
    )
    .into_bytes()
}
