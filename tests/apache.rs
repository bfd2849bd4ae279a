//! Debian's Apache with the lines of docs/gateways.md, between a client and an application.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "it/verify/application.rs"]
mod application;
mod processes;
mod servers;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use application::Application;
use processes::Site;
use reqwest::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use servers::{Nginx, certify, free_port};
use tempfile::TempDir;

const AUDIENCE: &str = "https://app.example.com";
/// Debian's own apache2.conf, as far as it matters; in the foreground.
const SETTINGS: &str = "
ServerName localhost
PidFile apache.pid
ErrorLog error.log
DefaultRuntimeDir .
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
LoadModule auth_openidc_module /usr/lib/apache2/modules/mod_auth_openidc.so
";
/// How long Apache may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn apache_lets_pass_whom_signet_knows_and_tells_the_application_who_asks() {
    let site = Site::new(&[("SIGNET_TOKENS__AUDIENCE", AUDIENCE)]);
    site.json(&["scope", "add", "pages.read", "pages.write"]);
    let ada = site.user("ada");
    site.json(&["user", "grant", "ada", "pages.*"]);
    let create = ["client", "create", "--name", "apache", "--kind"];
    let own = ["confidential", "--resource", AUDIENCE];
    let client = site.json(&[&create[..], &own].concat());
    let key = |name: &str, more: &[&str]| {
        let whose = ["api-key", "create", "--user", "ada", "--name", name];
        let made = site.json(&[&whose[..], more].concat());
        made["api_key"].as_str().unwrap().to_owned()
    };
    let (good, writes) = (key("good", &[]), key("writes", &["--scope", "pages.write"]));
    let mut node = site.start();
    let (signet, authority) = encrypted(&node.address);
    let application = Application::start().await;
    let lines = format!("OIDCCABundlePath {}\n{}", authority.display(), snippet())
        .replace("127.0.0.1:3000", &application.address.to_string())
        .replace(
            "https://id.example.com",
            &format!("https://localhost:{}", signet.address.port()),
        )
        .replace("cli_…", client["id"].as_str().unwrap())
        .replace("signet_cs_…", client["client_secret"].as_str().unwrap());
    let apache = Apache::start(&lines).await;

    let http = Client::new();
    let login = ada.log_in_for(&http, &node, "pages.read").await;
    let token = login["access_token"].as_str().unwrap();
    let passes = apache.asks(token).header("OIDC_CLAIM_sub", "somebody else");
    let passes = passes.send().await.unwrap();
    assert_eq!(passes.status(), 200);
    let received = passes.text().await.unwrap().to_lowercase();
    assert!(received.contains("oidc_claim_sub: usr_"), "{received}");
    assert!(!received.contains("somebody else"), "{received}");
    assert_eq!(apache.judges(&good).await, 200);

    assert_eq!(apache.judges("rubbish").await, 401);
    assert_eq!(apache.judges(&writes).await, 401, "without the scope");
    let nobody = http.get(&apache.url).send().await.unwrap();
    assert_eq!(nobody.status(), 401);
    let goodbye = json!({ "refresh_token": login["refresh_token"] });
    let ended = http.post(node.url("logout")).json(&goodbye).send().await;
    assert!(ended.unwrap().status().is_success());
    assert_eq!(apache.judges(token).await, 401, "the session has ended");
    assert_eq!(apache.judges(&good).await, 200);
    node.crash();
    assert_eq!(apache.judges(&good).await, 401, "nobody says who it is");
}

/// Signet under https, which the module insists on, and the authority of its certificate.
fn encrypted(address: &str) -> (Nginx, PathBuf) {
    let folder = TempDir::new().unwrap();
    certify(folder.path());
    let authority = folder.path().join("ca.pem");
    let server = "server {
        listen 443 ssl;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        location / { proxy_pass http://SIGNET; }
    }";
    let nginx = Nginx::start(&server.replace("SIGNET", address), folder);
    (nginx, authority)
}

/// A running Apache; it ends with this value.
struct Apache {
    url: String,
    child: Child,
    http: Client,
    _folder: TempDir,
}

impl Apache {
    /// Starts one with these lines, and waits until it answers.
    async fn start(lines: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let port = free_port();
        let settings = folder.path().join("apache.conf");
        let root = folder.path().display();
        let text = format!("ServerRoot {root}\nListen 127.0.0.1:{port}\n{SETTINGS}\n{lines}");
        fs::write(&settings, text).unwrap();
        let child = Command::new("setpriv")
            .args([
                "--pdeathsig=TERM",
                "/usr/sbin/apache2",
                "-DFOREGROUND",
                "-f",
            ])
            .arg(&settings)
            .spawn()
            .unwrap();
        let apache = Self {
            url: format!("http://127.0.0.1:{port}/"),
            child,
            http: Client::new(),
            _folder: folder,
        };
        let deadline = Instant::now() + PATIENCE;
        let mut pace = tokio::time::interval(Duration::from_millis(50));
        while apache.http.get(&apache.url).send().await.is_err() {
            assert!(Instant::now() < deadline, "Apache never answers");
            pace.tick().await;
        }
        apache
    }

    fn asks(&self, credential: &str) -> reqwest::RequestBuilder {
        self.http.get(&self.url).bearer_auth(credential)
    }

    /// The status of its answer.
    async fn judges(&self, credential: &str) -> u16 {
        self.asks(credential)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    }
}

impl Drop for Apache {
    fn drop(&mut self) {
        // It ends its workers only when it is asked.
        kill_process(Pid::from_child(&self.child), Signal::TERM).ok();
        self.child.wait().ok();
    }
}

/// The lines of the page.
fn snippet() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/gateways.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, after) = page.split_once("```apache\n").unwrap();
    after.split_once("```").unwrap().0.to_owned()
}
