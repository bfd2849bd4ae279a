//! What an answer costs must not tell who exists.
//!
//! Counted exactly, in what Argon2 is asked to do; and in processor time of a server of its own,
//! which sees whatever else there may be and, other than the time on the clock, is much the same
//! whatever else the machine is doing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod demo;

use std::fs;
use std::net::{IpAddr, Ipv4Addr};

use confique::Config;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use reqwest::Client;
use serde_json::json;
use signet::app::{Ambient, App};
use signet::auth::login::Login;
use signet::auth::users::NewUser;
use signet::auth::{Auth, Caller};
use signet::config::{DatabaseUrl, Settings};
use signet::crypto::password::PasswordCost;

use demo::{Card, Demo};

const PASSWORD: &str = "orbit walnut saddle 42";
const CALLER: Caller = Caller {
    address: IpAddr::V4(Ipv4Addr::LOCALHOST),
    label: None,
};

/// Fewer than the failures that are free.
const TRIES: usize = 8;

#[tokio::test]
async fn lg_02_every_login_takes_one_hash_of_the_same_cost() {
    let metrics = PrometheusBuilder::new().install_recorder().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::builder().load().unwrap();
    settings.store.database = DatabaseUrl::Sqlite(folder.path().join("signet.db"));
    settings.keys.dir = folder.path().join("keys");
    let mut ambient = Ambient::system();
    ambient.password_cost = PasswordCost::new(64, 3);
    let app = App::open(settings, ambient).await.unwrap();
    let auth = app.auth();
    for (username, password) in [
        ("known", Some(PASSWORD)),
        ("disabled", Some(PASSWORD)),
        ("without", None),
    ] {
        let user = NewUser {
            username,
            email: None,
            password,
            grants: &[],
        };
        let user = auth.create_user(user, &CALLER).await.unwrap();
        if username == "disabled" {
            auth.disable_user(user.id).await.unwrap();
        }
    }
    for (name, password, succeeds) in [
        ("known", PASSWORD, true),
        ("known", "not the password of anybody", false),
        ("known", "", false),
        ("disabled", PASSWORD, false),
        ("without", PASSWORD, false),
        ("unknown", PASSWORD, false),
        ("unknown@example.com", PASSWORD, false),
        ("no name at all!", PASSWORD, false),
    ] {
        let before = kibibytes(&metrics);
        assert_eq!(succeeded(auth, name, password).await, succeeds, "{name}");
        assert_eq!(kibibytes(&metrics) - before, 64 * 3, "{name}");
    }
    app.close().await;
}

async fn succeeded(auth: &Auth, name: &str, password: &str) -> bool {
    let login = Login {
        name,
        password,
        client: signet::auth::clients::Asking::Named(None),
        scope: None,
        audience: &[],
        replaces: None,
        session_cookie: false,
        caller: &CALLER,
    };
    auth.login(login).await.is_ok()
}

/// What Argon2 has been asked to do so far.
fn kibibytes(metrics: &PrometheusHandle) -> u64 {
    let page = metrics.render();
    let mut lines = page.lines();
    let value = lines.find_map(|line| line.strip_prefix("signet_argon2_kibibytes_total "));
    value.map_or(0, |value| value.parse().unwrap())
}

#[tokio::test]
async fn lg_02_an_unknown_name_costs_what_a_wrong_password_costs() {
    // So much that a hundredth of a second, the unit of the count, is little of it.
    let demo = Demo::start(&[
        ("SIGNET_PASSWORD__ARGON2_MEMORY", "40960"),
        ("SIGNET_PASSWORD__ARGON2_PASSES", "8"),
    ]);
    let (known, unknown) = (demo.card.username.as_str(), "nobody");
    assert_eq!(login(&demo, known, &demo.card.password).await, 200);
    let (mut wrong_password, mut unknown_name) = (0, 0);
    for _ in 0..TRIES {
        for (name, ticks) in [(known, &mut wrong_password), (unknown, &mut unknown_name)] {
            let before = processor_ticks(demo.child.id());
            assert_eq!(login(&demo, name, "not the password of anybody").await, 401);
            *ticks += processor_ticks(demo.child.id()) - before;
        }
    }
    assert!(
        wrong_password > 2 * u32::try_from(TRIES).unwrap(),
        "the hash is too cheap to measure"
    );
    let ratio = f64::from(unknown_name) / f64::from(wrong_password);
    assert!(
        (0.8..1.25).contains(&ratio),
        "{unknown_name} to {wrong_password}"
    );
}

async fn login(demo: &Demo, username: &str, password: &str) -> u16 {
    let Card { url, client_id, .. } = &demo.card;
    let body = json!({ "username": username, "password": password, "client_id": client_id });
    let login = Client::new()
        .post(format!("{url}/v1/auth/login"))
        .json(&body);
    login.send().await.unwrap().status().as_u16()
}

/// The processor time of a process so far, in hundredths of a second.
fn processor_ticks(pid: u32) -> u32 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name, in parentheses, may hold spaces: fields are counted behind it.
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    fields[11..13]
        .iter()
        .map(|ticks| ticks.parse::<u32>().unwrap())
        .sum()
}
