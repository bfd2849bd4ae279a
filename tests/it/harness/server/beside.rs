use std::sync::Arc;

use signet::app::Ambient;
use signet::crypto::random::SeededRng;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{TestServer, serve};

impl TestServer {
    /// Another node: with the same settings, master key, database and clock.
    pub(crate) async fn beside(&self) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let ambient = Ambient {
            rng: Arc::new(SeededRng::new(8)),
            ..self.ambient.clone()
        };
        let stop = CancellationToken::new();
        let (auth, running) = serve(&self.settings, &ambient, listener, &stop).await;
        Self {
            clock: self.clock.clone(),
            auth,
            address,
            issuer: self.issuer.clone(),
            settings: self.settings.clone(),
            ambient,
            store: self.store.clone(),
            folder: self.folder.clone(),
            http: self.http.clone(),
            stop,
            running,
        }
    }
}
