//! Serving: the listeners, and the work that goes on beside the requests.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{net::TcpListener, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::{
    App,
    beside::{Beside, EndedEarly},
    gateway, housekeeping,
};
use crate::store::redis::RedisFamilies;
use crate::{
    auth::Auth,
    crypto::random,
    http::{self, Site, server::Limits},
    store::housekeeping::Housekeeping,
};

/// How often the change log is read.
const POLL_EVERY: Duration = Duration::from_millis(500);
/// How often it is seen whether a signing key has to follow another.
const TEND_EVERY: Duration = Duration::from_mins(1);
/// How often it is written down when API keys were last used, and how many tokens were signed.
const NOTE_EVERY: Duration = Duration::from_secs(10);
/// How often the steps that Redis took are written to the database.
const JOURNAL_EVERY: Duration = Duration::from_millis(250);

/// The sockets to serve on, already bound.
pub struct Listeners {
    /// For the API.
    pub api: Vec<TcpListener>,
    /// For `/metrics`, where there are metrics.
    pub metrics: Option<(TcpListener, Probe)>,
}

/// What `/metrics` answers.
pub type Probe = Arc<dyn Fn() -> String + Send + Sync>;

impl App {
    /// Serves until `shutdown` resolves; then requests in flight finish, the writes that wait are
    /// done, and the database is closed. It ends in the same way where something beside the
    /// requests ends by itself: whoever started it is to start it anew.
    pub async fn serve(
        self,
        listeners: Listeners,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), EndedEarly> {
        let mut beside = Beside::new();
        beside.spawn_endless(poll(self.auth.clone()));
        beside.spawn_endless(note_usage(self.auth.clone()));
        beside.spawn_endless(tend_signing_keys(self.auth.clone()));
        let house = Housekeeping::new(
            self.database.clone(),
            &*self.ambient.rng,
            housekeeping::LEASE,
        );
        beside.spawn_endless(housekeeping::keep(house.clone()));
        if let Some(redis) = &self.redis {
            beside.spawn_endless(redis.clone().keep());
            beside.spawn(write_journal(redis.clone(), beside.stopping.clone()));
        }
        if let Some((listener, probe)) = listeners.metrics {
            let render = move || probe();
            let stopped = beside.stopping.clone().cancelled_owned();
            beside.spawn(http::serve_metrics(listener, render, stopped));
        }
        let mut ended = Ok(());
        let stop = async {
            ended = tokio::select! {
                () = shutdown => Ok(()),
                early = beside.ended_early() => Err(early),
                () = self.database.writer_ended() => Err(EndedEarly::Writer),
            };
            if let Err(cause) = &ended {
                tracing::error!(%cause, "stopping");
            }
        };
        http::serve(listeners.api, self.site(), stop).await;
        beside.stop().await;
        write_usage(&self.auth).await;
        // A lease that is not given back ends by itself.
        house.leave().await.ok();
        self.close().await;
        ended
    }

    /// What the HTTP layer is told.
    fn site(&self) -> Site {
        let rng = self.ambient.rng.clone();
        let settings = &self.settings;
        Site {
            auth: self.auth.clone(),
            trusted_proxies: settings.server.trusted_proxies.clone(),
            docs: settings.server.docs,
            body_limit: settings.limits.body,
            request_limit: settings.limits.request,
            limits: Limits {
                heads: settings.limits.heads,
                idle: settings.limits.idle,
                connections: settings.limits.connections,
                drain: settings.limits.drain,
            },
            gateway: gateway::of(&settings.verify),
            jwks_max_age: settings.signing_keys.jwks_max_age,
            new_request_id: Arc::new(move || {
                format!("{:032x}", u128::from_be_bytes(random::bytes(&*rng)))
            }),
        }
    }
}

/// Writes down again and again what was noted and counted.
async fn note_usage(auth: Arc<Auth>) {
    let mut ticks = tokio::time::interval(NOTE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        write_usage(&auth).await;
    }
}

async fn write_usage(auth: &Auth) {
    if let Err(error) = auth.write_usage().await {
        tracing::warn!(
            ?error,
            "it could not be written down when API keys were last used"
        );
    }
    if let Err(error) = auth.write_tokens_signed().await {
        tracing::warn!(
            ?error,
            "it could not be written down how many tokens were signed"
        );
    }
}

/// Sees again and again whether a signing key has to follow another.
async fn tend_signing_keys(auth: Arc<Auth>) {
    let mut ticks = tokio::time::interval(TEND_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = auth.tend_signing_keys().await {
            tracing::warn!(%error, "the signing keys were not seen to");
        }
    }
}

/// Reads the change log again and again.
async fn poll(auth: Arc<Auth>) {
    let mut ticks = tokio::time::interval(POLL_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = auth.catch_up().await {
            tracing::warn!(%error, "the change log could not be read");
        }
    }
}

/// Writes the journal of Redis again and again. What has begun is never given up half-way: its
/// steps would be lost.
async fn write_journal(redis: RedisFamilies, stopping: CancellationToken) {
    let mut ticks = tokio::time::interval(JOURNAL_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stopping.run_until_cancelled(ticks.tick()).await.is_some() {
        redis.write_journal().await;
    }
}
