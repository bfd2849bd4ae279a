//! A server put together: the only place that chooses backends and says where time and randomness
//! come from.
//!
//! [`App::open`] reads what is there and makes what is missing; [`App::serve`] answers until it is
//! told to stop. The command line opens an app too, and calls its verbs without serving.

mod master_keys;
mod serve;
mod terms;

use std::sync::Arc;

use anyhow::{Context, bail};

pub use serve::{Listeners, Probe};

use crate::{
    auth::{Auth, Parts, change_log::ChangeLog, keys::KeyVault},
    config::{DatabaseUrl, MigrateWhen, Settings, StoreSettings},
    crypto::{
        lane::{Lane, LaneSize},
        password::PasswordCost,
        provider,
        pseudonym::Pseudonyms,
        random::{self, Rng, SystemRng},
        refresh::RefreshKeys,
    },
    model::{id::ClientId, time::Clock},
    store::{
        changes::Changes,
        clients::Clients,
        clock::SystemClock,
        database::{Database, StoreOptions},
        families::{FamilyStore, SqlFamilies},
        signing_keys::SigningKeys,
        users::Users,
    },
};

/// What a server takes from its surroundings.
#[derive(Clone)]
pub struct Ambient {
    /// Where the present comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub rng: Arc<dyn Rng>,
    /// What a password hash costs; as configured where absent. Tests pay less.
    pub password_cost: Option<PasswordCost>,
}

impl Ambient {
    /// The system's clock and randomness.
    #[must_use]
    pub fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock::new()),
            rng: Arc::new(SystemRng),
            password_cost: None,
        }
    }
}

/// A server, ready to serve.
pub struct App {
    settings: Settings,
    ambient: Ambient,
    database: Database,
    families: Arc<dyn FamilyStore>,
    changes: Changes,
    auth: Arc<Auth>,
}

impl App {
    /// Opens the database and brings it up to date, opens the keys or makes the first ones, and
    /// reads the change log.
    pub async fn open(settings: Settings, ambient: Ambient) -> anyhow::Result<Self> {
        provider::install();
        let Ambient { clock, rng, .. } = ambient.clone();
        let options = store_options(&settings.store);
        let database = Database::open(&options, clock.clone(), rng.clone()).await?;
        bring_up_to_date(&database, settings.store.migrate_when()).await?;
        let master = master_keys::open(&settings.keys, &database, &*rng).await?;
        let refresh_keys = RefreshKeys::new(
            &master,
            settings.tokens.prefix.clone(),
            &settings.tokens.accepted_prefixes,
        );
        let pseudonyms = Pseudonyms::new(&master);
        let vault = KeyVault::new(SigningKeys::new(database.clone()), master);
        let algorithms = &settings.signing_keys.algorithms;
        let keys = vault.open_or_begin(algorithms, &*rng).await?;
        let clients = Clients::new(database.clone());
        let candidate = ClientId::new(clock.now(), random::bytes(&*rng));
        let default_client = clients.default_client(candidate, "default").await?.id;
        let families: Arc<dyn FamilyStore> = Arc::new(SqlFamilies::new(database.clone()));
        let changes = Changes::new(database.clone());
        let auth = Auth::new(
            terms::of(&settings, default_client)?,
            Parts {
                clock,
                lane: lane(&settings, &ambient)?,
                rng,
                database: database.clone(),
                users: Users::new(database.clone()),
                families: families.clone(),
                changes: ChangeLog::new(changes.clone()),
                refresh_keys,
                pseudonyms,
                vault,
            },
            keys,
        );
        let app = Self {
            settings,
            ambient,
            database,
            families,
            changes,
            auth: Arc::new(auth),
        };
        app.auth
            .catch_up()
            .await
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(app)
    }

    /// The verbs.
    #[must_use]
    pub fn auth(&self) -> &Arc<Auth> {
        &self.auth
    }

    /// The settings that it was opened with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Does the writes that wait and closes the database.
    pub async fn close(self) {
        self.database.close().await;
    }
}

/// How the database of these settings is opened.
#[must_use]
pub fn store_options(settings: &StoreSettings) -> StoreOptions {
    let mut options = StoreOptions::at(&settings.database.expose());
    if matches!(settings.database, DatabaseUrl::Postgres(_)) {
        options.connections = settings.connections;
    }
    options
}

async fn bring_up_to_date(database: &Database, when: MigrateWhen) -> anyhow::Result<()> {
    match when {
        MigrateWhen::AtStart => database
            .migrate()
            .await
            .context("the database could not be brought up to date"),
        MigrateWhen::ByCommand => {
            let pending = database.pending_migrations().await?;
            if pending.is_empty() {
                return Ok(());
            }
            bail!(
                "the database is not up to date, it lacks {}: run `signet migrate`, or set \
                 store.migrate to \"at_start\"",
                pending.join(", ")
            )
        }
    }
}

fn lane(settings: &Settings, ambient: &Ambient) -> anyhow::Result<Lane> {
    let password = &settings.password;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let size = LaneSize {
        threads: password.lane_threads.unwrap_or(cores),
        places: password.lane_queue,
        deadline: password.lane_deadline,
    };
    let configured = PasswordCost::new(password.argon2_memory, password.argon2_passes);
    let cost = ambient.password_cost.or(configured);
    let cost = cost.context("password.argon2_memory or argon2_passes is out of range")?;
    Lane::start(size, cost, ambient.rng.clone()).context("the password threads do not start")
}
