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

use processes::{Node, Site};
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

    /// What the library's program answers when it is given a step to do, and what it needs for it.
    fn does(self, step: &str, server: &Server, given: &Value) -> Value {
        let mut task =
            json!({ "step": step, "issuer": server.issuer, "client": { "id": "cli_any" } });
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

/// A server whose clients find it below a path, or at the root.
struct Server {
    issuer: String,
    _site: Site,
    _node: Node,
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
        Self {
            issuer,
            _site: site,
            _node: node,
        }
    }
}
