//! A gateway in front of an application, which asks Signet about each request.

use std::fs;

use reqwest::Method;
use signet::config::{self, FileChoice, VerifySettings};

use crate::harness::{Answer, Ask, TestServer};

const HOST: &str = "app.example.com";

/// `[verify]` and rules as an operator writes them down.
pub(crate) fn settings(text: &str) -> VerifySettings {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signet.toml");
    let text = format!("[server]\ntrusted_proxies = [\"127.0.0.1\"]\n{text}");
    fs::write(&file, text).unwrap();
    let loaded = config::load(&FileChoice::Named(file), []);
    loaded
        .unwrap_or_else(|error| panic!("{error}"))
        .settings
        .verify
}

/// A server that trusts this machine as a proxy, with these rules.
pub(crate) async fn server(text: &str) -> TestServer {
    let verify = settings(text);
    TestServer::with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        settings.verify = verify;
    })
    .await
}

/// A request that came to the gateway.
pub(crate) struct Asked<'a> {
    server: &'a TestServer,
    method: &'a str,
    uri: &'a str,
    headers: Vec<(String, String)>,
}

/// Begins to tell of a GET of `uri` at [`HOST`] over https.
pub(crate) fn asked<'a>(server: &'a TestServer, uri: &'a str) -> Asked<'a> {
    Asked {
        server,
        method: "GET",
        uri,
        headers: Vec::new(),
    }
}

impl<'a> Asked<'a> {
    pub(crate) fn method(mut self, method: &'a str) -> Self {
        self.method = method;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// From another address than the tests' own.
    pub(crate) fn from(self, address: &str) -> Self {
        self.header("X-Forwarded-For", address)
    }

    /// Asks as Traefik and Caddy do.
    pub(crate) async fn ask(self) -> Answer {
        let request = self
            .server
            .request(Method::GET, "/v1/auth/verify")
            .header("X-Forwarded-Method", self.method)
            .header("X-Forwarded-Proto", "https")
            .header("X-Forwarded-Host", HOST)
            .header("X-Forwarded-Uri", self.uri);
        let headers = self.headers.iter();
        let request = headers.fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        request.ask().await
    }

    /// Asks; the request has to pass.
    pub(crate) async fn passes(self) -> Answer {
        let answer = self.ask().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.body.is_empty());
        answer
    }

    /// Asks; the request has to be refused so.
    pub(crate) async fn refused(self, status: u16, code: &str) -> Answer {
        let answer = self.ask().await;
        answer.refused(status, code);
        answer
    }
}
