//! `signet doctor` at deployments that are well and at those that are not: from inside, and from
//! outside through the real nginx, over TLS.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod place;
mod servers;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use confique::Config;
use place::Place;
use serde_json::Value;
use servers::Nginx;
use signet::app::{Ambient, App, Listeners};
use signet::auth::Caller;
use signet::auth::users::NewUser;
use signet::config::{DatabaseUrl, Issuer, Settings};
use signet::crypto::password::PasswordCost;
use signet::model::time::{Clock, Timestamp};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const PASSWORD: &str = "orbit walnut saddle 42";
/// The address from which nginx speaks to Signet.
const PROXY: &str = "127.0.0.3";
/// What nginx tells of a client, rightly.
const FORWARDED: &str = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;";
const LINES: &str = "
server {
    listen 443 ssl;
    ssl_certificate server.pem;
    ssl_certificate_key server.key;
    location = /readyz { return 404; }
    location = /metrics { return 404; }
    location @own { return 403; }
    location / {
        proxy_pass http://SIGNET;
        proxy_bind 127.0.0.3;
        proxy_http_version 1.1;
        proxy_set_header Connection \"\";
        proxy_set_header Host $host;
        EDIT
    }
}
";
const CERTIFY: &str = r#"
cd "$1"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority \
    -keyout ca.key -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
    -keyout server.key -out server.csr
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >names
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 -extfile names -out server.pem
"#;

/// Signet behind nginx, and a user ada.
struct Deployment {
    url: String,
    authority: PathBuf,
    _folder: TempDir,
    _nginx: Nginx,
    stop: CancellationToken,
}

/// Ten minutes late.
struct Late(Arc<dyn Clock>);

impl Clock for Late {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.now().millis() - 600_000)
    }
}

impl Deployment {
    /// With these lines in nginx.
    async fn with(lines: &str) -> Self {
        Self::of(lines, |_| {}, Ambient::system()).await
    }

    async fn of(lines: &str, change: impl FnOnce(&mut Settings), ambient: Ambient) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (folder, certificates) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let mut script = Command::new("sh");
        let script = script
            .args(["-euc", CERTIFY, "sh"])
            .arg(certificates.path());
        assert!(script.output().unwrap().status.success());
        let authority = folder.path().join("ca.pem");
        fs::copy(certificates.path().join("ca.pem"), &authority).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let config = LINES.replace("SIGNET", &address).replace("EDIT", lines);
        let nginx = Nginx::start(&config, certificates);
        let url = format!("https://localhost:{}", nginx.address.port());

        let mut settings = Settings::builder().load().unwrap();
        settings.server.issuer = Issuer::parse(&url).unwrap();
        settings.server.trusted_proxies = vec![format!("{PROXY}/32").parse().unwrap()];
        settings.store.database = DatabaseUrl::Sqlite(folder.path().join("signet.db"));
        settings.keys.dir = folder.path().join("keys");
        change(&mut settings);
        let password_cost = PasswordCost::new(8, 1);
        let ambient = Ambient {
            password_cost,
            ..ambient
        };
        let app = App::open(settings, ambient).await.unwrap();
        let ada = NewUser {
            username: "ada",
            email: None,
            password: Some(PASSWORD),
            grants: &[],
        };
        let caller = Caller {
            address: [127, 0, 0, 1].into(),
            label: None,
        };
        app.auth().create_user(ada, &caller).await.unwrap();
        let stop = CancellationToken::new();
        let listeners = Listeners {
            api: vec![listener],
            metrics: None,
        };
        tokio::spawn(app.serve(listeners, stop.clone().cancelled_owned()));
        Self {
            url,
            authority,
            _folder: folder,
            _nginx: nginx,
            stop,
        }
    }

    /// What is wrong in the eyes of somebody who does not log in.
    fn wrong(&self) -> BTreeSet<String> {
        wrong(&self.asks(&self.url, &[]))
    }

    /// The same of somebody who does.
    fn wrong_to_ada(&self) -> BTreeSet<String> {
        wrong(&self.asks(&self.url, &["--username", "ada", "--password-stdin"]))
    }

    /// The report, which the exit code fits.
    fn asks(&self, url: &str, more: &[&str]) -> Value {
        let mut doctor = Command::new(env!("CARGO_BIN_EXE_signet"))
            .args(["doctor", "--json", "--url", url])
            .args(more)
            .env("SSL_CERT_FILE", &self.authority)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = doctor.stdin.take().unwrap();
        // Whoever does not log in reads no password.
        stdin.write_all(PASSWORD.as_bytes()).ok();
        drop(stdin);
        let output = doctor.wait_with_output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let code = i32::from(report["ok"] != true);
        assert_eq!(output.status.code(), Some(code), "{report:#}");
        assert!(!report.to_string().contains(PASSWORD));
        report
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What is wrong by a report.
fn wrong(report: &Value) -> BTreeSet<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let wrong = findings.filter(|one| one["state"] == "wrong");
    wrong
        .map(|one| one["about"].as_str().unwrap().to_owned())
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_is_well_is_said_to_be() {
    let here = Deployment::with(FORWARDED).await;
    let report = here.asks(&here.url, &["--username", "ada", "--password-stdin"]);
    assert_eq!(report["ok"], true, "{report:#}");
    let findings = report["findings"].as_array().unwrap();
    let about: BTreeSet<&str> = findings
        .iter()
        .map(|one| one["about"].as_str().unwrap())
        .collect();
    let expected = [
        "address",
        "authorization",
        "caching",
        "clock",
        "cookie",
        "issuer",
        "keys",
        "private",
        "transport",
    ];
    assert_eq!(about, expected.into_iter().collect());
    // The visit is over.
    let again = here.asks(&here.url, &[]);
    assert_eq!(again["ok"], true, "{again:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m6_a_proxy_that_drops_authorization_is_seen() {
    let here = Deployment::with("proxy_set_header Authorization \"\";").await;
    let report = here.asks(&here.url, &[]);
    assert_eq!(wrong(&report), set(&["authorization"]));
    assert!(report.to_string().contains("does not arrive"), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_proxy_changes_is_seen() {
    for (lines, expected) in [
        (
            "proxy_set_header Authorization \"Basic YTpi\";",
            &["authorization", "cookie"][..],
        ),
        ("proxy_hide_header Set-Cookie;", &["cookie"]),
        ("proxy_cookie_flags ~ nosecure;", &["cookie"]),
        ("proxy_cookie_path / /auth;", &["cookie"]),
        ("proxy_set_header X-Signet-Request \"\";", &["cookie"]),
        ("expires 1h;", &["keys"]),
        (
            "add_header Cache-Control public always;",
            &["caching", "keys"],
        ),
        ("proxy_hide_header Cache-Control;", &["caching", "keys"]),
        ("proxy_hide_header ETag;", &["keys"]),
        (
            "proxy_intercept_errors on; error_page 401 = @own;",
            &["caching", "errors"],
        ),
        (
            "proxy_hide_header Strict-Transport-Security;",
            &["transport"],
        ),
        (
            "return 404;",
            &["caching", "cookie", "errors", "issuer", "keys", "transport"],
        ),
    ] {
        let here = Deployment::with(lines).await;
        assert_eq!(here.wrong(), set(expected), "{lines}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_name_than_the_issuers_is_seen() {
    let here = Deployment::with(FORWARDED).await;
    let other = here.url.replace("localhost", "127.0.0.1");
    assert_eq!(wrong(&here.asks(&other, &[])), set(&["issuer"]));
    let login = ["--username", "ada", "--password-stdin"];
    assert_eq!(wrong(&here.asks(&other, &login)), set(&["issuer"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_address_that_is_not_the_clients_is_seen() {
    // Whatever the client says.
    let forged = Deployment::with("proxy_set_header X-Forwarded-For $http_x_forwarded_for;").await;
    assert_eq!(forged.wrong_to_ada(), set(&["address"]));
    // Nothing: only the proxy's own is there.
    let silent = Deployment::with("proxy_set_header X-Forwarded-For \"\";").await;
    assert_eq!(silent.wrong_to_ada(), set(&["address"]));
    let nobody = |settings: &mut Settings| settings.server.trusted_proxies.clear();
    let untrusted = Deployment::of(FORWARDED, nobody, Ambient::system()).await;
    assert_eq!(untrusted.wrong_to_ada(), set(&["address"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_seen() {
    let system = Ambient::system();
    let late = Arc::new(Late(system.clock.clone()));
    let ambient = Ambient {
        clock: late,
        ..system
    };
    let here = Deployment::of(FORWARDED, |_| {}, ambient).await;
    assert_eq!(here.wrong_to_ada(), set(&["clock"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_reached_or_trusted_or_logged_in_to_is_said() {
    let mut here = Deployment::with(FORWARDED).await;
    assert_eq!(
        wrong(&here.asks("https://localhost:1", &[])),
        set(&["reach"])
    );
    let login = ["--username", "nobody", "--password-stdin"];
    assert_eq!(wrong(&here.asks(&here.url, &login)), set(&["login"]));
    here.authority = here.authority.with_file_name("nothing.pem");
    assert_eq!(here.wrong(), set(&["reach"]));
    let place = Place::new();
    assert_eq!(
        place.ends(&["doctor", "--url", "http://id.example.com"]).0,
        2
    );
    let nowhere = place.run(&["doctor", "--username", "ada"], "");
    assert_eq!(nowhere.status.code(), Some(2));
}

#[test]
fn from_inside_it_says_what_is_wrong_and_what_to_do() {
    let place = Place::new();
    let report = |expected: i32| -> Value {
        let output = place.run(&["doctor", "--json"], "");
        assert_eq!(output.status.code(), Some(expected), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let before = report(0);
    assert!(
        before.to_string().contains("It will make the database"),
        "{before:#}"
    );
    place.json(&["user", "create", "--username", "ada", "--generate"]);
    let made = report(0);
    let findings = made["findings"].as_array().unwrap();
    for about in [
        "configuration",
        "secrets",
        "cookies",
        "database",
        "change_log",
        "clock",
        "signing_keys",
    ] {
        assert!(
            findings.iter().any(|one| one["about"] == about),
            "{about}: {made:#}"
        );
    }
    assert!(
        place
            .text(&["doctor"])
            .contains("ok     clock          It is well.\n")
    );

    let file = |name: &str| place.folder.path().join(name);
    let set_mode = |name: &str, mode| {
        fs::set_permissions(file(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    set_mode("data/signet.db", 0o644);
    assert_eq!(wrong(&report(1)), set(&["secrets"]));
    set_mode("data/signet.db", 0o600);
    set_mode("keys/master.key", 0o644);
    assert_eq!(wrong(&report(1)), set(&["start"]));
    set_mode("keys/master.key", 0o600);
    fs::rename(file("keys/master.key"), file("away")).unwrap();
    assert_eq!(wrong(&report(1)), set(&["start"]));
    fs::rename(file("away"), file("keys/master.key")).unwrap();

    let config = "[server]\nissuer = \"https://id.example.com\"\n";
    fs::write(file("signet.toml"), config).unwrap();
    assert_eq!(wrong(&report(1)), set(&["proxy"]));
    fs::write(
        file("signet.toml"),
        format!("{config}trusted_proxies = [\"127.0.0.1\"]\n"),
    )
    .unwrap();
    assert_eq!(report(0)["ok"], true);
    fs::write(file("signet.toml"), "[server]\nlisten = \"0.0.0.0:8080\"\n").unwrap();
    assert_eq!(wrong(&report(1)), set(&["issuer"]));
    fs::write(file("signet.toml"), "[server]\nlissen = 1\n").unwrap();
    assert_eq!(wrong(&report(1)), set(&["configuration"]));
}

#[test]
fn a_database_that_is_away_is_said_from_inside() {
    let away = "postgres://signet@127.0.0.1:1/signet?sslmode=disable";
    let place = Place::with("SIGNET_STORE__DATABASE", away);
    let output = place.run(&["doctor", "--json"], "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(wrong(&report), set(&["start"]));
}
