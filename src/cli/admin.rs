//! What the commands about users and sessions share: the verbs, beside whatever server runs.

use std::{future::Future, io, net::Ipv4Addr};

use tokio::runtime::{Builder, Runtime};

use super::{
    Shared,
    failure::{Failure, Kind},
    output::Output,
};
use crate::{
    app::{Ambient, App},
    auth::{Auth, AuthError, Caller},
    config::Settings,
    model::user::User,
    store::opening::Purpose,
    telemetry,
};

/// The verbs, and where their results go.
pub(super) struct Admin {
    app: App,
    pub(super) out: Output,
    /// Who asks: somebody on this machine.
    pub(super) caller: Caller,
}

/// Opens the app for a purpose, does `work` with it, and closes it: what was written is on the
/// disk then.
pub(super) fn run(
    shared: &Shared,
    purpose: Purpose,
    work: impl AsyncFnOnce(&Admin) -> Result<(), Failure>,
) -> Result<(), Failure> {
    block_on(async {
        let settings = shared.load()?.quiet();
        telemetry::install(&settings.log, Ambient::system().clock)?;
        let database = settings.store.database.clone();
        let admin = Admin {
            app: open(purpose, settings).await?,
            out: shared.output(),
            caller: Caller {
                address: Ipv4Addr::LOCALHOST.into(),
                label: None,
            },
        };
        let outcome = work(&admin).await;
        admin.app.close().await;
        outcome.map_err(|failure| failure.about(&database))
    })
}

/// Runs a command that waits for things.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    runtime()
        .map_err(|error| {
            Failure::new(
                Kind::Failed,
                format_args!("No threads can be started ({error}); look at this machine's limits."),
            )
        })?
        .block_on(work)
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build()
}

/// Opens the app of `settings` for a purpose.
pub(super) async fn open(purpose: Purpose, settings: Settings) -> Result<App, Failure> {
    let database = settings.store.database.clone();
    App::open_to(purpose, settings, Ambient::system())
        .await
        .map_err(|error| Failure::from(error).about(&database))
}

impl Admin {
    pub(super) fn auth(&self) -> &Auth {
        self.app.auth()
    }

    /// The user of an id, a username or an e-mail address.
    pub(super) async fn find(&self, user: &str) -> Result<User, Failure> {
        self.auth()
            .find_user(user)
            .await
            .map_err(|error| match error {
                AuthError::NotFound => Failure::new(
                    Kind::NotFound,
                    format_args!("There is no user {user:?}; `signet user list` names all."),
                ),
                other => other.into(),
            })
    }
}
