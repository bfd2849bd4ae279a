//! GET /.well-known/jwks.json.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use reqwest::Method;
use ring::digest::{SHA256, digest};
use serde_json::Value;
use signet::app::App;
use signet::model::signing_key::Algorithm;
use tokio::sync::OnceCell;

use crate::harness::{Ask, TestServer};

const PATH: &str = "/.well-known/jwks.json";

#[tokio::test]
async fn jk_01_the_keys_are_public() {
    let server = TestServer::start().await;
    let request = server
        .request(Method::GET, PATH)
        .header("Origin", "https://anywhere.example");
    let answer = request.ask().await;
    assert!(answer.ok()["keys"].is_array());
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let media_type = answer.header("content-type");
    assert!(media_type == "application/jwk-set+json" || media_type == "application/json");
}

#[tokio::test]
async fn jk_02_each_key_says_what_it_is_for_and_nothing_private() {
    let keys = of_every_algorithm().await;
    // Of each algorithm the one that signs, and the one that stands by.
    assert_eq!(keys.len(), 6);
    for key in keys {
        for member in ["kty", "kid", "use", "alg"] {
            assert!(key[member].is_string(), "{member}: {key}");
        }
        assert_eq!(key["use"], "sig");
        for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
            assert!(key.get(private).is_none(), "{private}: {key}");
        }
    }
}

#[tokio::test]
async fn jk_03_the_kid_is_the_thumbprint() {
    for key in of_every_algorithm().await {
        // RFC 7638 §3.2: the required members alone, in lexicographic order, without spaces.
        let members: &[&str] = match key["kty"].as_str().unwrap() {
            "EC" => &["crv", "kty", "x", "y"],
            "OKP" => &["crv", "kty", "x"],
            "RSA" => &["e", "kty", "n"],
            other => panic!("{other}"),
        };
        let members = members
            .iter()
            .map(|name| format!(r#""{name}":{}"#, key[*name]));
        let text = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
        let thumbprint = digest(&SHA256, text.as_bytes());
        assert_eq!(key["kid"], BASE64URL.encode(thumbprint));
    }
}

#[tokio::test]
async fn jk_04_numbers_are_canonical_and_coordinates_full() {
    for key in of_every_algorithm().await {
        for (member, length) in [
            ("x", Some(32)),
            ("y", Some(32)),
            ("n", Some(384)),
            ("e", None),
        ] {
            let Some(text) = key.get(member).and_then(Value::as_str) else {
                continue;
            };
            let bytes = BASE64URL.decode(text).unwrap();
            assert_eq!(BASE64URL.encode(&bytes), text);
            assert!(
                length.is_none_or(|length| bytes.len() == length),
                "{member}: {key}"
            );
        }
    }
}

#[tokio::test]
async fn jk_07_the_keys_can_be_cached() {
    let server = TestServer::start().await;
    let answer = server.get(PATH).await;
    let cache = answer.header("cache-control");
    assert!(
        cache.contains("public") && cache.contains("max-age=300"),
        "{cache}"
    );
    let etag = answer.header("etag");
    assert!(etag.starts_with('"'), "{etag} is not strong");

    for (tags, status) in [
        (etag.to_owned(), 304),
        (format!("\"other\", {etag}"), 304),
        (format!("W/{etag}"), 304),
        ("*".to_owned(), 304),
        ("\"other\"".to_owned(), 200),
    ] {
        let request = server
            .request(Method::GET, PATH)
            .header("If-None-Match", &tags);
        let again = request.ask().await;
        assert_eq!(again.status, status, "{tags}");
        assert_eq!(again.header("etag"), etag);
        assert_eq!(again.body.is_empty(), status == 304);
    }
    let head = server.request(Method::HEAD, PATH).ask().await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("etag"), etag);
}

#[tokio::test]
async fn jk_11_no_path_leads_to_the_private_keys() {
    let server = TestServer::start().await;
    let master = fs::read_to_string(server.folder.path().join("keys/master.key")).unwrap();
    for path in [
        "/keys/master.key",
        "/../keys/master.key",
        "/.well-known/../keys/master.key",
        "/docs/../keys/master.key",
        "/docs/%2e%2e/keys/master.key",
        "/docs/..%2fkeys%2fmaster.key",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/docs//etc/passwd",
        "/docs/..\\keys\\master.key",
        "/.well-known/jwks.json/../../keys/master.key",
    ] {
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = server.say(head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{path}: {answer}");
        assert!(
            !answer.contains(master.trim()) && !answer.contains("root:"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn jk_11_a_key_that_others_can_read_stops_the_start() {
    let mut server = TestServer::start().await;
    server.stop().await;
    let (settings, ambient) = (server.settings.clone(), server.ambient.clone());
    let file = settings.keys.dir.join("master.key");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    for mode in [0o640, 0o604, 0o644, 0o660, 0o777] {
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let error = App::open(settings.clone(), ambient.clone())
            .await
            .err()
            .unwrap();
        assert!(
            format!("{error:#}").contains("master.key"),
            "{mode:o}: {error:#}"
        );
    }
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    App::open(settings, ambient).await.unwrap().close().await;
}

#[tokio::test]
async fn jk_09_the_default_set_has_keys_of_one_family() {
    let server = TestServer::start().await;
    for _ in 0..3 {
        for key in keys(&server).await {
            let kind = ["kty", "crv", "use", "alg"].map(|member| key[member].as_str().unwrap());
            assert_eq!(kind, ["EC", "P-256", "sig", "ES256"]);
        }
        server.clock.advance(Duration::from_hours(30 * 24));
        server.auth.tend_signing_keys().await.unwrap();
    }
}

#[tokio::test]
async fn jk_10_new_rsa_keys_have_3072_bits() {
    let all = of_every_algorithm().await;
    let rsa: Vec<&Value> = all.iter().filter(|key| key["kty"] == "RSA").collect();
    assert_eq!(rsa.len(), 2);
    for key in rsa {
        let modulus = BASE64URL.decode(key["n"].as_str().unwrap()).unwrap();
        assert!(modulus.len() == 3072 / 8 && modulus[0] >= 0x80);
    }
}

#[tokio::test]
async fn jk_14_the_set_is_small() {
    // The one that signs, the one that stands by, and for an hour the one that signed before.
    let server = TestServer::start().await;
    assert_eq!(keys(&server).await.len(), 2);
    // Two algorithms, each in the midst of a rotation.
    let server = TestServer::with(|settings| {
        settings.signing_keys.algorithms = vec![Algorithm::ES256, Algorithm::EdDsa];
    });
    let server = server.await;
    server.clock.advance(Duration::from_hours(30 * 24));
    server.auth.tend_signing_keys().await.unwrap();
    let answer = server.get(PATH).await;
    assert_eq!(answer.json()["keys"].as_array().unwrap().len(), 6);
    assert!(answer.body.len() < 64 * 1024);
}

/// The keys of a server that has some of each algorithm. It is asked once: RSA keys take long to
/// make.
async fn of_every_algorithm() -> &'static [Value] {
    static KEYS: OnceCell<Vec<Value>> = OnceCell::const_new();
    let keys = KEYS.get_or_init(async || {
        let server = TestServer::with(|settings| {
            settings.signing_keys.algorithms =
                vec![Algorithm::ES256, Algorithm::RS256, Algorithm::EdDsa];
        });
        keys(&server.await).await
    });
    keys.await
}

async fn keys(server: &TestServer) -> Vec<Value> {
    server.get(PATH).await.ok()["keys"]
        .as_array()
        .unwrap()
        .clone()
}
