use std::path::Path;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// The name of PostgreSQL's socket in its folder.
const POSTGRES: &str = ".s.PGSQL.5432";
/// The name of Redis' socket in its folder.
pub(super) const REDIS: &str = "redis.sock";

/// A way to a server that the test can block: what is sent neither arrives nor is refused.
pub(crate) struct Proxy {
    pub(crate) folder: TempDir,
    open: watch::Sender<bool>,
}

impl Proxy {
    /// A way to the PostgreSQL whose socket is in `folder`.
    pub(crate) fn to(folder: &Path) -> Self {
        Self::between(folder, POSTGRES)
    }

    /// A way to the Redis whose socket is in `folder`.
    pub(crate) fn to_redis(folder: &Path) -> Self {
        Self::between(folder, REDIS)
    }

    /// Where Redis is on this way, for Signet.
    pub(crate) fn redis_url(&self) -> String {
        format!("unix://{}", self.folder.path().join(REDIS).display())
    }

    fn between(folder: &Path, socket: &str) -> Self {
        let server = folder.join(socket);
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(socket)).unwrap();
        let open = watch::Sender::new(true);
        let opened = open.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = UnixStream::connect(&server).await else {
                    continue;
                };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(carry(from_client, to_server, opened.clone()));
                tokio::spawn(carry(from_server, to_client, opened.clone()));
            }
        });
        Self { folder, open }
    }

    /// Blocks the way.
    pub(crate) fn block(&self) {
        self.open.send_replace(false);
    }

    /// Opens it again: for new connections, and for old ones too.
    pub(crate) fn unblock(&self) {
        self.open.send_replace(true);
    }
}

async fn carry(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut open: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 8192];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let passed = open.wait_for(|open| *open).await.is_ok();
        if !passed || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
