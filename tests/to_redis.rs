//! Redis as operators have it: with TLS, a user of its own and another database; with Sentinels that
//! make another server the master. And what is in it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod processes;
mod servers;

use std::time::{Duration, Instant};

use processes::{Node, Site, User};
use redis::{Commands as _, Connection, cmd};
use reqwest::Client;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use servers::{Postgres, Redis, Sentinel, certify, free_port};
use signet::model::refresh_token::{RefreshTokenFields, TokenPrefix};
use tempfile::TempDir;

/// Within this long another server is the master, and in use.
const SOON: Duration = Duration::from_secs(30);

/// A node with that Redis, and somebody who can log in.
struct World {
    http: Client,
    _site: Site,
    node: Node,
    user: User,
}

impl World {
    async fn with_redis(url: &str) -> Self {
        let database = Postgres::shared().database().await;
        let site = Site::new(&[
            ("SIGNET_STORE__DATABASE", &database.url),
            ("SIGNET_STORE__REDIS", url),
        ]);
        Self {
            http: Client::new(),
            node: site.start(),
            user: site.user("ada"),
            _site: site,
        }
    }

    async fn log_in(&self) -> String {
        self.user.log_in(&self.http, &self.node).await
    }

    async fn ask(&self, operation: &str, token: &str) -> (u16, Value) {
        let body = json!({ "refresh_token": token });
        let asked = self.http.post(self.node.url(operation)).json(&body).send();
        let answer = asked.await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    async fn refresh(&self, token: &mut String) {
        let (status, answer) = self.ask("refresh", token).await;
        assert_eq!(status, 200, "{answer}");
        answer["refresh_token"].as_str().unwrap().clone_into(token);
    }

    /// How Redis is.
    async fn redis(&self) -> Value {
        let url = format!("http://{}/readyz", self.node.address);
        let health = self.http.get(url).send().await.unwrap();
        let health: Value = health.json().await.unwrap();
        health["parts"]["redis"].clone()
    }

    /// Logs in, refreshes and logs out.
    async fn serves(&self) {
        let mut token = self.log_in().await;
        for _ in 0..3 {
            self.refresh(&mut token).await;
        }
        assert_eq!(self.ask("logout", &token).await.0, 204);
        let (status, answer) = self.ask("refresh", &token).await;
        assert_eq!((status, &answer["reason"]), (401, &json!("logout")));
    }
}

/// A server that lets in by TLS on a port of its own, with the authority's certificate in its
/// folder, and a user who may do what deploy/redis.conf says, in database 3.
fn with_tls() -> (Redis, u16) {
    let folder = TempDir::new().unwrap();
    certify(folder.path());
    let port = free_port().to_string();
    let arguments = [
        ["--tls-port", &port],
        ["--tls-cert-file", "server.pem"],
        ["--tls-key-file", "server.key"],
        ["--tls-ca-cert-file", "ca.pem"],
        ["--tls-auth-clients", "no"],
    ];
    let redis = Redis::in_folder(folder, arguments.as_flattened());
    let settings = include_str!("../deploy/redis.conf");
    let mut lines = settings.lines();
    let rule = lines.find_map(|line| line.strip_prefix("user signet on #SIGNET-SHA256 "));
    let mut acl = cmd("ACL");
    acl.arg("SETUSER")
        .arg("signet")
        .arg("on")
        .arg(">walnut:saddle");
    acl.arg(rule.unwrap().split(' ').collect::<Vec<_>>());
    acl.arg("+select").exec(&mut redis.connect()).unwrap();
    (redis, port.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_as_a_user_of_its_own_in_another_database() {
    let (redis, port) = with_tls();
    let authority = redis.folder().join("ca.pem");
    let authority = authority.display();
    let url = |password: &str, files: &str| {
        format!("rediss://signet:{password}@localhost:{port}/3{files}")
    };
    let files = format!("?ssl_ca_certs={authority}");
    let world = World::with_redis(&url("walnut%3Asaddle", &files)).await;
    assert_eq!(world.redis().await, "ok");
    world.serves().await;
    let mut there = redis.connect();
    let clients: String = cmd("CLIENT").arg("LIST").query(&mut there).unwrap();
    let ours = clients.lines().find(|line| line.contains("user=signet"));
    assert!(
        ours.is_some_and(|line| line.contains(" db=3 ")),
        "{clients}"
    );
    let told: redis::Value = cmd("ACL").arg("LOG").query(&mut there).unwrap();
    assert_eq!(
        told,
        redis::Value::Array(Vec::new()),
        "we were refused something"
    );
    assert!(redis.keys().is_empty());
    cmd("SELECT").arg(3).exec(&mut there).unwrap();
    let kept: Vec<Vec<u8>> = cmd("KEYS").arg("*").query(&mut there).unwrap();
    assert_eq!(kept.len(), 2, "a session and `rev`");

    // Whom it does not trust, or who does not trust us, is not used, and nobody is refused.
    for url in [url("wrong", &files), url("walnut%3Asaddle", "")] {
        let world = World::with_redis(&url).await;
        assert_eq!(world.redis().await, "degraded");
        world.serves().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_tell_which_server_is_the_master_after_a_failover_too() {
    let [first, second, watch] = [free_port(), free_port(), free_port()];
    let (first_text, second_text) = (first.to_string(), second.to_string());
    let of_first = [
        "--replicaof",
        "127.0.0.1",
        &first_text,
        "--repl-diskless-sync-delay",
        "0",
    ];
    let master = Redis::with(&["--port", &first_text, "--repl-diskless-sync-delay", "0"]);
    let replica = Redis::with(&[&["--port", &second_text][..], &of_first].concat());
    let sentinel = Sentinel::of("signet", first, watch);
    soon(|| sentinel.replicas("signet") == 1).await;
    let world = World::with_redis(&format!("redis+sentinel://127.0.0.1:{watch}/signet/0")).await;
    assert_eq!(world.redis().await, "ok");
    world.serves().await;
    let mut token = world.log_in().await;
    world.refresh(&mut token).await;
    let over = world.log_in().await;
    assert_eq!(world.ask("logout", &over).await.0, 204);

    master.crash();
    let began = Instant::now();
    world.refresh(&mut token).await;
    while role(&replica).as_deref() != Some("master") || world.redis().await != "ok" {
        assert!(began.elapsed() < SOON, "{:?}", role(&replica));
        world.refresh(&mut token).await;
        // A session may rotate so often.
        let later = Instant::now() + Duration::from_secs(1);
        tokio::time::sleep_until(later.into()).await;
    }
    world.serves().await;
    world.refresh(&mut token).await;
    assert!(replica.keys().contains(&key(&token)), "it moves there now");
    let (status, answer) = world.ask("refresh", &over).await;
    assert_eq!((status, &answer["reason"]), (401, &json!("logout")));

    // The old master comes back as a replica.
    master.start_again();
    soon(|| role(&master).as_deref() == Some("slave")).await;
    world.serves().await;
    assert_eq!(world.redis().await, "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rt_12_a_dump_of_redis_holds_no_token_and_no_digest_of_one() {
    let redis = Redis::start();
    let world = World::with_redis(&redis.url()).await;
    let mut secrets: Vec<Vec<u8>> = Vec::new();
    let mut token = world.log_in().await;
    for _ in 0..3 {
        let fields = fields(&token);
        secrets.push(token.as_bytes()[10..40].to_vec());
        secrets.push(digest(&SHA256, token.as_bytes()).as_ref().to_vec());
        secrets.push(fields.handle.0.to_vec());
        secrets.push(digest(&SHA256, &fields.handle.0).as_ref().to_vec());
        secrets.push(fields.tag.to_vec());
        world.refresh(&mut token).await;
    }
    let over = world.log_in().await;
    secrets.push(fields(&over).handle.0.to_vec());
    assert_eq!(world.ask("logout", &over).await.0, 204);
    let mut there = redis.connect();
    let dump = dump(&mut there, redis.keys());
    assert!(contains(&dump, &key(&token)), "the dump holds the session");
    for secret in secrets {
        let add = |text: String, byte: &u8| text + &format!("{byte:02x}");
        let text = secret.iter().fold(String::new(), add);
        assert!(!contains(&dump, &secret), "{text}");
        assert!(!contains(&dump, text.as_bytes()), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_should_set_otherwise_is_told() {
    for (arguments, told) in [
        (
            &["--maxmemory-policy", "allkeys-lru", "--appendonly", "yes"][..],
            "maxmemory-policy noeviction",
        ),
        (
            &["--appendonly", "no"],
            "appendonly yes and appendfsync everysec",
        ),
        (&["--appendonly", "yes"], ""),
    ] {
        let (database, redis) = (Postgres::shared().database().await, Redis::with(arguments));
        let site = Site::new(&[
            ("SIGNET_STORE__DATABASE", &database.url),
            ("SIGNET_STORE__REDIS", &redis.url()),
            ("SIGNET_LOG__LEVEL", "warn"),
        ]);
        let said = site.says_at_start();
        for sentence in [
            "maxmemory-policy noeviction",
            "appendonly yes and appendfsync everysec",
        ] {
            assert_eq!(said.contains(sentence), sentence == told, "{said}");
        }
    }
}

/// Everything that is there, with its keys.
fn dump(there: &mut Connection, keys: Vec<Vec<u8>>) -> Vec<u8> {
    let mut dump = Vec::new();
    for key in keys {
        let value: Vec<u8> = there.get(&key).unwrap();
        dump.extend([key, value].concat());
    }
    dump
}

fn fields(token: &str) -> RefreshTokenFields {
    let prefix: TokenPrefix = "signet".parse().unwrap();
    RefreshTokenFields::decode(token, &[prefix]).unwrap()
}

/// What the session of a token stands under.
fn key(token: &str) -> Vec<u8> {
    let named = [b"signet handle v1", &fields(token).handle.0[..]].concat();
    [b"s:", digest(&SHA256, &named).as_ref()].concat()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// What it is now; nothing while it changes: a sentinel cuts off everybody who is connected then.
fn role(redis: &Redis) -> Option<String> {
    let mut there = redis.try_to_connect().ok()?;
    let told: Vec<redis::Value> = cmd("ROLE").query(&mut there).ok()?;
    Some(redis::from_redis_value(told[0].clone()).unwrap())
}

async fn soon(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < SOON);
        tokio::task::yield_now().await;
    }
}
