//! `signet demo`: a server to try out, with a user, that forgets everything when it stops.
//!
//! Owns what a demo decides for itself (address, issuer, database, keys, its user) and what it
//! prints. Everything else is as configured by environment or a named file; a `signet.toml` that
//! happens to lie here is left alone.

mod gateway;
mod ports;
mod text;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use clap::Args;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use self::text::Card;
use super::{
    Shared,
    admin::{self, block_on},
    failure::{Failure, Kind},
    password,
    scratch::Scratch,
    serve::address_of,
    signals,
};
use crate::{
    app::{Ambient, App, Listeners},
    auth::{Caller, scopes::NewScope, users::NewUser},
    config::{DatabaseUrl, FileChoice, Issuer, Listen, Settings, load},
    crypto::random::SystemRng,
    model::authority::Authority,
    store::opening::Purpose,
    telemetry,
};

const USERNAME: &str = "demo";
/// So that the demo's tokens show what a scope looks like.
const SCOPES: [(&str, &str); 2] = [
    ("pages.read", "See pages."),
    ("pages.write", "Change pages."),
];

#[derive(Args)]
pub(super) struct Demo {
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    #[arg(help = "The port on 127.0.0.1 and ::1; 0 takes a free one")]
    port: u16,
}

impl Demo {
    pub(super) fn run(self, shared: &Shared) -> Result<(), Failure> {
        block_on(self.serve(shared))
    }

    async fn serve(self, shared: &Shared) -> Result<(), Failure> {
        let choice = shared
            .named_file()
            .map_or(FileChoice::Nothing, FileChoice::Named);
        let loaded = load(&choice, std::env::vars_os())?;
        let mut settings = loaded.quiet();
        telemetry::install(&settings.log, Ambient::system().clock)?;
        let stop = signals::stop()?;
        let listeners = ports::bind(self.port).await?;
        let scratch = Scratch::create(&SystemRng).map_err(|error| no_scratch(&error))?;
        let url = decide(&mut settings, &listeners, &scratch)?;

        let app = admin::open(Purpose::Serve, settings).await?;
        let card = first_user(&app, url).await?;
        let address = listeners.first().map(address_of).transpose()?;
        let serving = tokio::spawn(app.serve(
            Listeners {
                api: listeners,
                metrics: None,
            },
            stop,
        ));
        if let Some(address) = address {
            answers(address).await.map_err(|error| {
                Failure::new(
                    Kind::Failed,
                    format_args!("The demo does not answer at {address} ({error}); try again."),
                )
            })?;
        }
        print(&card, shared)?;
        let ended: Result<(), Box<dyn std::error::Error>> = match serving.await {
            Ok(ended) => ended.map_err(Into::into),
            Err(error) => Err(error.into()),
        };
        ended.map_err(|error| {
            Failure::new(
                Kind::Failed,
                format_args!("The server ended on its own ({error})."),
            )
        })
    }
}

fn no_scratch(error: &io::Error) -> Failure {
    Failure::new(
        Kind::Usage,
        format_args!(
            "No folder can be made in {} ({error}); name one that takes files with TMPDIR.",
            std::env::temp_dir().display()
        ),
    )
}

/// What a demo does not leave to the configuration. Its URL comes back.
fn decide(
    settings: &mut Settings,
    listeners: &[TcpListener],
    scratch: &Scratch,
) -> Result<String, Failure> {
    if let Some(listener) = listeners.first() {
        settings.server.listen = address_of(listener)?;
    }
    // `localhost`, not 127.0.0.1: browsers take the two for different sites.
    let url = format!("http://localhost:{}", settings.server.listen.port());
    settings.server.issuer =
        Issuer::parse(&url).map_err(|error| Failure::new(Kind::Failed, error))?;
    settings.server.metrics_listen = Listen::Off;
    gateway::decide(settings);
    settings.store.database = DatabaseUrl::Sqlite(scratch.path().join("signet.db"));
    settings.keys.dir = scratch.path().join("keys");
    settings.keys.master = None;
    settings.keys.active = None;
    Ok(url)
}

/// Creates the demo's user.
async fn first_user(app: &App, url: String) -> Result<Card, Failure> {
    let password = password::generate(&SystemRng);
    let new = NewUser {
        username: USERNAME,
        email: None,
        password: Some(&password),
        grants: &SCOPES.map(|(name, _)| name.to_owned()),
    };
    let caller = Caller {
        address: Ipv4Addr::LOCALHOST.into(),
        label: None,
    };
    for (name, description) in SCOPES {
        app.auth()
            .add_scope(&Authority::Operator, NewScope { name, description })
            .await?;
    }
    app.auth().create_user(new, &caller).await?;
    Ok(Card {
        url,
        username: USERNAME.to_owned(),
        password: password.to_string(),
        client_id: app.auth().terms().default_client.id.to_string(),
        docs: app.settings().server.docs,
    })
}

/// Waits for the first answer. The sockets are bound, so nothing has to be tried twice.
async fn answers(address: SocketAddr) -> io::Result<()> {
    let mut socket = TcpStream::connect(address).await?;
    socket
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await?;
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await?;
    if answer == *b"HTTP/1.1 200" {
        return Ok(());
    }
    Err(io::Error::other("the server is not ready"))
}

fn print(card: &Card, shared: &Shared) -> Result<(), Failure> {
    let line = json!({
        "url": card.url,
        "username": card.username,
        "password": card.password,
        "client_id": card.client_id,
    });
    shared.output().print(&line, || card.text())
}
