//! Debian's nginx with the lines of docs/gateways.md, between a client and an application.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use reqwest::{Client, Method, RequestBuilder, Response};

use super::application::Application;
use super::gateway::server;
use crate::harness::{PASSWORD, Person, TestServer};
use crate::servers::Nginx;

const RULES: &str = r#"
    [verify]
    dialect = "original"
    [[verify.rules]]
    hosts = ["app.example.com"]
    path = "/admin"
    accept = ["bearer_jwt"]
    scopes = ["admin"]
    [[verify.rules]]
    hosts = ["app.example.com"]
    path = "/wiki"
    accept = ["bearer_jwt"]
    token_audience = "https://wiki.internal"
    [[verify.rules]]
    hosts = ["app.example.com"]
    accept = ["bearer_jwt", "basic"]
    anonymous = ["GET"]
"#;

/// What tells an application who asks.
const IDENTITY: [&str; 7] = [
    "x-auth-method",
    "x-auth-expires",
    "x-auth-token-id",
    "x-auth-user-id",
    "x-auth-username",
    "x-auth-scopes",
    "x-auth-jwt",
];

/// nginx between a client and an application, and Signet beside them.
struct Deployment {
    server: TestServer,
    nginx: Nginx,
    client: Client,
    _application: Application,
}

/// What reached the application.
struct Received {
    line: String,
    headers: BTreeMap<String, Vec<String>>,
    body: String,
}

impl Deployment {
    async fn start() -> Self {
        Self::of(server(RULES).await).await
    }

    async fn of(server: TestServer) -> Self {
        let application = Application::start().await;
        let lines = snippet()
            .replace("127.0.0.1:3000", &application.address.to_string())
            .replace("127.0.0.1:8080", &server.address.to_string());
        Self {
            nginx: Nginx::start(&lines, tempfile::tempdir().unwrap()),
            server,
            client: Client::new(),
            _application: application,
        }
    }

    fn asks(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.nginx.address);
        self.client
            .request(method, url)
            .header("Host", "app.example.com")
    }

    /// What the application gets of a request that passes.
    async fn passes(&self, request: RequestBuilder) -> Received {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let said = answer.text().await.unwrap();
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let line = lines.next().unwrap().to_owned();
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            let values = headers.entry(name.to_lowercase()).or_default();
            values.push(value.to_owned());
        }
        let body = body.to_owned();
        Received {
            line,
            headers,
            body,
        }
    }
}

impl Received {
    /// Who asks, as the application hears it; each header is there once or not at all.
    fn identity(&self) -> BTreeMap<&str, &str> {
        let about = self.headers.iter().filter(|(name, _)| {
            // To many applications `_` and `-` are one.
            name.replace('_', "-").starts_with("x-auth-")
        });
        about
            .map(|(name, values)| {
                assert_eq!(values.len(), 1, "{name}");
                (name.as_str(), values[0].as_str())
            })
            .collect()
    }
}

/// The lines of the document.
fn snippet() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/gateways.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("```nginx\n").unwrap();
    rest.split_once("\n```").unwrap().0.to_owned()
}

async fn sent(request: RequestBuilder) -> Response {
    request.send().await.unwrap()
}

async fn reader(server: &TestServer) -> Person<'_> {
    server.create_user("ada", &["pages.read"]).await;
    Person::log_in(server, "ada", PASSWORD).await
}

#[tokio::test]
async fn the_application_hears_who_asks() {
    let here = Deployment::start().await;
    let ada = reader(&here.server).await;
    let claims = ada.claims();
    let path = "/pages/caf%C3%A9/100%25?a=1&a=%2F..";
    let request = here.asks(Method::POST, path).bearer_auth(&ada.access_token);
    let received = here.passes(request.body("hello")).await;
    assert_eq!(received.line, format!("POST {path} HTTP/1.0"));
    assert_eq!(received.body, "hello");
    let text = |name: &str| claims[name].as_str().unwrap().to_owned();
    let identity = received.identity();
    assert_eq!(identity["x-auth-method"], "bearer_jwt");
    assert_eq!(identity["x-auth-username"], "ada");
    assert_eq!(identity["x-auth-user-id"], text("sub"));
    assert_eq!(identity["x-auth-token-id"], text("jti"));
    assert_eq!(identity["x-auth-scopes"], "pages.read");
    assert_eq!(identity["x-auth-expires"], "2026-06-01T12:05:00.000Z");
    assert!(!identity.contains_key("x-auth-jwt"));

    let request = here
        .asks(Method::GET, "/wiki")
        .bearer_auth(&ada.access_token);
    let received = here.passes(request).await;
    let identity = received.identity();
    assert_eq!(identity.keys().copied().collect::<Vec<_>>(), ["x-auth-jwt"]);
}

/// Under no spelling and no number.
#[tokio::test]
async fn an_identity_that_a_client_writes_never_arrives() {
    let here = Deployment::start().await;
    let ada = reader(&here.server).await;
    let forged = |mut request: RequestBuilder| {
        for name in IDENTITY {
            request = request.header(name, "root").header(name, "admin");
            request = request.header(name.replace('-', "_"), "root");
        }
        request
    };
    let nobody = here.passes(forged(here.asks(Method::GET, "/"))).await;
    assert_eq!(nobody.identity(), BTreeMap::new());
    let request = here.asks(Method::GET, "/").bearer_auth(&ada.access_token);
    let somebody = here.passes(forged(request)).await;
    let identity = somebody.identity();
    assert_eq!(identity["x-auth-username"], "ada");
    assert!(
        identity
            .values()
            .all(|value| !["root", "admin"].contains(value))
    );
    let request = here
        .asks(Method::GET, "/wiki")
        .bearer_auth(&ada.access_token);
    let received = here.passes(forged(request)).await;
    let identity = received.identity();
    assert_eq!(identity.keys().copied().collect::<Vec<_>>(), ["x-auth-jwt"]);
    assert!(identity["x-auth-jwt"].starts_with("ey"));
}

#[tokio::test]
async fn a_request_is_not_another_because_its_client_says_so() {
    let here = Deployment::start().await;
    let ada = reader(&here.server).await;
    // The names that nginx writes itself: what the client says under them is gone.
    for (name, value) in [
        ("X-Original-Method", "GET"),
        ("X-Original-URL", "https://app.example.com/"),
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Proto", "https"),
    ] {
        let request = here
            .asks(Method::DELETE, "/admin")
            .bearer_auth(&ada.access_token);
        let answer = sent(request.header(name, value)).await;
        assert_eq!(answer.status(), 403, "{name}");
        let answer = sent(here.asks(Method::POST, "/").header(name, value)).await;
        assert_eq!(answer.status(), 401, "{name}");
    }
    // Names of other gateways: nobody knows which of the two requests is meant.
    for name in [
        "X-Forwarded-Uri",
        "X-Forwarded-Method",
        "X-Original-URI",
        "X-Rewrite-URL",
    ] {
        let answer = sent(here.asks(Method::GET, "/").header(name, "/")).await;
        assert_eq!(answer.status(), 400, "{name}");
    }
    let outside = here
        .client
        .get(format!("http://{}/_signet", here.nginx.address));
    let outside = outside.header("Host", "app.example.com");
    assert_eq!(sent(outside).await.status(), 404);
}

#[tokio::test]
async fn refusals_come_back_as_themselves() {
    let here = Deployment::start().await;
    let ada = reader(&here.server).await;
    let answer = sent(here.asks(Method::POST, "/")).await;
    assert_eq!(answer.status(), 401);
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
    assert_eq!(
        challenge,
        "Bearer realm=\"signet\", Basic realm=\"signet\", charset=\"UTF-8\""
    );
    let expired = here.asks(Method::GET, "/").bearer_auth("x.y.z");
    assert_eq!(sent(expired).await.status(), 401);
    let request = here
        .asks(Method::GET, "/admin")
        .bearer_auth(&ada.access_token);
    assert_eq!(sent(request).await.status(), 403);
    // Two readings of one path: nginx would find /admin behind these.
    for path in [
        "/pages;x/../admin",
        "//admin",
        "/pages%2f..%2fadmin",
        "/%2561dmin",
    ] {
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: app.example.com\r\nConnection: close\r\n\r\n");
        let answer = crate::harness::say(here.nginx.address, head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{path}: {answer}");
    }
}

#[tokio::test]
async fn too_many_and_not_now_come_back_as_themselves() {
    let here = Deployment::start().await;
    for _ in 0..10 {
        assert_eq!(guess(&here).await.status(), 401);
    }
    let throttled = guess(&here).await;
    assert_eq!(throttled.status(), 429);
    assert!(wait(&throttled) > 0);

    // A node that has no time for passwords.
    let mut server = server(RULES).await;
    server.stop().await;
    server.settings.password.lane_queue = 0;
    server.start_again().await;
    let here = Deployment::of(server).await;
    let unavailable = guess(&here).await;
    assert_eq!(unavailable.status(), 503);
    assert!(wait(&unavailable) > 0);
}

async fn guess(here: &Deployment) -> Response {
    let request = here.asks(Method::GET, "/");
    sent(request.basic_auth("ada", Some("wrong horse battery"))).await
}

/// What the client is told to wait, in seconds.
fn wait(answer: &Response) -> u32 {
    let value = answer.headers()["retry-after"].to_str().unwrap();
    value.parse().unwrap()
}

#[tokio::test]
async fn without_signet_nobody_passes() {
    let mut here = Deployment::start().await;
    here.passes(here.asks(Method::GET, "/")).await;
    here.server.stop().await;
    let answer = sent(here.asks(Method::GET, "/")).await;
    assert_eq!(answer.status(), 500);
}
