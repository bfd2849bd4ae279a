//! Logins, where the lane that hashes passwords is held up.

use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::Method;
use serde_json::json;
use signet::auth::users::NewUser;
use signet::crypto::random::{Rng, SeededRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::harness::{Ask, Log, PASSWORD, Person, Store, TestServer};

const NEW_PASSWORD: &str = "copper lantern ferry 77";
/// Longer than any test.
const LONG: Duration = Duration::from_hours(1);

#[tokio::test]
async fn lg_14_everything_else_answers_while_the_lane_is_full() {
    let gate = Arc::new(Gate::new());
    let server = TestServer::starting(
        |settings| {
            settings.password.lane_threads = Some(1);
            settings.password.lane_queue = 2;
            settings.password.lane_deadline = LONG;
            settings.limits.request = LONG;
        },
        |ambient| ambient.rng = gate.clone(),
    )
    .await;
    let (mut ada, eve) = (server.person("ada").await, server.person("eve").await);
    let shut = gate.shut();
    let change = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    let holds_the_thread = eve.put("/v1/me/password", change);
    let meanwhile = async {
        gate.somebody_waits().await;
        let logins = (0..3).map(|_| server.login("ada", PASSWORD));
        let mut logins: FuturesUnordered<_> = logins.collect();
        let refused = logins.next().await.unwrap();
        refused.refused(503, "unavailable");
        assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);

        for path in ["/.well-known/jwks.json", "/healthz", "/readyz"] {
            assert_eq!(server.get(path).await.status, 200, "{path}");
        }
        ada.get("/v1/me").await.ok();
        ada.refresh().await.ok();
        ada.get("/v1/me/sessions").await.ok();
        ada.log_out().await.no_content();

        drop(shut);
        while let Some(login) = logins.next().await {
            login.ok();
        }
    };
    let both = async { tokio::join!(holds_the_thread, meanwhile) };
    let (changed, ()) = tokio::time::timeout(Duration::from_mins(1), both)
        .await
        .expect("only the lane is held up");
    changed.no_content();
}

#[tokio::test]
async fn a_change_is_made_and_told_of_when_nobody_waits_for_its_answer() {
    Log::keep();
    for hangs_up in [true, false] {
        let gate = Arc::new(Gate::new());
        let mut server = TestServer::starting(
            |settings| {
                settings.password.lane_deadline = LONG;
                settings.limits.drain = LONG;
                settings.limits.request = if hangs_up {
                    LONG
                } else {
                    Duration::from_millis(500)
                };
            },
            |ambient| ambient.rng = gate.clone(),
        )
        .await;
        let token = server.person("ada").await.access_token;
        let shut = gate.shut();
        let change = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
        let change = change.to_string();
        let mut client = TcpStream::connect(server.address).await.unwrap();
        let request = format!(
            "PUT /v1/me/password HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{change}",
            change.len()
        );
        client.write_all(request.as_bytes()).await.unwrap();
        gate.somebody_waits().await;
        if !hangs_up {
            let mut status = [0; 12];
            client.read_exact(&mut status).await.unwrap();
            assert_eq!(&status, b"HTTP/1.1 503");
        }
        drop(client);
        // Whoever is asked after the end of a connection has seen it.
        assert_eq!(server.get("/healthz").await.status, 200);
        assert_eq!(
            Log::own().matches("password.changed").count(),
            usize::from(!hangs_up)
        );

        // A shutdown waits for it, as for requests whose clients are there still.
        let stopping = server.stop();
        drop(shut);
        stopping.await;
        assert_eq!(
            Log::own().matches("password.changed").count(),
            2 - usize::from(hangs_up)
        );
        server.start_again().await;
        server.login("ada", NEW_PASSWORD).await.ok();
    }
}

#[tokio::test]
async fn lg_13_oversized_input_is_refused_where_nothing_can_be_hashed() {
    let (long, body) = ("a".repeat(2000), "a".repeat(70_000));
    let server = without_a_lane().await;
    for (name, password, field) in [
        ("ada", long.as_str(), "/password"),
        (&long, PASSWORD, "/username"),
    ] {
        let answer = server.login(name, password).await;
        let expected = [(field.to_owned(), "too_long".to_owned())];
        assert_eq!(answer.invalid_fields(), expected);
    }
    let answer = server.login("ada", &body).await;
    answer.refused(413, "body_too_large");
    // Whatever else can be judged without a hash is.
    for (member, value) in [
        ("client_id", json!("cli_unknown")),
        ("scope", json!("\"")),
        ("audience", json!(["https://unknown.example"])),
    ] {
        let mut body = json!({ "username": "ada", "password": PASSWORD });
        body[member] = value;
        let answer = server.post("/v1/auth/login", body).await;
        assert_eq!(answer.invalid_fields()[0].0, format!("/{member}"));
    }
}

#[tokio::test]
async fn lg_13_an_oversized_new_password_is_refused_where_nothing_can_be_hashed() {
    let mut server = TestServer::start().await;
    let token = server.person("ada").await.access_token;
    close_the_lane(&mut server).await;
    let change = async |current: &str, new: &str| {
        let body = json!({ "current_password": current, "new_password": new });
        let request = server.request(Method::PUT, "/v1/me/password");
        request.bearer_auth(&token).json(&body).ask().await
    };
    let long = "a".repeat(2000);
    for (current, new, field) in [
        (PASSWORD, long.as_str(), "/new_password"),
        (&long, NEW_PASSWORD, "/current_password"),
    ] {
        let expected = [(field.to_owned(), "too_long".to_owned())];
        assert_eq!(change(current, new).await.invalid_fields(), expected);
    }
    let hashed = change(PASSWORD, NEW_PASSWORD).await;
    hashed.refused(503, "unavailable");
}

#[tokio::test]
async fn lg_02_no_login_is_answered_without_a_hash() {
    let server = without_a_lane().await;
    for (name, password) in [
        ("ada", PASSWORD),
        ("ada", "not her password"),
        ("eve", PASSWORD),
        ("without_password", PASSWORD),
        ("nobody", PASSWORD),
        ("no name at all!", PASSWORD),
    ] {
        let answer = server.login(name, password).await;
        answer.refused(503, "unavailable");
    }
}

#[tokio::test]
async fn a_change_that_waits_for_its_row_is_told_of_when_its_client_hangs_up() {
    Log::keep();
    let mut server = TestServer::start().await;
    let Store::Postgres(..) = &*server.store else {
        // Elsewhere nobody can see that a step waits.
        return;
    };
    server.create_user("root", &["*"]).await;
    server.create_user("ada", &[]).await;
    let root = Person::log_in_for(&server, "root", "signet.users.write").await;
    let ada = server.auth.find_user("ada").await.unwrap().id;
    let (mut holds, mut looks) = (server.store.connect().await, server.store.connect().await);
    holds.execute("BEGIN").await;
    holds.execute("SELECT 1 FROM users FOR UPDATE").await;
    let mut client = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "POST /v1/users/{ada}/disable HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\
         authorization: Bearer {}\r\n\r\n",
        root.access_token
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let waiting = "SELECT pid::text FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while looks.texts(waiting).await.is_empty() {}
    drop(client);
    assert_eq!(server.get("/healthz").await.status, 200);
    holds.execute("ROLLBACK").await;
    server.stop().await;
    let log = Log::own();
    let event = log
        .lines()
        .find(|line| line.contains("user.disabled"))
        .unwrap();
    assert!(event.contains(&ada.to_string()), "{event}");
    server.start_again().await;
    server
        .login("ada", PASSWORD)
        .await
        .refused(401, "invalid_credentials");
}

/// A server that can hash nothing; eve is disabled.
async fn without_a_lane() -> TestServer {
    let mut server = TestServer::start().await;
    for username in ["ada", "eve"] {
        server.create_user(username, &[]).await;
    }
    server.disable_user("eve").await;
    let without_password = NewUser {
        username: "without_password",
        email: None,
        password: None,
        grants: &[],
    };
    server.create(without_password).await;
    Person::log_in(&server, "ada", PASSWORD).await;
    close_the_lane(&mut server).await;
    server
}

/// Leaves no place on the lane: it answers every job with 503.
async fn close_the_lane(server: &mut TestServer) {
    server.stop().await;
    server.settings.password.lane_queue = 0;
    server.start_again().await;
}

/// Randomness that the threads which hash passwords have to wait for, for as long as it is shut:
/// a new hash begins with a salt.
struct Gate {
    rng: SeededRng,
    is_shut: Mutex<bool>,
    opened: Condvar,
    waiting: Semaphore,
}

/// A shut gate; opens with the end of this value.
struct Shut(Arc<Gate>);

impl Gate {
    fn new() -> Self {
        Self {
            rng: SeededRng::new(7),
            is_shut: Mutex::new(false),
            opened: Condvar::new(),
            waiting: Semaphore::new(0),
        }
    }

    fn shut(self: &Arc<Self>) -> Shut {
        *self.is_shut.lock().unwrap() = true;
        Shut(self.clone())
    }

    /// Returns once a thread stands before the shut gate.
    async fn somebody_waits(&self) {
        self.waiting.acquire().await.unwrap().forget();
    }
}

impl Drop for Shut {
    fn drop(&mut self) {
        *self.0.is_shut.lock().unwrap() = false;
        self.0.opened.notify_all();
    }
}

impl Rng for Gate {
    fn fill(&self, out: &mut [u8]) {
        let here = thread::current();
        if here.name().is_some_and(|name| name.starts_with("argon2-")) {
            let mut is_shut = self.is_shut.lock().unwrap();
            if *is_shut {
                self.waiting.add_permits(1);
            }
            while *is_shut {
                is_shut = self.opened.wait(is_shut).unwrap();
            }
        }
        self.rng.fill(out);
    }
}
