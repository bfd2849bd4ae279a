//! `signet serve`: the server.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use serde_json::json;
use tokio::net::TcpListener;

use super::{
    Shared,
    admin::{self, block_on},
    failure::{Failure, Kind},
    signals,
};
use crate::{
    app::{Ambient, App, Listeners, Probe},
    config::{Listen, Loaded},
    store::{paging::Paging, users::UserFilter},
    telemetry::{self, Metrics},
};

/// How often counts are folded, scraped or not.
const FOLD_EVERY: Duration = Duration::from_secs(5);

/// Serves until SIGTERM or SIGINT; then requests under way finish.
pub(super) fn run(shared: &Shared) -> Result<(), Failure> {
    block_on(async {
        let Loaded {
            settings,
            warnings,
            file,
            ..
        } = shared.load()?;
        telemetry::install(&settings.log, Ambient::system().clock)?;
        let file = file.map_or("none".to_owned(), |path| path.display().to_string());
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            config = file,
            "starting"
        );
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        let stop = signals::stop()?;
        let api = bind("server.listen", settings.server.listen).await?;
        let metrics = match settings.server.metrics_listen {
            Listen::Off => None,
            Listen::At(address) => Some(metrics(address).await?),
        };
        let listeners = Listeners {
            api: vec![api],
            metrics,
        };
        let app = admin::open(settings).await?;
        announce(&app, &listeners, shared).await?;
        app.serve(listeners, stop).await;
        tracing::info!("stopped");
        Ok(())
    })
}

/// Says where the server is, and what is left to do before anybody can log in.
async fn announce(app: &App, listeners: &Listeners, shared: &Shared) -> Result<(), Failure> {
    let server = &app.settings().server;
    let issuer = server.issuer.as_str();
    let address = listeners.api.first().map(address_of).transpose()?;
    let metrics = listeners.metrics.as_ref();
    let metrics = metrics
        .map(|(listener, _)| address_of(listener))
        .transpose()?;
    let users = app
        .auth()
        .users(&UserFilter::default(), Paging::first(1))
        .await?
        .total;

    tracing::info!(address, metrics, issuer, "listening");
    if server.docs {
        tracing::info!("the API is documented at {issuer}/docs");
    }
    if users == 0 {
        tracing::info!(
            "there are no users yet: create the first where this server was started, with `signet user create --username NAME --generate`"
        );
    }
    if shared.json {
        let line = json!({ "address": address, "metrics_address": metrics, "issuer": issuer, "users": users });
        shared.output().print(&line, String::new)?;
    }
    Ok(())
}

fn address_of(listener: &TcpListener) -> io::Result<String> {
    listener.local_addr().map(|address| address.to_string())
}

async fn metrics(address: SocketAddr) -> Result<(TcpListener, Probe), Failure> {
    let listener = bind("server.metrics_listen", address).await?;
    let metrics = Metrics::install()?;
    let folding = metrics.clone();
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(FOLD_EVERY);
        loop {
            ticks.tick().await;
            folding.fold();
        }
    });
    Ok((listener, Arc::new(move || metrics.render())))
}

async fn bind(setting: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let (kind, advice) = match error.kind() {
            io::ErrorKind::AddrInUse => (
                Kind::Unavailable,
                "another program listens there; stop it or choose another port",
            ),
            io::ErrorKind::PermissionDenied => (
                Kind::Usage,
                "ports below 1024 are for the administrator; choose a higher one",
            ),
            io::ErrorKind::AddrNotAvailable => {
                (Kind::Usage, "this machine does not have that address")
            }
            _ => (Kind::Failed, "choose another address"),
        };
        Failure::new(
            kind,
            format_args!("{setting} {address} cannot be opened ({error}): {advice}."),
        )
    })
}
