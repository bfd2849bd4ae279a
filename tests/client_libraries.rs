//! Clients of the real binary, written with libraries that know nothing of Signet, each in a package
//! of its own below `tests/client_libraries/`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod packages;
mod processes;
mod servers;

use std::{
    io::Write,
    process::{Command, Stdio},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use processes::{Node, Site};
use reqwest::Client;
use serde_json::{Value, json};
use servers::free_port;

#[test]
fn md_10_oauth4webapi_discovers() {
    Library::Oauth4webapi.discovers();
}

#[test]
fn md_10_openid_client_discovers() {
    Library::OpenidClient.discovers();
}

#[test]
fn md_10_authlib_discovers() {
    Library::Authlib.discovers();
}

#[tokio::test]
async fn oauth4webapi_does_what_clients_do() {
    Library::Oauth4webapi.does_everything().await;
}

#[tokio::test]
async fn openid_client_does_what_clients_do() {
    Library::OpenidClient.does_everything().await;
}

#[tokio::test]
async fn authlib_does_what_clients_do() {
    Library::Authlib.does_everything().await;
}

#[derive(Clone, Copy)]
enum Library {
    Oauth4webapi,
    OpenidClient,
    Authlib,
}

impl Library {
    fn discovers(self) {
        for path in ["", "/tenant/one"] {
            let server = Server::start(path);
            let found = self.does("discover", &server, &json!({}));
            for metadata in found.as_array().unwrap() {
                assert_eq!(metadata["issuer"], server.issuer);
                let token_endpoint = format!("{}/oauth/token", server.issuer);
                assert_eq!(metadata["token_endpoint"], token_endpoint);
            }
            assert_eq!(found.as_array().unwrap().len(), 2);
        }
    }

    /// Tokens by each way to authenticate, a refresh, both forms of introspection, a revocation.
    async fn does_everything(self) {
        let server = Server::start("");
        let site = &server.site;
        site.json(&["scope", "add", "pages.read"]);
        let create = [
            "client",
            "create",
            "--kind",
            "confidential",
            "--scope",
            "pages.read",
        ];
        let api = ["--name", "API", "--resource", &server.issuer];
        let service = site.json(&[&create[..], &api].concat());
        let key = self.does("makeKey", &server, &json!({}));
        site.put(
            "public.jwks",
            &json!({ "keys": [key["public"]] }).to_string(),
        );
        let keyed = ["--name", "Sync", "--jwks", "public.jwks"];
        let keyed = site.json(&[&create[..], &keyed].concat());
        let ada = site.user("ada");
        site.json(&["user", "grant", "ada", "pages.read"]);
        let login = ada.log_in_for(&Client::new(), &server.node, "").await;
        let access_token = login["access_token"].as_str().unwrap();

        let given = json!({
            "service": { "id": service["id"], "secret": service["client_secret"] },
            "keyed": { "id": keyed["id"], "key": key["private"] },
            "page": {
                "id": claims(access_token)["client_id"], "refresh_token": login["refresh_token"],
            },
        });
        let done = self.does("everything", &server, &given);
        for token in ["basic", "post", "byKey", "refreshed"] {
            let token = &done[token];
            assert_eq!(
                (&token["scope"], &token["expires_in"]),
                (&json!("pages.read"), &json!(300))
            );
            let of_a_user = token.get("refresh_token").is_some();
            let subject = claims(token["access_token"].as_str().unwrap())["sub"].clone();
            assert_eq!(subject.as_str().unwrap().starts_with("usr_"), of_a_user);
        }
        let refreshed = claims(done["refreshed"]["access_token"].as_str().unwrap());
        assert_eq!(done["seen"]["active"], true);
        assert_eq!(
            (&done["seen"]["username"], &done["seen"]["sub"]),
            (&json!("ada"), &refreshed["sub"])
        );
        assert_eq!(done["signed"], done["seen"]);
        assert_eq!(done["after"], json!({ "active": false }));
        assert_eq!(done["afterSigned"], done["after"]);
    }

    /// What the library's program answers when it is given a step to do, and what it needs for it.
    fn does(self, step: &str, server: &Server, given: &Value) -> Value {
        let mut task = json!({ "step": step, "issuer": server.issuer });
        for (name, value) in given.as_object().unwrap() {
            task[name] = value.clone();
        }
        let mut child = self.program();
        child.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = child.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(task.to_string().as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{step}: {}", output.status);
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn program(self) -> Command {
        match self {
            Self::Oauth4webapi => packages::node("client_libraries/node", "oauth4webapi.mjs"),
            Self::OpenidClient => packages::node("client_libraries/node", "openid-client.mjs"),
            Self::Authlib => packages::python("client_libraries/python", "client.py"),
        }
    }
}

/// What a token says.
fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64URL.decode(claims).unwrap()).unwrap()
}

/// A server whose clients find it below a path, or at the root.
struct Server {
    issuer: String,
    site: Site,
    node: Node,
}

impl Server {
    fn start(path: &str) -> Self {
        let port = free_port();
        let issuer = format!("http://localhost:{port}{path}");
        let site = Site::new(&[
            ("SIGNET_SERVER__ISSUER", &issuer),
            ("SIGNET_SERVER__LISTEN", &format!("127.0.0.1:{port}")),
        ]);
        let node = site.start();
        Self { issuer, site, node }
    }
}
