//! Debian's Caddy.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::deployment::{Gateway, snippet};
use crate::servers::free_port;

/// With the lines of the page, which ask `signet`, in front of `application`.
pub(crate) async fn start(signet: &str, application: &str) -> Gateway {
    let port = free_port();
    let lines = snippet("```caddyfile\n")
        .replace(
            "app.example.com {",
            &format!("http://app.example.com:{port} {{"),
        )
        .replace("signet:8080", signet)
        .replace("app:3000", application);
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("Caddyfile");
    let own = "{\n    admin off\n    auto_https off\n    log {\n        level ERROR\n    }\n}\n";
    fs::write(&file, format!("{own}{lines}")).unwrap();
    let mut command = Command::new("setpriv");
    command
        .args([
            "--pdeathsig=KILL",
            "/usr/bin/caddy",
            "run",
            "--adapter",
            "caddyfile",
            "--config",
        ])
        .arg(&file)
        .env("HOME", folder.path());
    Gateway::start(command, port, folder).await
}
