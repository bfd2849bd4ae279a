use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, Ask, TestServer};

/// A page of `origin` in a browser: keeps cookies byte for byte, and sends what browsers send.
pub(crate) struct Browser<'a> {
    server: &'a TestServer,
    pub(crate) origin: String,
    /// Names and values in the order in which they came.
    pub(crate) cookies: Vec<(String, String)>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(server: &'a TestServer, origin: &str) -> Self {
        Self {
            server,
            origin: origin.to_owned(),
            cookies: Vec::new(),
        }
    }

    /// A request as the page's own script sends it: `Origin`, our header, the cookies.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .server
            .request(method, path)
            .header("Origin", &self.origin)
            .header("X-Signet-Request", "1");
        if self.cookies.is_empty() {
            request
        } else {
            request.header("Cookie", self.cookie())
        }
    }

    /// Sends `body`, and keeps the cookies of the answer.
    pub(crate) async fn post(&mut self, path: &str, body: Value) -> Answer {
        let answer = self.request(Method::POST, path).json(&body).ask().await;
        self.keep_cookies(&answer);
        answer
    }

    /// Logs in with cookie delivery.
    pub(crate) async fn login(&mut self, username: &str, password: &str) -> Answer {
        let body = json!({ "username": username, "password": password, "delivery": "cookie" });
        self.post("/v1/auth/login", body).await
    }

    pub(crate) async fn refresh(&mut self) -> Answer {
        self.post("/v1/auth/refresh", json!({})).await
    }

    /// The value of the header `Cookie`.
    pub(crate) fn cookie(&self) -> String {
        let pairs = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn keep_cookies(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all("set-cookie") {
            let text = cookie.to_str().unwrap();
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(kept, _)| kept != name);
            if !attributes
                .split(';')
                .any(|attribute| attribute.trim() == "Max-Age=0")
            {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }
}
