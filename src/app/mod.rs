//! A server put together: the only place that chooses backends and says where time and randomness
//! come from.
//!
//! [`App::open`] reads what is there and makes what is missing; [`App::serve`] answers until it is
//! told to stop. The command line opens an app too, for less, and calls its verbs without serving;
//! [`check`] says whether a server would start.

mod beside;
mod check;
mod gateway;
mod housekeeping;
mod master_keys;
mod serve;
mod terms;

use std::sync::Arc;

use anyhow::Context;

pub use beside::EndedEarly;
pub use check::{Plans, check, check_store};
pub use master_keys::MasterKeysError;
pub use serve::{Listeners, Probe};

use crate::store::redis::RedisFamilies;
use crate::{
    auth::{Auth, AuthError, Parts, change_log::ChangeLog, keys::KeyVault},
    config::{DatabaseUrl, MigrateWhen, Settings, StoreSettings, TokenSettings},
    crypto::{
        api_key::ApiKeyReader,
        client_secret::ClientSecrets,
        keyring::KeyRing,
        lane::{Lane, LaneSize},
        master::MasterKeys,
        password::PasswordCost,
        pepper::Pepper,
        provider,
        pseudonym::Pseudonyms,
        random::{self, Rng, SystemRng},
        refresh::RefreshKeys,
        session_cookie::SessionCookies,
        session_seal::SessionSeals,
    },
    model::{id::ClientId, time::Clock},
    store::{
        api_keys::ApiKeys,
        changes::Changes,
        clients::Clients,
        clock::SystemClock,
        database::{Database, StoreOptions},
        families::{FamilyStore, SqlFamilies},
        opening::{OpenError, Purpose},
        peppers::Peppers,
        scopes::ScopeRegistry,
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
    redis: Option<RedisFamilies>,
    auth: Arc<Auth>,
}

impl App {
    /// Opens the app of a server: opens the database and brings it up to date, opens the keys or
    /// makes the first ones, and reads the change log.
    pub async fn open(settings: Settings, ambient: Ambient) -> anyhow::Result<Self> {
        Self::open_to(Purpose::Serve, settings, ambient).await
    }

    /// Opens an app for a purpose. Only one that makes things makes what is missing.
    pub async fn open_to(
        purpose: Purpose,
        settings: Settings,
        ambient: Ambient,
    ) -> anyhow::Result<Self> {
        provider::install();
        let options = store_options(&settings.store).to(purpose);
        let (clock, rng) = (ambient.clock.clone(), ambient.rng.clone());
        let database = Database::open(&options, clock, rng).await?;
        let opened = Self::put_together(purpose, settings, ambient, database.clone()).await;
        if opened.is_err() {
            database.close().await;
        }
        opened
    }

    async fn put_together(
        purpose: Purpose,
        settings: Settings,
        ambient: Ambient,
        database: Database,
    ) -> anyhow::Result<Self> {
        let Ambient { clock, rng, .. } = ambient.clone();
        bring_up_to_date(&database, purpose, settings.store.migrate_when()).await?;
        let master = master_keys::open(purpose, &settings.keys, &database, &*rng).await?;
        let refresh_keys = RefreshKeys::new(
            &master,
            settings.tokens.prefix.clone(),
            &settings.tokens.accepted_prefixes,
        );
        let session_cookies = session_cookies(&settings.tokens, &master);
        let pseudonyms = Pseudonyms::new(&master);
        let sessions = SqlFamilies::new(database.clone());
        let redis = redis(purpose, &settings, &ambient, &database, &master).await;
        let families = in_front(redis.as_ref(), &sessions);
        let vault = KeyVault::new(
            SigningKeys::new(database.clone()),
            Peppers::new(database.clone()),
            master,
        );
        let pepper = vault.pepper_or_begin(&*rng).await?;
        let keys = signing_keys(purpose, &settings, &vault, &rng).await?;
        let default_client = default_client(&database, &ambient).await?;
        let auth = Auth::new(
            terms::of(&settings, default_client)?,
            Parts {
                lane: lane(&settings, &ambient)?,
                rng,
                database: database.clone(),
                users: Users::new(database.clone()),
                families: families.clone(),
                scopes: ScopeRegistry::new(database.clone()),
                redis: redis.clone(),
                changes: ChangeLog::new(Changes::new(database.clone()), families, clock.clone()),
                clock,
                api_keys: ApiKeys::new(database.clone()),
                clients: Clients::new(database.clone()),
                client_secrets: ClientSecrets::new(pepper.clone(), settings.tokens.prefix.clone()),
                refresh_keys,
                api_key_reader: api_key_reader(&settings.tokens, &pepper),
                session_cookies,
                pepper,
                pseudonyms,
                vault,
            },
            keys,
        );
        let app = Self {
            settings,
            ambient,
            database,
            redis,
            auth: Arc::new(auth),
        };
        app.begin(purpose)
            .await
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(app)
    }

    async fn begin(&self, purpose: Purpose) -> Result<(), AuthError> {
        self.auth.catch_up().await?;
        if purpose == Purpose::Serve {
            self.auth.tend_signing_keys().await?;
            // Perhaps another node that starts now has taken the steps that were due.
            self.auth.catch_up().await?;
            self.tell_of_missing_master_keys().await;
        }
        Ok(())
    }

    /// A start does not fail over what it only tells of.
    async fn tell_of_missing_master_keys(&self) {
        match self.auth.missing_master_keys().await {
            Ok(missing) => {
                for (id, end) in missing {
                    tracing::warn!(
                        id, until = %end,
                        "a master key is not here with which refresh tokens were made: put it back, \
                         or their holders have to log in again"
                    );
                }
            }
            Err(error) => tracing::warn!(
                ?error,
                "it could not be seen whether a master key is missing"
            ),
        }
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
        if let Some(redis) = &self.redis {
            redis.write_journal().await;
        }
        self.database.close().await;
    }
}

/// The signing keys; the first ones are made by an app that makes things.
async fn signing_keys(
    purpose: Purpose,
    settings: &Settings,
    vault: &KeyVault,
    rng: &Arc<dyn Rng>,
) -> anyhow::Result<KeyRing> {
    if !purpose.makes() {
        return Ok(vault.open().await?);
    }
    let algorithms = &settings.signing_keys.algorithms;
    Ok(vault.open_or_begin(algorithms, rng).await?)
}

/// The client of whoever names none.
async fn default_client(database: &Database, ambient: &Ambient) -> anyhow::Result<ClientId> {
    let candidate = ClientId::new(ambient.clock.now(), random::bytes(&*ambient.rng));
    let clients = Clients::new(database.clone());
    Ok(clients.default_client(candidate, "default").await?)
}

/// The Redis of these settings, for a server; in use already if it is there. Commands work on the
/// database, and the servers carry to Redis what they do.
async fn redis(
    purpose: Purpose,
    settings: &Settings,
    ambient: &Ambient,
    database: &Database,
    master: &MasterKeys,
) -> Option<RedisFamilies> {
    let address = settings.store.redis.clone()?;
    if purpose != Purpose::Serve {
        return None;
    }
    let (seals, rng) = (SessionSeals::new(master), ambient.rng.clone());
    let redis = RedisFamilies::new(address, database.clone(), seals, rng);
    redis.reach().await;
    Some(redis)
}

/// Where sessions are refreshed: in Redis where there is one.
fn in_front(redis: Option<&RedisFamilies>, sessions: &SqlFamilies) -> Arc<dyn FamilyStore> {
    match redis {
        Some(redis) => Arc::new(redis.clone()),
        None => Arc::new(sessions.clone()),
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

async fn bring_up_to_date(
    database: &Database,
    purpose: Purpose,
    when: MigrateWhen,
) -> anyhow::Result<()> {
    if purpose.makes() && when == MigrateWhen::AtStart {
        let done = database.migrate().await;
        return done.context("the database could not be brought up to date");
    }
    let pending = database.pending_migrations().await?;
    if !pending.is_empty() {
        return Err(OpenError::Outdated(pending).into());
    }
    Ok(())
}

fn api_key_reader(tokens: &TokenSettings, pepper: &Pepper) -> ApiKeyReader {
    let prefix = tokens.prefix.clone();
    ApiKeyReader::new(pepper.clone(), prefix, &tokens.accepted_prefixes)
}

fn session_cookies(tokens: &TokenSettings, master: &MasterKeys) -> SessionCookies {
    SessionCookies::new(master, tokens.prefix.clone(), &tokens.accepted_prefixes)
}

fn lane(settings: &Settings, ambient: &Ambient) -> anyhow::Result<Lane> {
    let password = &settings.password;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let size = LaneSize {
        threads: password.lane_threads.unwrap_or(cores),
        places: password.lane_queue,
        deadline: password.lane_deadline,
    };
    Lane::start(size, cost(settings, ambient)?, ambient.rng.clone())
        .context("the password threads do not start")
}

fn cost(settings: &Settings, ambient: &Ambient) -> anyhow::Result<PasswordCost> {
    let password = &settings.password;
    let configured = PasswordCost::new(password.argon2_memory, password.argon2_passes);
    let cost = ambient.password_cost.or(configured);
    cost.context("password.argon2_memory or argon2_passes is out of range")
}
