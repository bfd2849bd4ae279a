//! `signet migrate`: bring the database up to date, without starting a server.

use clap::Args;
use serde_json::json;

use super::{Shared, admin::block_on, failure::Failure};
use crate::{
    app::{Ambient, store_options},
    store::database::Database,
    telemetry,
};

#[derive(Args)]
pub(super) struct Migrate {
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Migrate {
    pub(super) fn run(self, shared: &Shared) -> Result<(), Failure> {
        block_on(self.migrate(shared))
    }

    async fn migrate(self, shared: &Shared) -> Result<(), Failure> {
        let settings = shared.load()?.settings;
        let Ambient { clock, rng, .. } = Ambient::system();
        telemetry::install(&settings.log, clock.clone())?;
        let url = settings.store.database.to_string();
        let database = Database::open(&store_options(&settings.store), clock, rng).await?;
        let pending = database.pending_migrations().await?;
        let out = shared.output();
        if !out.json {
            print!("{}", plan(&url, &pending));
        }
        if !self.dry_run {
            database.migrate().await?;
        }
        database.close().await;
        let done: &[String] = if self.dry_run { &[] } else { &pending };
        let report = json!({ "database": url, "pending": pending, "applied": done });
        out.print(&report, || match (done.len(), pending.len()) {
            (_, 0) => String::new(),
            (0, _) => "Nothing was done (--dry-run).\n".to_owned(),
            _ => "Done.\n".to_owned(),
        })?;
        Ok(())
    }
}

fn plan(url: &str, pending: &[String]) -> String {
    if pending.is_empty() {
        return format!("{url} is up to date.\n");
    }
    format!("To do in {url}:\n  {}\n", pending.join("\n  "))
}
