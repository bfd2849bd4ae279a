use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, Ask, PASSWORD, TestServer};

/// Somebody who has logged in, and holds the tokens.
#[derive(Clone)]
pub(crate) struct Person<'a> {
    server: &'a TestServer,
    pub(crate) password: String,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

impl<'a> Person<'a> {
    /// Logs in as a user that exists.
    pub(crate) async fn log_in(server: &'a TestServer, username: &str, password: &str) -> Self {
        let answer = server.login(username, password).await.ok();
        let mut person = Self {
            server,
            password: password.to_owned(),
            access_token: String::new(),
            refresh_token: String::new(),
        };
        person.keep(&answer);
        person
    }

    /// Logs in as a user that exists, for these scopes.
    pub(crate) async fn log_in_for(server: &'a TestServer, username: &str, scope: &str) -> Self {
        let asks = json!({ "username": username, "password": PASSWORD, "scope": scope });
        let answer = server.post("/v1/auth/login", asks).await.ok();
        let mut person = Self {
            server,
            password: PASSWORD.to_owned(),
            access_token: String::new(),
            refresh_token: String::new(),
        };
        person.keep(&answer);
        person
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.server
            .request(method, path)
            .bearer_auth(&self.access_token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).ask().await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path).ask().await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.request(Method::POST, path).json(&body).ask().await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.request(Method::PUT, path).json(&body).ask().await
    }

    pub(crate) async fn post_empty(&self, path: &str) -> Answer {
        self.request(Method::POST, path).ask().await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.request(Method::PATCH, path).json(&body).ask().await
    }

    /// Creates an API key of their own, with their password.
    pub(crate) async fn create_key(&self, mut wish: Value) -> Key {
        wish["current_password"] = self.password.as_str().into();
        let answer = self.post("/v1/me/api-keys", wish).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        Key::of(&answer.json())
    }

    /// Refreshes, and keeps the tokens where there are new ones.
    pub(crate) async fn refresh(&mut self) -> Answer {
        let answer = self.server.refresh(&self.refresh_token).await;
        if answer.status == 200 {
            self.keep(&answer.json());
        }
        answer
    }

    /// Ends the session.
    pub(crate) async fn log_out(&self) -> Answer {
        let body = json!({ "refresh_token": self.refresh_token });
        self.server.post("/v1/auth/logout", body).await
    }

    /// The claims of the access token, as anybody can read them.
    pub(crate) fn claims(&self) -> Value {
        part(&self.access_token, 1)
    }

    fn keep(&mut self, answer: &Value) {
        let text = |member: &str| answer[member].as_str().unwrap().to_owned();
        self.access_token = text("access_token");
        self.refresh_token = text("refresh_token");
    }
}

/// An API key, as its maker was shown it.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) text: String,
}

impl Key {
    /// Of the answer to whoever made or rotated it.
    pub(crate) fn of(answer: &Value) -> Self {
        Self {
            id: answer["key"]["id"].as_str().unwrap().to_owned(),
            text: answer["api_key"].as_str().unwrap().to_owned(),
        }
    }
}

/// One decoded part of a JWT: 0 is the header, 1 the claims.
pub(crate) fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&BASE64URL.decode(part).unwrap()).unwrap()
}
