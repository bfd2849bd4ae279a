//! The programs, built and run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode, header};

use super::credentials::{AUDIENCE, Case};
use super::servers::free_port;

pub(crate) const LANGUAGES: [&str; 5] = ["python", "node", "go", "java", "rust"];
/// How long a program may take to start, and to know a new key.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running resource server; ends with this value.
pub(crate) struct Program {
    language: &'static str,
    url: String,
    child: Child,
    http: Client,
}

/// Builds all of them, side by side.
pub(crate) fn build(languages: [&'static str; 5]) {
    let builds = languages.map(|language| {
        thread::spawn(move || {
            let output = script("build", language).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{language}: {said}");
        })
    });
    for build in builds {
        build.join().unwrap();
    }
}

impl Program {
    pub(crate) fn start(language: &'static str, issuer: &str, key: &str) -> Self {
        let port = free_port();
        let log = File::create(log(language)).unwrap();
        let child = script("run", language)
            .env("PORT", port.to_string())
            .env("ISSUER", issuer)
            .env("AUDIENCE", AUDIENCE)
            .env("API_KEY", key)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self {
            language,
            url: format!("http://127.0.0.1:{port}/notes"),
            child,
            http: Client::builder().timeout(PATIENCE).build().unwrap(),
        }
    }

    /// Waits until it answers.
    pub(crate) async fn starts(&self) {
        self.until("answers", async || {
            self.http.get(&self.url).send().await.is_ok()
        })
        .await;
    }

    /// Waits until it accepts a token.
    pub(crate) async fn accepts(&self, token: &str) {
        self.until("accepts the new key", async || {
            let asked = self.http.get(&self.url).bearer_auth(token).send();
            asked.await.unwrap().status() == StatusCode::OK
        })
        .await;
    }

    /// The status of its answer, which challenges whom it does not know.
    pub(crate) async fn judge(&self, case: &Case) -> u16 {
        let url = format!("{}{}", self.url, case.query);
        let mut request = self.http.request(case.method.clone(), url);
        for value in &case.authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        if [401, 403].contains(&status) {
            let challenge = answer.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
            assert!(
                challenge.starts_with("Bearer"),
                "{}: {challenge}",
                self.language
            );
        }
        status
    }

    async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut pace = tokio::time::interval(Duration::from_millis(100));
        while !holds().await {
            let said = || fs::read_to_string(log(self.language)).unwrap();
            assert!(
                Instant::now() < deadline,
                "{} never {what}: {}",
                self.language,
                said()
            );
            pace.tick().await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn place() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("resource-servers")
}

fn log(language: &str) -> PathBuf {
    place().join(format!("{language}.log"))
}

/// One of the two scripts beside this file; what it starts ends with it, and with the tests.
fn script(name: &str, language: &str) -> Command {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/resource_servers");
    let mut command = Command::new("setpriv");
    command
        .arg("--pdeathsig=KILL")
        .arg(scripts.join(name))
        .arg(language)
        .env("PLACE", place());
    command
}
