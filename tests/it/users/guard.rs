//! Who may administer: each operation needs a scope of Signet's own.

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Answer, Ask, Person, TestServer};

/// No user has it.
const NOBODY: &str = "usr_01890a5d-ac96-774b-bcce-b302099a8057";

#[tokio::test]
async fn bt_03_without_the_scope_the_answer_names_it() {
    let server = TestServer::start().await;
    let ada = server.person("ada").await;
    for operation in guarded(&server).await {
        let answer = operation.ask(&server, Some(&ada)).await;
        let problem = answer.refused(403, "insufficient_scope");
        assert_eq!(problem["scopes"], Value::from(vec![&*operation.scope]));
        assert_eq!(
            answer.header("www-authenticate"),
            format!(
                "Bearer realm=\"signet\", error=\"insufficient_scope\", scope=\"{}\"",
                operation.scope
            )
        );
    }
}

#[tokio::test]
async fn each_operation_takes_its_own_scope_and_no_other() {
    let server = TestServer::start().await;
    server.create_user("root", &["*"]).await;
    for operation in guarded(&server).await {
        let allowed = Person::log_in_for(&server, "root", &operation.scope).await;
        let answer = operation.ask(&server, Some(&allowed)).await;
        assert_ne!(answer.status, 403, "{answer:?}");
        let other = match operation.scope.strip_suffix(".read") {
            Some(stem) => format!("{stem}.write"),
            None => operation.scope.replace(".write", ".read"),
        };
        let stranger = Person::log_in_for(&server, "root", &other).await;
        let answer = operation.ask(&server, Some(&stranger)).await;
        answer.refused(403, "insufficient_scope");
    }
}

#[tokio::test]
async fn without_a_credential_nothing_is_said_of_scopes() {
    let server = TestServer::start().await;
    for operation in guarded(&server).await {
        let answer = operation.ask(&server, None).await;
        answer.refused(401, "credential_missing");
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"signet\"");
    }
}

#[tokio::test]
async fn a_scope_that_was_taken_back_ends_at_once() {
    let server = TestServer::start().await;
    server.create_user("root", &["signet.users.read"]).await;
    let root = Person::log_in_for(&server, "root", "signet.users.read").await;
    let path = format!("/v1/users/{NOBODY}/sessions");
    root.get(&path).await.refused(404, "not_found");
    let user = server.auth.find_user("root").await.unwrap();
    let grants = ["signet.users.read".parse().unwrap()];
    server.auth.ungrant(user.id, &grants).await.unwrap();
    root.get(&path).await.refused(403, "insufficient_scope");
    server.auth.disable_user(user.id).await.unwrap();
    root.get(&path).await.refused(401, "invalid_access_token");
}

/// An operation that the document says a scope is needed for.
struct Guarded {
    method: Method,
    path: String,
    scope: String,
}

impl Guarded {
    /// Asks for nobody, with no body: who may not is told before anything else is looked at.
    async fn ask(&self, server: &TestServer, person: Option<&Person<'_>>) -> Answer {
        let request = server.request(self.method.clone(), &self.path);
        match person {
            Some(person) => request.bearer_auth(&person.access_token).ask().await,
            None => request.ask().await,
        }
    }
}

async fn guarded(server: &TestServer) -> Vec<Guarded> {
    let document = server.get("/openapi.json").await.ok();
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let scope = operation["x-required-scope"].as_str();
            assert!(
                scope.is_some() || !path.starts_with("/v1/users"),
                "{method} {path} is for everybody"
            );
            found.extend(scope.map(|scope| Guarded {
                method: method.to_uppercase().parse().unwrap(),
                path: path.replace("{id}", NOBODY),
                scope: scope.to_owned(),
            }));
        }
    }
    assert!(found.len() >= 3);
    found
}
