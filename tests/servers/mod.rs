//! Real servers, started by the test binary that needs them and ended with it.
//!
//! They listen on unix sockets in folders of their own, so that nothing else on the machine is met;
//! nginx, which is asked over TCP, on a port of 127.0.0.1.
//! There is one cluster of PostgreSQL a test binary, and one database a test; each test that needs
//! Redis has a server of its own.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unused_imports,
    reason = "a test fails by panicking; each test binary uses a part"
)]

mod nginx;
mod postgres;
mod proxy;
mod redis;

pub(crate) use self::redis::{Redis, RedisClock, Sentinel, free_port};
pub(crate) use nginx::Nginx;
pub(crate) use postgres::{Postgres, TestDatabase, set_clock};
pub(crate) use proxy::Proxy;

/// The clocks of servers that have their own, in the test's hand.
#[derive(Default)]
pub(crate) struct Clocks {
    pub(crate) postgres: Option<std::path::PathBuf>,
    pub(crate) redis: Option<RedisClock>,
}

impl Clocks {
    /// Shows these milliseconds from now on.
    pub(crate) fn set(&self, millis: i64) {
        if let Some(file) = &self.postgres {
            set_clock(file, millis);
        }
        if let Some(redis) = &self.redis {
            redis.set(millis);
        }
    }
}

/// Makes an authority and a certificate for `localhost` in the folder `$1`, the key its owner's alone.
const CERTIFY: &str = r#"
cd "$1"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority \
    -keyout ca.key -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
    -keyout server.key -out server.csr
printf 'subjectAltName=DNS:localhost\n' >names
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 -extfile names -out server.pem
chmod 600 server.key
chown --reference=. server.key
"#;

/// Does that.
pub(crate) fn certify(folder: &std::path::Path) {
    let mut script = std::process::Command::new("sh");
    let made = script.args(["-euc", CERTIFY, "sh"]).arg(folder).output();
    let made = made.unwrap();
    assert!(made.status.success(), "{made:?}");
}
