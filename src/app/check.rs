//! Whether a server would start, found out without changing anything.

use anyhow::Context as _;

use super::{Ambient, cost, master_keys, store_options, terms};
use crate::store::redis::{RedisAddress, look as look_at};
use crate::{
    auth::keys::KeyVault,
    config::{MigrateWhen, Settings},
    crypto::{provider, random},
    model::id::ClientId,
    store::{
        database::{Database, all_migrations},
        opening::{OpenError, Purpose},
        peppers::Peppers,
        signing_keys::SigningKeys,
    },
};

/// What a start would make and do first, a sentence each.
pub type Plans = Vec<String>;

/// Looks at everything that a start rests on, but the ports: a server may be running.
pub async fn check(settings: &Settings, ambient: &Ambient) -> anyhow::Result<Plans> {
    let mut plans = check_store(settings, ambient).await?;
    if let Some(address) = &settings.store.redis {
        plans.extend(look_at_redis(address).await);
    }
    Ok(plans)
}

/// The same without Redis, which a start does not need.
pub async fn check_store(settings: &Settings, ambient: &Ambient) -> anyhow::Result<Plans> {
    provider::install();
    let Ambient { clock, rng, .. } = ambient;
    let nobody = ClientId::new(clock.now(), random::bytes(&**rng));
    terms::of(settings, nobody)?;
    cost(settings, ambient)?;
    let options = store_options(&settings.store).to(Purpose::Look);
    let database = match Database::open(&options, clock.clone(), rng.clone()).await {
        Ok(database) => database,
        Err(OpenError::Missing(path)) => {
            let keys = master_keys::read(&settings.keys, &Vec::new())?;
            let mut plans = vec![format!("It will make the database {}.", path.display())];
            plans.extend(keys.is_none().then(|| plan_of_keys(settings)));
            return Ok(plans);
        }
        Err(cause) => return Err(cause.into()),
    };
    let plans = look(settings, &database).await;
    database.close().await;
    plans
}

/// A start does not need Redis, but whoever checks wants to know of it.
async fn look_at_redis(address: &RedisAddress) -> Plans {
    match look_at(address).await {
        Ok(advice) => advice.into_iter().map(|it| format!("{it}.")).collect(),
        Err(cause) => vec![format!(
            "It will begin without Redis, which cannot be used now: {cause}."
        )],
    }
}

async fn look(settings: &Settings, database: &Database) -> anyhow::Result<Plans> {
    let pending = database.pending_migrations().await?;
    let mut plans = Vec::new();
    if !pending.is_empty() && settings.store.migrate_when() == MigrateWhen::ByCommand {
        return Err(OpenError::Outdated(pending).into());
    }
    if !pending.is_empty() {
        plans.push(format!(
            "It will bring the database up to date ({}).",
            pending.join(", ")
        ));
    }
    let is_blank = pending == all_migrations();
    let remembered = if is_blank {
        Vec::new()
    } else {
        master_keys::remembered(database).await?
    };
    match master_keys::read(&settings.keys, &remembered)? {
        None => plans.push(plan_of_keys(settings)),
        Some(_) if is_blank => {}
        Some(master) => {
            let vault = KeyVault::new(
                SigningKeys::new(database.clone()),
                Peppers::new(database.clone()),
                master,
            );
            vault.open().await.context("the signing keys do not open")?;
            if pending.is_empty() {
                vault.pepper().await?;
            }
        }
    }
    Ok(plans)
}

fn plan_of_keys(settings: &Settings) -> String {
    format!(
        "It will make the master key in the folder {}: back it up.",
        settings.keys.dir.display()
    )
}
