//! PostgreSQL and Redis stopped, cut off and killed, under every operation: what cannot be answered
//! is 503 within two seconds, nobody is refused, and it ends with the trouble.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod processes;
mod servers;

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use processes::{Node, Site, User};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use servers::{Postgres, Proxy, Redis};

/// How long an answer may take: two seconds, and what a busy machine adds.
const IN_TIME: Duration = Duration::from_millis(2_900);
/// Within this long all is well again after trouble.
const SOON: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Redis,
    Database,
}

#[derive(Debug, Clone, Copy)]
enum Trouble {
    /// It takes what is sent and answers nothing.
    Stops,
    /// What is sent does not arrive.
    IsCutOff,
    IsKilled,
}

/// A node on both, on ways that can be blocked.
struct World {
    postgres: Postgres,
    redis: Redis,
    to_postgres: Proxy,
    to_redis: Proxy,
    node: Node,
    http: Client,
    user: User,
}

/// Somebody who is logged in.
struct Person {
    refresh_token: String,
    access_token: String,
}

/// An operation of the document, as somebody with all rights asks for it.
struct Operation {
    name: String,
    method: Method,
    path: String,
    has_body: bool,
}

impl World {
    async fn begin() -> (Self, Person) {
        let (postgres, redis) = (Postgres::start(), Redis::start());
        let database = postgres.database().await;
        let (to_postgres, to_redis) = (
            Proxy::to(postgres.folder()),
            Proxy::to_redis(redis.folder()),
        );
        let site = Site::new(&[
            ("SIGNET_STORE__DATABASE", &database.through(&to_postgres)),
            ("SIGNET_STORE__REDIS", &to_redis.redis_url()),
        ]);
        let (node, user) = tokio::task::block_in_place(|| (site.start(), site.user("ada")));
        let administrator = tokio::task::block_in_place(|| site.administrator("root"));
        let world = Self {
            postgres,
            redis,
            to_postgres,
            to_redis,
            node,
            http: Client::new(),
            user,
        };
        let root = Person::of(
            &administrator
                .log_in_for(&world.http, &world.node, "signet.*")
                .await,
        );
        (world, root)
    }

    fn begin_trouble(&self, part: Part, trouble: Trouble) {
        match (part, trouble) {
            (Part::Redis, Trouble::Stops) => self.redis.freeze(),
            (Part::Redis, Trouble::IsCutOff) => self.to_redis.block(),
            (Part::Redis, Trouble::IsKilled) => self.redis.crash(),
            (Part::Database, Trouble::Stops) => self.postgres.freeze(),
            (Part::Database, Trouble::IsCutOff) => self.to_postgres.block(),
            (Part::Database, Trouble::IsKilled) => self.postgres.crash(),
        }
    }

    fn end_trouble(&self, part: Part, trouble: Trouble) {
        match (part, trouble) {
            (Part::Redis, Trouble::Stops) => self.redis.thaw(),
            (Part::Redis, Trouble::IsCutOff) => self.to_redis.unblock(),
            (Part::Redis, Trouble::IsKilled) => self.redis.start_again(),
            (Part::Database, Trouble::Stops) => self.postgres.thaw(),
            (Part::Database, Trouble::IsCutOff) => self.to_postgres.unblock(),
            (Part::Database, Trouble::IsKilled) => self.postgres.start_again(),
        }
    }

    async fn log_in(&self) -> Person {
        Person::of(&self.user.log_in_for(&self.http, &self.node, "").await)
    }

    /// Asks with a refresh token: the status, and the answer.
    async fn ask(&self, operation: &str, refresh_token: &str) -> (u16, Value) {
        let body = json!({ "refresh_token": refresh_token });
        let request = self.http.post(self.node.url(operation)).json(&body);
        answered(request.send()).await
    }

    /// Asks an OAuth endpoint, as the client of these tokens.
    async fn ask_form(&self, path: &str, person: &Person, parameter: &str) -> (u16, Value) {
        let url = format!("http://{}{path}", self.node.address);
        let body = format!(
            "{parameter}={}&client_id={}&grant_type=refresh_token",
            person.refresh_token,
            person.client()
        );
        let request = self.http.post(url).body(body);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        answered(request.send()).await
    }

    async fn refreshes(&self, person: &mut Person) {
        let (status, answer) = self.ask("refresh", &person.refresh_token).await;
        assert_eq!(status, 200, "{answer}");
        *person = Person::of(&answer);
    }

    async fn try_to_log_in(&self) -> (u16, Value) {
        answered(self.user.ask_to_log_in(&self.http, &self.node, "").send()).await
    }

    /// Refreshes at `/oauth/token`, as a public client.
    async fn refreshes_by_form(&self, person: &mut Person) {
        let (status, answer) = self.ask_form("/oauth/token", person, "refresh_token").await;
        assert_eq!(status, 200, "{answer}");
        *person = Person::of(&answer);
    }

    /// Waits until what the node knows of ends and changes is too old to be used.
    async fn forgets(&self) {
        let began = Instant::now();
        while self.health().await.1["parts"]["change_log"] != "unavailable" {
            assert!(began.elapsed() < SOON, "{}", self.health().await.1);
            tokio::task::yield_now().await;
        }
    }

    async fn tells_that_it_is_ill(&self, ill: Part) {
        let (status, health) = self.health().await;
        let [database, redis] = ["database", "redis"].map(|part| &health["parts"][part]);
        match ill {
            Part::Redis => assert_eq!(
                (status, database, redis),
                (200, &json!("ok"), &json!("degraded"))
            ),
            Part::Database => assert_eq!((status, database), (503, &json!("unavailable"))),
        }
    }

    /// How each part is, and the whole.
    async fn health(&self) -> (u16, Value) {
        let url = format!("http://{}/readyz", self.node.address);
        answered(self.http.get(url).send()).await
    }

    /// Asks for everything at once. The statuses.
    async fn ask_for_all(&self, root: &Person, operations: &[Operation]) -> Vec<u16> {
        let asked = operations.iter().map(async |operation| {
            let url = format!("http://{}{}", self.node.address, operation.path);
            let request = self.http.request(operation.method.clone(), url);
            let request = request.bearer_auth(&root.access_token);
            let request = if operation.has_body {
                request.json(&json!({}))
            } else {
                request
            };
            let (status, _) = answered(request.send()).await;
            status
        });
        join_all(asked).await
    }
}

impl Person {
    /// The client that the tokens are of.
    fn client(&self) -> String {
        let claims = self.access_token.split('.').nth(1).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        claims["client_id"].as_str().unwrap().to_owned()
    }

    fn of(answer: &Value) -> Self {
        let token = |name: &str| answer[name].as_str().unwrap().to_owned();
        Self {
            refresh_token: token("refresh_token"),
            access_token: token("access_token"),
        }
    }
}

/// An answer, which has to come in time, and to say when to come again where it is 503.
async fn answered(asked: impl Future<Output = reqwest::Result<Response>>) -> (u16, Value) {
    let began = Instant::now();
    let answer = asked.await.unwrap();
    let (url, status) = (answer.url().path().to_owned(), answer.status().as_u16());
    let again = answer.headers().get("retry-after").cloned();
    let body: Value = answer.json().await.unwrap_or_default();
    let took = began.elapsed();
    assert!(took < IN_TIME, "{url}: {status} after {took:?}");
    if status == 503 {
        let again = again.unwrap_or_else(|| panic!("{url} does not say when to come again"));
        assert!(again.to_str().unwrap().parse::<u32>().unwrap() >= 1);
    }
    (status, body)
}

/// All operations of the document, on things that there are not.
fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(include_str!("../openapi/openapi.json")).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            // Whoever asks goes on: logging out is asked for by itself.
            let name = operation["operationId"].as_str().unwrap_or("logout");
            if name == "logout" {
                continue;
            }
            let number = "01890a5d-ac96-774b-bcce-b302099a8057";
            let path = path
                .replace("/users/{id}", &format!("/users/usr_{number}"))
                .replace("api-keys/{id}", &format!("api-keys/key_{number}"))
                .replace("{session_id}", &format!("ses_{number}"))
                .replace("sessions/{id}", &format!("sessions/ses_{number}"))
                .replace("{name}", "pages.nobody");
            let others = if name == "revokeMySessions" {
                "?include_current=false"
            } else {
                ""
            };
            operations.push(Operation {
                name: name.to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path + others,
                has_body: operation["requestBody"].is_object(),
            });
        }
    }
    operations
}

async fn nobody_is_refused(part: Part, trouble: Trouble) {
    let (world, root) = World::begin().await;
    let (mut ada, ben, mut eve) = (
        world.log_in().await,
        world.log_in().await,
        world.log_in().await,
    );
    let (mut fay, gil) = (world.log_in().await, world.log_in().await);
    for person in [&mut ada, &mut fay] {
        world.refreshes(person).await;
    }
    let operations = operations();
    let well = world.ask_for_all(&root, &operations).await;

    world.begin_trouble(part, trouble);
    // Whoever comes first waits longest.
    let (logout, _) = world.ask("logout", &ben.refresh_token).await;
    assert_eq!(logout, if part == Part::Redis { 204 } else { 503 });
    let (revoked, answer) = world.ask_form("/oauth/revoke", &gil, "token").await;
    match part {
        Part::Redis => assert_eq!(revoked, 200, "{answer}"),
        Part::Database => assert_eq!(
            (revoked, &answer["error"]),
            (503, &json!("temporarily_unavailable"))
        ),
    }
    for is_old in [false, true] {
        if is_old && part == Part::Database {
            world.forgets().await;
        }
        // Redis or the database: one of them moves a session, however long the other is away.
        world.refreshes(&mut ada).await;
        world.refreshes_by_form(&mut fay).await;
        let (refused, answer) = world.ask("refresh", &ben.refresh_token).await;
        assert_eq!((refused, &answer["code"]), (401, &json!("session_ended")));
        let (login, _) = world.try_to_log_in().await;
        assert_eq!(login, if part == Part::Redis { 200 } else { 503 });
        let ill = world.ask_for_all(&root, &operations).await;
        for ((operation, well), ill) in operations.iter().zip(&well).zip(ill) {
            let is_right = ill == *well || (ill == 503 && part == Part::Database);
            assert!(
                is_right,
                "{} is {well}, and {ill} in trouble",
                operation.name
            );
        }
        world.tells_that_it_is_ill(part).await;
    }

    tokio::task::block_in_place(|| world.end_trouble(part, trouble));
    let ended = Instant::now();
    while world.health().await.1["status"] != "ok" {
        assert!(ended.elapsed() < SOON, "{}", world.health().await.1);
        tokio::task::yield_now().await;
    }
    for person in [&mut ada, &mut eve, &mut fay] {
        world.refreshes(person).await;
    }
    let (logout, _) = world.ask("logout", &eve.refresh_token).await;
    assert_eq!(logout, 204);
    for over in [&ben, &eve] {
        let (status, answer) = world.ask("refresh", &over.refresh_token).await;
        assert_eq!((status, &answer["reason"]), (401, &json!("logout")));
    }
    assert_eq!(world.try_to_log_in().await.0, 200);
    assert_eq!(world.ask_for_all(&root, &operations).await, well);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_stopped_the_database_serves() {
    nobody_is_refused(Part::Redis, Trouble::Stops).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_cut_off_the_database_serves() {
    nobody_is_refused(Part::Redis, Trouble::IsCutOff).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_dead_the_database_serves() {
    nobody_is_refused(Part::Redis, Trouble::IsKilled).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_stopped_what_needs_it_is_503() {
    nobody_is_refused(Part::Database, Trouble::Stops).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_cut_off_what_needs_it_is_503() {
    nobody_is_refused(Part::Database, Trouble::IsCutOff).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_dead_what_needs_it_is_503() {
    nobody_is_refused(Part::Database, Trouble::IsKilled).await;
}
