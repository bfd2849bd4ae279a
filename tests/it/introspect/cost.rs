use std::time::Duration;

use signet::auth::{AuthError, api_keys::KeyUse};

use super::{ResourceServer, ada};
use crate::harness::TestServer;

const HERE: KeyUse = KeyUse {
    address: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
    writes: false,
};

/// A well-formed key with the right checksum that nobody has made.
fn made_up(number: u32) -> String {
    let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = format!("signet_ak_1{number:0>56}");
    let crc = crc32fast::hash(text.as_bytes());
    let digits = (0..6).rev().map(|place| {
        let digit = crc / 62_u32.pow(place) % 62;
        char::from(alphabet[usize::try_from(digit).unwrap()])
    });
    text.extend(digits);
    text
}

/// The hash of a key is one of a secret that nobody guesses, so it may be fast: no lane, no read.
#[tokio::test]
async fn in_10_what_was_asked_before_needs_no_database() {
    let server = TestServer::start().await;
    let (ada, key) = ada(&server).await;
    let rs = ResourceServer::new(&server).await;
    rs.hears(&ada.access_token).await;
    rs.hears(&key.text).await;
    let mut stranger = server.store.connect().await;
    for table in ["api_keys", "users", "sessions"] {
        let away = format!("ALTER TABLE {table} RENAME TO {table}_gone");
        stranger.execute(&away).await;
    }
    rs.hears(&ada.access_token).await;
    rs.hears(&key.text).await;
    // After a minute they are read again, and trouble is no answer.
    server.clock.advance(Duration::from_secs(61));
    assert!(rs.asks(&key.text).await.status >= 500);
}

#[tokio::test]
async fn ten_thousand_made_up_keys_need_no_database() {
    let server = TestServer::start().await;
    let mut stranger = server.store.connect().await;
    for table in ["api_keys", "api_key_secrets"] {
        let away = format!("ALTER TABLE {table} RENAME TO {table}_gone");
        stranger.execute(&away).await;
    }
    for number in 0..10_000 {
        let refused = server.auth.authenticate_key(&made_up(number), HERE).await;
        assert!(matches!(refused, Err(AuthError::ApiKey(_))), "{number}");
    }
}
