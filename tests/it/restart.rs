//! What a server finds when it starts again.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use signet::app::{App, Listeners};
use signet::crypto::password::PasswordCost;
use signet::model::time::{Clock, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{PASSWORD, TestServer};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_login_hashes_the_password_again_when_its_cost_has_changed() {
    let mut server = TestServer::start().await;
    server.create_user("ada", &[]).await;
    let cheap = stored_hash(&server).await;
    server.login("ada", PASSWORD).await.ok();
    assert_eq!(stored_hash(&server).await, cheap);

    server.stop().await;
    server.ambient.password_cost = PasswordCost::new(16, 2);
    server.start_again().await;
    server
        .login("ada", "not her password")
        .await
        .refused(401, "invalid_credentials");
    assert_eq!(stored_hash(&server).await, cheap);
    server.login("ada", PASSWORD).await.ok();
    let dear = stored_hash(&server).await;
    assert!(dear.starts_with("$argon2id$v=19$m=16,t=2,p=1$"), "{dear}");
    server.login("ada", PASSWORD).await.ok();
    assert_eq!(stored_hash(&server).await, dear);
}

#[tokio::test]
async fn a_master_key_that_is_wrong_or_missing_stops_the_start() {
    let mut server = TestServer::start().await;
    let mut ada = server.person("ada").await.refresh_token;
    server.stop().await;
    let file = server.settings.keys.dir.join("master.key");
    let right = fs::read_to_string(&file).unwrap();

    let start = async || {
        let app = App::open(server.settings.clone(), server.ambient.clone()).await;
        app.err().unwrap().to_string()
    };
    let wrong = "1:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8\n";
    fs::write(&file, wrong).unwrap();
    let error = start().await;
    assert!(error.contains("master key 1 is not the one"), "{error}");
    fs::remove_file(&file).unwrap();
    let error = start().await;
    assert!(error.contains("holds no master.key"), "{error}");
    assert!(!file.exists(), "none is made beside a database in use");

    restore(&file, &right);
    server.start_again().await;
    let answer = server.refresh(&ada).await.ok();
    ada = answer["refresh_token"].as_str().unwrap().to_owned();
    server.refresh(&ada).await.ok();
}

#[tokio::test]
async fn ob_05_a_stop_finishes_the_rotations_that_have_begun() {
    let mut server = TestServer::start().await;
    let token = server.person("ada").await.refresh_token;
    let body = json!({ "refresh_token": token }).to_string();
    let head = format!(
        "POST /v1/auth/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    let address = server.address;
    let mut begun = TcpStream::connect(address).await.unwrap();
    begun.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    begun.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");

    let finish = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        begun.write_all(body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        begun.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let ((), answer) = tokio::join!(server.stop(), finish);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    let next = body["refresh_token"].as_str().unwrap();
    assert_ne!(next, token);
    server.start_again().await;
    server.refresh(next).await.ok();
}

#[tokio::test]
async fn expired_sessions_are_forgotten() {
    let mut server = TestServer::start().await;
    server.person("ada").await;
    server.clock.advance(60 * DAY);
    let kept = server.person("eve").await.claims()["sid"].clone();
    server.clock.advance(31 * DAY);
    assert_eq!(sessions(&server).await.len(), 2);
    server.stop().await;
    server.start_again().await;
    let purged = async {
        while sessions(&server).await.len() > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), purged)
        .await
        .expect("the purge runs");
    assert_eq!(sessions(&server).await, [kept.as_str().unwrap()]);
}

async fn sessions(server: &TestServer) -> Vec<String> {
    let mut database = server.store.connect().await;
    database.texts("SELECT id FROM sessions").await
}

async fn stored_hash(server: &TestServer) -> String {
    let mut database = server.store.connect().await;
    let hashes = database.texts("SELECT password_hash FROM users").await;
    hashes.concat()
}

/// Puts a key file back, for its owner's eyes only.
fn restore(file: &std::path::Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;

    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn a_server_ends_when_work_beside_its_requests_does() {
    let mut server = TestServer::start().await;
    server.stop().await;
    let clock = Arc::new(Breaks {
        clock: server.ambient.clock.clone(),
        breaks: AtomicBool::new(false),
    });
    let mut ambient = server.ambient.clone();
    ambient.clock = clock.clone();
    let app = App::open(server.settings.clone(), ambient).await.unwrap();
    let listeners = Listeners {
        api: vec![TcpListener::bind("127.0.0.1:0").await.unwrap()],
        metrics: None,
    };
    // Nobody asks anything: whoever reads the clock next does so beside the requests.
    clock.breaks.store(true, Ordering::SeqCst);
    let ended = app.serve(listeners, std::future::pending());
    let ended = tokio::time::timeout(Duration::from_mins(1), ended).await;
    let cause = ended.expect("it ends").unwrap_err().to_string();
    assert!(cause.contains("panicked"), "{cause}");
    // It has let go of everything.
    server.start_again().await;
    server.person("ada").await;
}

/// A clock that once cannot be read.
struct Breaks {
    clock: Arc<dyn Clock>,
    breaks: AtomicBool,
}

impl Clock for Breaks {
    fn now(&self) -> Timestamp {
        assert!(!self.breaks.swap(false, Ordering::SeqCst), "no time");
        self.clock.now()
    }
}
