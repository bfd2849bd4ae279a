//! Envoy, as a Python package brings it.

use std::fs;

use tempfile::TempDir;

use crate::deployment::{Gateway, snippet};
use crate::packages;
use crate::servers::free_port;

/// Everything around the filter: one listener, the application, Signet.
const SETTINGS: &str = r#"
static_resources:
  listeners:
    - address: { socket_address: { address: 127.0.0.1, port_value: LISTEN } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: app
                use_remote_address: true
                MANAGER
                route_config:
                  virtual_hosts:
                    - name: app
                      domains: ["*"]
                      routes: [{ match: { prefix: / }, route: { cluster: app } }]
                http_filters:
FILTER
                  - name: envoy.filters.http.router
                    typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
  clusters:
    - name: app
      load_assignment: { cluster_name: app, endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: APP } } }] }] }
    - name: signet
      load_assignment: { cluster_name: signet, endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: SIGNET } } }] }] }
"#;

/// With the filter of the page that asks `signet`, in front of `application`.
pub(crate) async fn ask(signet: &str, application: &str) -> Gateway {
    let filter = snippet("`verify.dialect = \"envoy\"`.\n\n```yaml\n");
    start(&filter, signet, application).await
}

/// With the filter of the page that verifies by the keys of `signet`, whose `issuer` is another.
pub(crate) async fn verify(signet: &str, application: &str, issuer: &str) -> Gateway {
    let filter = snippet("JWKS:\n\n```yaml\n");
    let filter = filter.replace(
        "issuer: https://id.example.com",
        &format!("issuer: {issuer}"),
    );
    start(&filter, signet, application).await
}

async fn start(filter: &str, signet: &str, application: &str) -> Gateway {
    let port = free_port();
    let indent = "\n                  ";
    let indented = format!("{indent}{}\n", filter.trim().replace('\n', indent));
    let manager = snippet("drop such headers:\n\n```yaml\n");
    let settings = SETTINGS
        .replace("MANAGER", manager.trim())
        .replace("FILTER\n", &indented)
        .replace("LISTEN", &port.to_string())
        .replace("APP", &place(application))
        .replace("SIGNET", &place(signet));
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("envoy.yaml");
    fs::write(&file, settings).unwrap();
    let mut command = packages::script("gateways/envoy", "envoy");
    // One worker; no shared memory, which the tests beside would share.
    command
        .args([
            "--concurrency",
            "1",
            "--disable-hot-restart",
            "--log-level",
            "error",
            "-c",
        ])
        .arg(&file);
    Gateway::start(command, port, folder).await
}

/// An address as Envoy writes it.
fn place(address: &str) -> String {
    let (host, port) = address.rsplit_once(':').unwrap();
    format!("{{ address: {host}, port_value: {port} }}")
}
