//! `signet serve`: the server.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use serde_json::json;
use tokio::net::TcpListener;

use super::{
    Shared,
    admin::{self, block_on},
    failure::{Failure, Kind},
    signals, supervisor,
};
use crate::{
    app::{Ambient, App, Listeners, Probe},
    config::{Listen, Loaded},
    store::{opening::Purpose, paging::Paging, users::UserFilter},
    telemetry::{self, Metrics},
};

/// How often counts are folded, scraped or not.
const FOLD_EVERY: Duration = Duration::from_secs(5);

/// Serves until SIGTERM, SIGINT or SIGHUP; then requests under way finish.
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
        let app = admin::open(Purpose::Serve, settings).await?;
        if let Err(failure) = announce(&app, &listeners, shared).await {
            app.close().await;
            return Err(failure);
        }
        // Connections that come before the loop that takes them wait in the listener's queue.
        supervisor::tell_ready();
        app.serve(listeners, stop)
            .await
            .map_err(|early| Failure::new(Kind::Failed, format_args!("{early}.")))?;
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
        .transpose()?
        .map(|address| address.to_string());
    let users = app
        .auth()
        .users(&UserFilter::default(), Paging::first(1))
        .await?
        .total;

    tracing::info!(
        address = address.map(tracing::field::display),
        metrics,
        issuer,
        "listening"
    );
    if let Some(address) = address {
        let page = if server.docs { "docs" } else { "healthz" };
        tracing::info!("to try it on this machine: {}/{page}", local_url(address));
    }
    if users == 0 {
        tracing::info!(
            "there are no users yet: create the first where this server was started, with `signet user create --username NAME --generate`"
        );
    }
    if shared.json {
        let line = json!({ "address": address.map(|address| address.to_string()), "metrics_address": metrics, "issuer": issuer, "users": users });
        shared.output().print(&line, String::new)?;
    }
    Ok(())
}

/// The URL by which this machine reaches a listener.
fn local_url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        return format!("http://localhost:{}", address.port());
    }
    format!("http://{address}")
}

/// Where a listener is.
pub(super) fn address_of(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    listener.local_addr().map_err(|error| {
        Failure::new(
            Kind::Failed,
            format_args!("A listener does not say where it is ({error}); try again."),
        )
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_has_a_url_on_this_machine() {
        for (address, url) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("[::1]:80", "http://[::1]:80"),
            ("0.0.0.0:8080", "http://localhost:8080"),
            ("[::]:8080", "http://localhost:8080"),
        ] {
            assert_eq!(local_url(address.parse().unwrap()), url);
        }
    }
}
