//! A gateway between a client and an application, and Signet beside them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};
use std::{fs, process::Command};

use reqwest::{Client, Method, RequestBuilder, Response};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::application::Application;
use crate::processes::{Node, Site, User};
use crate::{caddy, envoy};

const RULES: &str = r#"[
    { hosts = ["app.example.com"], path = "/admin", accept = ["bearer_jwt"], scopes = ["admin"] },
    { hosts = ["app.example.com"], accept = ["bearer_jwt", "basic"], anonymous = ["GET"] },
]"#;
/// How long a gateway may take to start.
const PATIENCE: Duration = Duration::from_secs(30);
/// What tells an application who asks.
pub(crate) const IDENTITY: [&str; 7] = [
    "x-auth-method",
    "x-auth-expires",
    "x-auth-token-id",
    "x-auth-user-id",
    "x-auth-username",
    "x-auth-scopes",
    "x-auth-jwt",
];

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Caddy,
    Envoy,
}

pub(crate) struct Deployment {
    pub(crate) node: Node,
    ada: User,
    gateway: Gateway,
    client: Client,
    _application: Application,
    _site: Site,
}

/// What reached the application.
pub(crate) struct Received {
    pub(crate) line: String,
    headers: BTreeMap<String, Vec<String>>,
    pub(crate) body: String,
}

/// A running gateway; ends with this value.
pub(crate) struct Gateway {
    pub(crate) port: u16,
    child: Child,
    _folder: TempDir,
}

impl Deployment {
    pub(crate) async fn start(kind: Kind) -> Self {
        let dialect = match kind {
            Kind::Caddy => "forwarded",
            Kind::Envoy => "envoy",
        };
        let site = Site::new(&[
            ("SIGNET_SERVER__TRUSTED_PROXIES", "127.0.0.1"),
            ("SIGNET_VERIFY__DIALECT", dialect),
            ("SIGNET_VERIFY__RULES", RULES),
        ]);
        site.json(&["scope", "add", "pages.read", "admin"]);
        let ada = site.user("ada");
        site.json(&["user", "grant", "ada", "pages.read"]);
        let node = site.start();
        let application = Application::start().await;
        let behind = application.address.to_string();
        let gateway = match kind {
            Kind::Caddy => caddy::start(&node.address, &behind).await,
            Kind::Envoy => envoy::ask(&node.address, &behind).await,
        };
        Self {
            node,
            ada,
            gateway,
            client: Client::new(),
            _application: application,
            _site: site,
        }
    }

    /// An access token of somebody who may read pages.
    pub(crate) async fn token(&self) -> String {
        let login = self.ada.log_in_for(&self.client, &self.node, "").await;
        login["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn asks(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://127.0.0.1:{}{path}", self.gateway.port);
        let request = self.client.request(method, url);
        request.header("Host", "app.example.com")
    }

    pub(crate) async fn guess(&self) -> Response {
        let request = self.asks(Method::GET, "/");
        sent(request.basic_auth("ada", Some("wrong horse battery"))).await
    }

    /// The status of the answer to a GET of `path`, as it is written.
    pub(crate) async fn status_of(&self, path: &str) -> u16 {
        let address = ("127.0.0.1", self.gateway.port);
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: app.example.com\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// What the application gets of a request that passes.
    pub(crate) async fn passes(&self, request: RequestBuilder) -> Received {
        Received::of(sent(request).await).await
    }
}

impl Received {
    /// What it answers with.
    pub(crate) async fn of(answer: Response) -> Self {
        assert_eq!(answer.status(), 200);
        let said = answer.text().await.unwrap();
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let line = lines.next().unwrap().to_owned();
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in lines {
            let (name, value) = line.split_once(':').unwrap();
            let values = headers.entry(name.to_lowercase()).or_default();
            values.push(value.trim().to_owned());
        }
        Self {
            line,
            headers,
            body: body.to_owned(),
        }
    }

    /// A header that is there once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let values = self.headers.get(name)?;
        assert_eq!(values.len(), 1, "{name}");
        Some(&values[0])
    }

    /// Who asks, as the application hears it; each header is there once or not at all.
    pub(crate) fn identity(&self) -> BTreeMap<&str, &str> {
        // To many applications `_` and `-` are one.
        let names = self.headers.keys();
        let names = names.filter(|name| name.replace('_', "-").starts_with("x-auth-"));
        names
            .map(|name| (name.as_str(), self.header(name).unwrap()))
            .collect()
    }
}

impl Gateway {
    /// Starts one that answers under `port`, and waits until it does; `folder` is its own.
    pub(crate) async fn start(mut command: Command, port: u16, folder: TempDir) -> Self {
        let child = command.current_dir(folder.path()).spawn().unwrap();
        let gateway = Self {
            port,
            child,
            _folder: folder,
        };
        let deadline = Instant::now() + PATIENCE;
        let mut pace = tokio::time::interval(Duration::from_millis(50));
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(Instant::now() < deadline, "{command:?} never answers");
            pace.tick().await;
        }
        gateway
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).ok();
        self.child.wait().ok();
    }
}

/// The lines of the document that follow `opening`.
pub(crate) fn snippet(opening: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/gateways.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once(opening).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

pub(crate) async fn sent(request: RequestBuilder) -> Response {
    request.send().await.unwrap()
}

/// What the client is told to wait, in seconds.
pub(crate) fn wait(answer: &Response) -> u32 {
    let value = answer.headers()["retry-after"].to_str().unwrap();
    value.parse().unwrap()
}
