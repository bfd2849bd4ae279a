//! `signet migrate`: bring the database up to date, without starting a server.

use clap::Args;
use serde_json::json;

use super::{Shared, admin::block_on, failure::Failure};
use crate::{
    app::{Ambient, store_options},
    config::{Settings, StoreSettings},
    store::{
        database::{Database, all_migrations},
        opening::{OpenError, Purpose},
    },
    telemetry,
};

#[derive(Args)]
pub(super) struct Migrate {
    /// Only say what would be done; write nothing
    #[arg(long)]
    dry_run: bool,
}

impl Migrate {
    pub(super) fn run(self, shared: &Shared) -> Result<(), Failure> {
        block_on(async {
            let settings = shared.load()?.settings;
            telemetry::install(&settings.log, Ambient::system().clock)?;
            let done = self.migrate(shared, &settings).await;
            done.map_err(|failure| failure.about(&settings.store.database))
        })
    }

    async fn migrate(self, shared: &Shared, settings: &Settings) -> Result<(), Failure> {
        let url = settings.store.database.to_string();
        let plan = Plan::of(&settings.store).await?;
        let out = shared.output();
        if !out.json {
            out.print(&json!(null), || plan.text(&url))?;
        }
        if !self.dry_run {
            let database = open(&settings.store, Purpose::Begin).await?;
            let done = database.migrate().await;
            database.close().await;
            done?;
        }
        let Plan { pending, makes } = plan;
        let done: &[String] = if self.dry_run { &[] } else { &pending };
        let report = json!({ "database": url, "new": makes, "pending": pending, "applied": done });
        out.print(&report, || match (done.len(), pending.len()) {
            (_, 0) => String::new(),
            (0, _) => "Nothing was done (--dry-run).\n".to_owned(),
            _ => "Done.\n".to_owned(),
        })
    }
}

/// What there is to do.
struct Plan {
    pending: Vec<String>,
    /// Whether there is no database yet.
    makes: bool,
}

impl Plan {
    /// Looks, and leaves everything as it is.
    async fn of(store: &StoreSettings) -> Result<Self, Failure> {
        match open(store, Purpose::Look).await {
            Ok(database) => {
                let pending = database.pending_migrations().await;
                database.close().await;
                Ok(Self {
                    pending: pending?,
                    makes: false,
                })
            }
            Err(OpenError::Missing(_)) => Ok(Self {
                pending: all_migrations(),
                makes: true,
            }),
            Err(cause) => Err(cause.into()),
        }
    }

    fn text(&self, url: &str) -> String {
        if self.pending.is_empty() {
            return format!("{url} is up to date.\n");
        }
        let mut steps = Vec::new();
        if self.makes {
            let file = url.strip_prefix("sqlite://").unwrap_or(url);
            steps.push(format!("make the file {file}"));
        }
        steps.extend(self.pending.iter().map(|name| format!("apply {name}")));
        format!("To do in {url}:\n  {}\n", steps.join("\n  "))
    }
}

async fn open(store: &StoreSettings, purpose: Purpose) -> Result<Database, OpenError> {
    let Ambient { clock, rng, .. } = Ambient::system();
    Database::open(&store_options(store).to(purpose), clock, rng).await
}
